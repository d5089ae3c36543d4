"""Style predictors: the same rows from every runtime, used like any style, and learning lowers the loss."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import load_file

import impasto
from impasto import ImpastoError, Style
from impasto.cli.main import main
from impasto.losses.targets import PhotoScores
from impasto.nn.slim import SlimVGG
from impasto.styles.painting import for_predictor, read_painting
from impasto.training import loop, prepare, read_recipe, train
from impasto.training.balance import PaintingFactors


@pytest.fixture
def painting(workshop) -> Path:
    return workshop.style_images / "glass.png"


@settings(max_examples=8)
@given(height=st.integers(32, 300), width=st.integers(32, 300))
def test_paintings_of_any_size(with_predictor: Path, height: int, width: int) -> None:
    stylizer = impasto.load(with_predictor)
    array = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    row = stylizer.predict(array).row
    assert row.shape == (stylizer.model.info.style_size,)
    assert np.isfinite(row).all()


def test_predicted_styles_are_used_like_any(with_predictor: Path, painting: Path, photo: Path, tmp_path: Path) -> None:
    stylizer = impasto.load(with_predictor)
    style = stylizer.predict(painting, "glass")
    style.save(tmp_path / "glass.safetensors")
    picture = np.asarray(stylizer(photo, style_image=painting))
    for same_painting in (str(painting), Image.open(painting)):
        assert np.array_equal(np.asarray(stylizer(photo, style_image=same_painting)), picture)
    assert not np.array_equal(picture, np.asarray(stylizer(photo, "mural")))
    for same in (style, painting, Style.load(tmp_path / "glass.safetensors"), {painting: 3.0}):
        assert np.array_equal(np.asarray(stylizer(photo, same)), picture)
    blended = np.asarray(stylizer(photo, {painting: 1, "mural": 1}))
    between = impasto.blend([(style, 1), (stylizer.styles["mural"], 1)])
    assert np.array_equal(np.asarray(stylizer(photo, between)), blended)


def test_a_painting_that_changed_is_read_anew(with_predictor: Path, photo: Path, tmp_path: Path) -> None:
    stylizer, path, rng = impasto.load(with_predictor), tmp_path / "painting.png", np.random.default_rng(0)
    pictures = []
    for step in (1, 8):
        small = Image.fromarray(rng.integers(0, 256, (64 // step, 64 // step, 3), dtype=np.uint8))
        small.resize((64, 64)).save(path)
        pictures.append(np.asarray(stylizer(photo, path)))
    assert not np.array_equal(*pictures)


def invoke(*arguments: object):
    return CliRunner().invoke(main, list(map(str, arguments)), prog_name="impasto")


def test_command_line(with_predictor: Path, painting: Path, photo: Path, tmp_path: Path) -> None:
    model, out = ["--model", with_predictor], tmp_path / "out"
    assert invoke("stylize", photo, "--style-image", painting, "-o", out, *model).exit_code == 0
    assert [path.name for path in out.iterdir()] == ["photo-glass.jpg"]
    blend = invoke("stylize", photo, "-s", f"mural:.5,{painting}:.5", "-o", tmp_path / "blend.png", *model)
    assert blend.exit_code == 0, blend.output
    sheet = tmp_path / "sheet.png"
    assert invoke("sheet", photo, "--style-image", painting, "-o", sheet, "--width", 48, *model).exit_code == 0


def test_predicted_styles_can_be_kept(
    with_predictor: Path, painting: Path, workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    paintings = [painting, workshop.style_images / "mural.png"]
    options = ["--name", "mine", "--predicted", "--model", with_predictor]
    added = invoke("add-style", *paintings, *options)
    assert added.exit_code == 0, added.output
    stylizer = impasto.load(with_predictor)
    rows = [stylizer.predict(path).row for path in paintings]
    np.testing.assert_allclose(stylizer.styles["mine"].row, np.mean(rows, axis=0), rtol=1e-6)
    again = invoke("add-style", painting, *options)
    assert (again.exit_code, again.stderr.count("\n")) == (2, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give either"),
        (["-s", "mural", "--style-image", "x.png"], "give either"),
        (["--style-image", "nothing.png"], "nothing.png: there is no such file"),
        (["-s", "mural:.5,nothing.png:.5"], "nothing.png: there is no such file"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    with_predictor: Path, photo: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    result = invoke("stylize", photo, "-o", tmp_path / "x.png", "--model", with_predictor, *arguments)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert message in result.stderr


def test_a_model_without_a_predictor_says_so(trained: Path, painting: Path, photo: Path) -> None:
    with pytest.raises(ImpastoError, match="predicts no styles; impasto add-style makes one"):
        impasto.load(trained)(photo, style_image=painting)


def test_paintings_whose_pictures_lose_their_photos_come_to_count_less() -> None:
    torch.manual_seed(0)
    looks = SlimVGG().requires_grad_(False)
    factors = PaintingFactors(PhotoScores(looks, torch.rand(4, 3, 64, 64), ()), 0.44, paintings=3)
    before = factors.logs.clone()
    factors.adapt(torch.tensor([0, 1]), torch.tensor([0.24, 0.64]))
    assert factors.logs[0] < before[0] < factors.logs[1]
    assert factors.logs[2] == pytest.approx(before[2].item())
    before = factors.logs.clone()
    factors.adapt(torch.tensor([0, 1]), torch.tensor([torch.nan, torch.nan]))
    assert torch.equal(factors.logs, before)


def test_training_lowers_the_objective_of_predicted_pictures(workshop, tmp_path: Path) -> None:
    run = workshop.prepare_predictor(tmp_path, steps=30)
    row = run.painter.predictor(torch.ones(1, 3, 64, 64))
    batch = next(iter(loop._batches(run)))
    assert [len(part) for part in batch] == [4, 4, 2, 2, 2]
    scores = [loop.train_step(run, run.painter, *batch).objective[2:].mean() for _ in range(12)]
    assert scores[-1] < 0.9 * scores[0]
    assert not torch.equal(run.painter.predictor(torch.ones(1, 3, 64, 64)), row)


def test_starting_from_a_model_takes_its_predictor(workshop, with_predictor: Path, tmp_path: Path) -> None:
    recipe = read_recipe(workshop.with_predictor())
    inputs = {"style_images": workshop.style_images, "vgg": workshop.vgg, "start": with_predictor}
    run = prepare(recipe, workshop.photos, tmp_path, **inputs, paintings=[workshop.photos])
    painting = read_painting(workshop.style_images / "mural.png")
    row = run.painter.predictor(torch.from_numpy(for_predictor(painting))).detach().numpy()
    np.testing.assert_allclose(
        row, impasto.load(with_predictor).predict(painting.array).row[None], atol=1e-2 * row.std()
    )


def test_the_last_photos_are_painted_in_the_styles_of_the_paintings(workshop, tmp_path: Path) -> None:
    run = workshop.prepare_predictor(tmp_path)
    _, noisy, slot, parts, _ = next(iter(loop._batches(run)))
    noisy, parts = noisy.float() / 255, parts.float() / 255
    with torch.no_grad():
        pictures, rows = run.painter(noisy, slot, parts), run.painter.predictor(parts)
        torch.testing.assert_close(pictures[:2], run.painter.network(noisy[:2], slot))
        torch.testing.assert_close(pictures[2:], run.painter.network.render(noisy[2:], rows))


def test_resuming_is_exact(workshop, tmp_path: Path, monkeypatch) -> None:
    train(workshop.prepare_predictor(tmp_path / "whole", steps=4, checkpoint_every=2))
    real = loop.train_step

    def step(run, *arguments):
        if run.step == 3:
            raise ImpastoError("the power went")
        return real(run, *arguments)

    run = workshop.prepare_predictor(tmp_path / "parts", steps=4, checkpoint_every=2)
    with monkeypatch.context() as broken:
        broken.setattr(loop, "train_step", step)
        with pytest.raises(ImpastoError, match="power"):
            train(run)
    train(workshop.prepare_predictor(tmp_path / "parts", steps=4, checkpoint_every=2, resume=True))
    whole, parts = (load_file(tmp_path / name / loop.CHECKPOINT) for name in ("whole", "parts"))
    assert any(name.startswith("painter.predictor") for name in whole)
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_paintings_and_recipe_must_fit(workshop, tmp_path: Path) -> None:
    named, predicted = read_recipe(workshop.recipe()), read_recipe(workshop.with_predictor())
    for recipe, folders, message in (
        (named, [workshop.photos], r"no \[predictor\]"),
        (predicted, [], "--paintings"),
        (predicted, [tmp_path], "no photographs"),
    ):
        with pytest.raises(ImpastoError, match=message):
            prepare(recipe, workshop.photos, tmp_path / "out", vgg=workshop.vgg, paintings=folders)
