"""Style predictors: the same rows from every runtime, used like any style, and learning lowers the loss."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import impasto
from impasto import ImpastoError, Style
from impasto.cli import main
from impasto.losses import STYLE_LAYERS, describe, layer_grams, style_terms
from impasto.model import load_model
from impasto.nn.predictor import StylePredictor
from impasto.nn.slim import SlimVGG
from impasto.paintings import for_predictor, read_painting
from impasto.runtime import load_runtime
from impasto.training import predictor as predicting
from impasto.training.balance import PhotoScores

RECIPE = """
name = "tiny-predictor"
held_out = ["glass.png"]

[training]
steps = {steps}
batch_size = 2
crop = 48
learning_rate = 1e-3
shifts = [8]
average = 0.5
noise = [0.0, 4.0]
workers = 0
checkpoint_every = 2
"""


@pytest.fixture(scope="module")
def with_predictor(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model with a predictor that was never trained. Not to be changed."""
    folder = tmp_path_factory.mktemp("predictor") / "tiny"
    shutil.copytree(trained, folder)
    torch.manual_seed(3)
    model = load_model(folder)
    predictor = StylePredictor(model.info.style_size, hidden=32, bottleneck=8)
    predictor.base.fill_(1)
    predicting.export_predictor(predictor, model)
    return folder


@pytest.fixture
def painting(workshop) -> Path:
    return workshop.style_images / "glass.png"


def test_all_runtimes_predict_the_same(with_predictor: Path, painting: Path) -> None:
    model, pixels = load_model(with_predictor), for_predictor(read_painting(painting))
    rows = [load_runtime(name, model).predict(pixels) for name in ("openvino", "onnxruntime", "torch")]
    assert rows[0].shape == (1, model.info.style_size)
    assert rows[0].std() > 0.01
    for row in rows[1:]:
        np.testing.assert_allclose(row, rows[0], atol=1e-2 * rows[0].std())


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
    assert not np.array_equal(picture, np.asarray(stylizer(photo, "mural")))
    for same in (style, str(painting), Style.load(tmp_path / "glass.safetensors"), {str(painting): 3.0}):
        assert np.array_equal(np.asarray(stylizer(photo, same)), picture)
    blended = np.asarray(stylizer(photo, {str(painting): 1, "mural": 1}))
    between = impasto.blend([(style, 1), (stylizer.styles["mural"], 1)])
    assert np.array_equal(np.asarray(stylizer(photo, between)), blended)


def test_a_painting_that_changed_is_read_anew(with_predictor: Path, photo: Path, tmp_path: Path) -> None:
    stylizer, path, rng = impasto.load(with_predictor), tmp_path / "painting.png", np.random.default_rng(0)
    pictures = []
    for step in (1, 8):
        small = Image.fromarray(rng.integers(0, 256, (64 // step, 64 // step, 3), dtype=np.uint8))
        small.resize((64, 64)).save(path)
        pictures.append(np.asarray(stylizer(photo, str(path))))
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


def test_paintings_far_from_their_photos_come_to_count_less() -> None:
    torch.manual_seed(0)
    looks = SlimVGG().requires_grad_(False)
    balance = predicting.Balance(PhotoScores(looks, torch.rand(4, 3, 64, 64), ()), 0.7, paintings=3)
    before = balance.logs.clone()
    balance.adapt(torch.tensor([0, 1]), torch.tensor([0.9, 0.5]))
    assert balance.logs[0] < before[0] < balance.logs[1]
    assert balance.logs[2] == pytest.approx(before[2].item())


def train(workshop, model: Path, folder: Path, *options: object, steps: int = 4):
    recipe = folder / f"recipe-{steps}.toml"
    recipe.write_text(RECIPE.format(steps=steps))
    inputs = ["--model", model, "--content", workshop.photos, "--paintings", workshop.style_images]
    return invoke("train-predictor", recipe, *inputs, "--paintings", workshop.photos, *options)


def test_training_lowers_the_loss_and_leaves_the_rest(
    workshop, trained: Path, photo: Path, tmp_path: Path, monkeypatch
) -> None:
    losses, seen = [], set()
    real = predicting.Prediction.losses

    def noted(self, batch):
        found = real(self, batch)
        losses.append(sum(found.values()).item())
        seen.update(batch[3].tolist())
        return found

    monkeypatch.setattr(predicting.Prediction, "losses", noted)
    monkeypatch.setattr(predicting.Balance, "adapt", lambda *_: None)
    folder = tmp_path / "model"
    shutil.copytree(trained, folder)
    result = train(workshop, folder, tmp_path, steps=30)
    assert result.exit_code == 0, result.output
    assert np.mean(losses[-5:]) < 0.95 * np.mean(losses[:5])
    assert seen == set(range(1 + 5))  # one painting that is not held out, and five photos
    before, after = impasto.load(trained), impasto.load(folder)
    assert np.array_equal(np.asarray(before(photo, "mural")), np.asarray(after(photo, "mural")))
    assert after.predict(workshop.style_images / "mural.png").row.shape == (1560,)


def test_resuming_is_exact(workshop, trained: Path, tmp_path: Path, monkeypatch) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for folder in (whole, parts):
        shutil.copytree(trained, folder)
    assert train(workshop, whole, tmp_path).exit_code == 0
    real = predicting.Prediction.losses

    def losses(self, batch):
        if self.step == 3:
            raise ImpastoError("the power went")
        return real(self, batch)

    with monkeypatch.context() as broken:
        broken.setattr(predicting.Prediction, "losses", losses)
        assert train(workshop, parts, tmp_path).exit_code == 2
    assert not load_model(parts).predicts
    assert train(workshop, parts, tmp_path, "--resume").exit_code == 0
    name = "predictor.safetensors"
    assert (whole / name).read_bytes() == (parts / name).read_bytes()
