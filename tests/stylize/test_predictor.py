"""Style predictors: the same rows from every runtime, used like any style, and learning lowers the loss."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import impasto
from impasto import ImpastoError, Style
from impasto.cli.main import main


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
    assert [path.name for path in out.iterdir()] == ["photo-glass-predictor.jpg"]
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
        ([], "give --style or --style-image"),
        (["-s", "mural", "--style-image", "x.png"], "is one file for several pictures"),
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
    with pytest.raises(ImpastoError, match="cannot predict styles; impasto add-style makes one"):
        impasto.load(trained)(photo, style_image=painting)
