"""Optimising one picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from impasto.cli.main import main
from impasto.fitting import pixels as module
from impasto.fitting.pixels import optimize
from impasto.nn.vgg_weights import load_vgg16


@pytest.fixture
def scene(workshop) -> tuple[np.ndarray, Image.Image]:
    with Image.open(workshop.photos / "photo0.png") as photo, Image.open(workshop.style_images / "mural.png") as style:
        return np.asarray(photo.convert("RGB")), style.convert("RGB")


def test_the_objective_falls_and_the_gap_closes(workshop, scene) -> None:
    photo, style = scene
    result = optimize(photo, style, load_vgg16(workshop.vgg), weight=1e4, steps=20)
    assert min(result.objective) < 0.5 * result.objective[0]
    assert 0 < result.style_gap_closed <= 1
    assert result.picture.shape == photo.shape
    assert len(result.objective) <= 21


def test_without_weight_the_photo_stays(workshop, scene) -> None:
    photo, style = scene
    result = optimize(photo, style, load_vgg16(workshop.vgg), weight=0.0, steps=3)
    np.testing.assert_array_equal(result.picture, photo)
    assert not result.interrupted


def test_interrupted_it_keeps_the_best_picture(workshop, scene, monkeypatch: pytest.MonkeyPatch) -> None:
    photo, style = scene
    style_gap_closed, calls = module.style_gap_closed, []

    def interrupting(*losses):
        calls.append(losses)
        if len(calls) == 8:
            raise KeyboardInterrupt
        return style_gap_closed(*losses)

    monkeypatch.setattr(module, "style_gap_closed", interrupting)
    result = optimize(photo, style, load_vgg16(workshop.vgg), weight=1e4, steps=50)
    assert len(result.objective) == 8
    assert result.interrupted
    assert np.any(result.picture != photo)


def test_command(workshop, tmp_path: Path) -> None:
    photo, style = workshop.photos / "photo0.png", workshop.style_images / "mural.png"
    command = ["optimize", str(photo), "--style-image", str(style), "--vgg", str(workshop.vgg), "--steps", "2"]
    result = CliRunner().invoke(main, [*command, "-o", str(tmp_path / "out.png"), "--size", "40"])
    assert result.exit_code == 0, result.output
    assert "style gap closed" in result.output
    assert Image.open(tmp_path / "out.png").size == (40, 30)


@pytest.mark.parametrize(
    ("changed", "message"),
    [({"--style-image": "none.png"}, "none.png"), ({"-o": "out.txt"}, "out.txt"), ({"photo": "none.jpg"}, "none.jpg")],
)
def test_bad_input_is_one_line(workshop, tmp_path: Path, changed: dict[str, str], message: str) -> None:
    arguments = {
        "photo": str(workshop.photos / "photo0.png"),
        "--style-image": str(workshop.style_images / "mural.png"),
        "-o": str(tmp_path / "out.png"),
        "--vgg": str(workshop.vgg),
    } | changed
    photo = arguments.pop("photo")
    result = CliRunner().invoke(main, ["optimize", photo, *(part for pair in arguments.items() for part in pair)])
    assert result.exit_code == 2
    assert message in result.output
    assert "Traceback" not in result.output
    assert not (tmp_path / "out.png").exists()
