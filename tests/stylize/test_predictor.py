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
from impasto.data.paintings import PREDICTED_SIDE, Paintings, in_colors_of
from impasto.images.io import find_photos
from impasto.losses.gram import STYLE_LAYERS, layer_grams
from impasto.losses.perceptual import describe, style_terms
from impasto.losses.targets import PhotoScores
from impasto.models.model import load_model
from impasto.nn.slim import SlimVGG
from impasto.runtime import load_runtime
from impasto.styles.painting import for_predictor, read_painting
from impasto.training import loop, prepare, read_recipe, train
from impasto.training.balance import PaintingFactors
from impasto.training.run import find_paintings


@pytest.fixture
def painting(workshop) -> Path:
    return workshop.style_images / "glass.png"


def test_all_runtimes_predict_the_same(with_predictor: Path, painting: Path) -> None:
    model, pixels = load_model(with_predictor), for_predictor(read_painting(painting))
    runtimes = [load_runtime(name, model) for name in ("openvino", "onnxruntime", "torch")]
    (row, grams), *others = [runtime.predict(pixels) for runtime in runtimes]
    assert row.shape == (1, model.info.style_size)
    assert row.std() > 0.01
    np.testing.assert_allclose(grams, runtimes[0].grams(pixels), atol=1e-2 * grams.std())
    for other, seen in others:
        np.testing.assert_allclose(other, row, atol=1e-2 * row.std())
        np.testing.assert_allclose(seen, grams, atol=1e-2 * grams.std())


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


def test_photo_terms_are_the_mean_over_photos() -> None:
    torch.manual_seed(0)
    looks = SlimVGG().requires_grad_(False)
    photos, paintings = torch.rand(5, 3, 64, 64), torch.rand(2, 3, 96, 96)
    scores = PhotoScores(looks, photos, (8,))
    targets = layer_grams(looks(paintings, STYLE_LAYERS), 96, (8,))
    seen = describe(looks, photos, (8,)).grams
    for number in range(2):
        expected = style_terms(seen, {layer: gram[number : number + 1] for layer, gram in targets.items()}).mean(dim=0)
        torch.testing.assert_close(scores.terms(targets)[number], expected, rtol=1e-3, atol=1e-4 * expected.max())


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


def test_parts_of_paintings_depend_on_their_number_alone(workshop) -> None:
    paintings = find_paintings(read_recipe(workshop.with_predictor()), [workshop.style_images, workshop.photos])
    assert paintings.count == 1 + 5  # glass.png is held out
    (part, index), (again, _) = paintings[3], paintings[3]
    assert torch.equal(part, again)
    assert part.shape == (3, PREDICTED_SIDE, PREDICTED_SIDE)
    seen = [paintings[number][1] for number in range(60)]
    assert set(seen) == set(range(6))
    assert 20 <= seen.count(0) <= 40  # each folder as often as the other
    assert index < 6


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


def test_a_painting_in_the_colours_of_another() -> None:
    torch.manual_seed(0)
    shape, other = 80 + 20 * torch.randn(2, 3, 24, 30), 120 + 9 * torch.randn(2, 3, 16, 16)
    other[:, 1] += 0.7 * other[:, 0]
    colored = in_colors_of(shape, other).flatten(2)
    for one, wanted in zip(colored, other.flatten(2), strict=True):
        torch.testing.assert_close(one.mean(dim=1), wanted.mean(dim=1))
        torch.testing.assert_close(torch.cov(one), torch.cov(wanted), rtol=0.03, atol=2.0)
    torch.testing.assert_close(in_colors_of(shape, shape), shape, rtol=1e-3, atol=0.1)


def test_paintings_are_mixed_by_number(workshop) -> None:
    photos = [find_photos(workshop.photos)]
    plain, mixed = Paintings(photos, 3), Paintings(photos, 3, mixed=0.6)
    same = torch.tensor([(plain[i][0] == mixed[i][0]).float().mean() for i in range(40)])
    assert 5 < (same == 1).sum() < 28
    assert ((same > 0.2) & (same < 0.8)).any()
    assert torch.equal(mixed[7][0], Paintings(photos, 3, mixed=0.6)[7][0])


def test_paintings_as_they_are_keep_their_colours_and_shorter_side(tmp_path: Path) -> None:
    array = np.zeros((PREDICTED_SIDE, PREDICTED_SIDE + 144, 3), np.uint8)
    array[:, :, 0] = np.arange(array.shape[1])[None] // 2
    Image.fromarray(array).save(tmp_path / "painting.png")
    paintings = Paintings([[tmp_path / "painting.png"]], 3)
    for number in range(3):
        seen = paintings.as_it_is(number)
        assert (seen.shape, seen.dtype) == ((3, PREDICTED_SIDE, PREDICTED_SIDE), torch.uint8)
        assert np.array_equal(seen.permute(1, 2, 0).numpy(), array[:, 72:-72])


def test_broken_paintings_are_left_out_with_a_warning(workshop, tmp_path: Path, caplog) -> None:
    broken = tmp_path / "broken.png"
    broken.write_text("no painting")
    photo = find_photos(workshop.photos)[0]
    paintings = Paintings([[photo, broken]], 3)
    assert {paintings[number][1] for number in range(12)} == {0}
    assert str(broken) in caplog.text
    with pytest.raises(ImpastoError, match="none of the paintings can be read"):
        Paintings([[broken]], 3)[0]
