"""Refitting: rows alone, what is wrong in one line, and going on."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner, Result

from impasto.cli.main import main
from impasto.fitting.fit import Fit
from impasto.fitting.options import BY_GAP, REFIT, REFIT_BY_GAP, FitOptions
from impasto.fitting.refit import refit
from impasto.images.folders import find_photos
from impasto.losses.artifacts import specks
from impasto.models.model import load_model
from impasto.nn.slim import load_slim_vgg
from impasto.styles.painting import Painting
from impasto.styles.style import Style

FEW = msgspec.structs.replace(REFIT_BY_GAP, steps=8, crop=48)
"""Eight steps, on small crops."""


def refitted(model: Path, out: Path, workshop, *only: str, options: FitOptions = FEW) -> list[Style]:
    photos, slim = find_photos(workshop.photos), load_slim_vgg()
    return list(refit(load_model(model), workshop.style_images, photos, slim, out, only=only, options=options))


def invoke(model: Path, out: Path, workshop, *options: str) -> Result:
    folders = ["--style-images", str(workshop.style_images), "--content", str(workshop.photos)]
    return CliRunner().invoke(main, ["refit", str(model), "--out", str(out), *folders, *options])


def test_rows_are_fitted_and_all_else_is_as_it_was(trained: Path, workshop, tmp_path: Path) -> None:
    before = load_model(trained)
    refitted(trained, tmp_path / "new", workshop, "mural")
    after = load_model(tmp_path / "new")
    changed = [slug for slug in before.styles if not np.array_equal(before.styles[slug].row, after.styles[slug].row)]
    assert changed == ["mural"]
    assert after.info == before.info
    assert after.styles["mural"].thumbnail == before.styles["mural"].thumbnail
    assert set(after.styles["mural"].info.losses) >= {"style_gap_closed", "content_distance"}
    mural = after.styles["mural"].row
    # Gone on with: what is done stays.
    refitted(trained, tmp_path / "new", workshop)
    whole = load_model(tmp_path / "new").styles
    assert np.array_equal(whole["mural"].row, mural)
    named = [slug for slug, style in before.styles.items() if style.info.image]
    assert len(named) > 1
    assert not any(np.array_equal(before.styles[slug].row, whole[slug].row) for slug in named)


def test_a_style_says_at_last_at_which_size_its_image_was_read(model_copy: Path, workshop, tmp_path: Path) -> None:
    """Files from before that was always written do not."""
    file = model_copy / "styles" / "mural.safetensors"
    style = Style.load(file)
    Style(msgspec.structs.replace(style.info, image_size=None), style.row, style.thumbnail).save(file)
    (fitted,) = refitted(model_copy, tmp_path / "new", workshop, "mural")
    assert fitted.info == msgspec.structs.replace(style.info, losses=fitted.info.losses)
    assert fitted.info.image_size == 80


@pytest.mark.slow
def test_the_command_takes_options_and_tells_how_it_went(trained: Path, workshop, tmp_path: Path, monkeypatch) -> None:
    seen = []

    def take_step(self: Fit) -> None:
        seen.append(self.options)
        self.step += 1

    monkeypatch.setattr(Fit, "take_step", take_step)
    options = ["-s", "mural", "--raster", "4", "--specks", "0.5", "--seconds", "0.001"]
    result = invoke(trained, tmp_path / "new", workshop, *options)
    assert result.exit_code == 0, result.output
    assert set(seen) == {msgspec.structs.replace(REFIT, raster=4.0, specks=0.5, minutes=0.001 / 60)}
    assert "mural: " in result.stdout
    assert "% of the way, at a content distance" in result.stdout


def test_specks_become_fewer_when_they_count(trained: Path, workshop) -> None:
    model = load_model(trained)
    painting = Painting(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))
    photos = sorted(workshop.photos.glob("*"))
    left = []
    for weight in (0.0, 10.0):
        options = msgspec.structs.replace(BY_GAP, crop=64, flat=1.0, steps=20, specks=weight)
        fitting = Fit(model, [painting], photos, load_slim_vgg(), options, [model.styles["mural"].row])
        for _ in range(20):
            fitting.take_step()
        photo, noisy = fitting.checked
        left.append(specks(fitting.render(noisy, fitting.mean), photo).mean().item())
    assert left[1] < left[0] / 2


def test_an_interrupted_style_is_not_taken_for_done(trained: Path, workshop, tmp_path: Path, monkeypatch) -> None:
    def take_step(self: Fit) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Fit, "take_step", take_step)
    assert invoke(trained, tmp_path / "new", workshop).exit_code == 130
    before, after = load_model(trained).styles, load_model(tmp_path / "new").styles
    assert all(np.array_equal(before[slug].row, after[slug].row) for slug in before)


@pytest.mark.parametrize("wrong", ["style", "images", "out", "vgg"])
def test_what_is_wrong_is_said_before_anything_is_written(wrong: str, trained: Path, workshop, tmp_path: Path) -> None:
    out, options = tmp_path / "new", []
    if wrong == "style":
        options = ["-s", "murl"]
    elif wrong == "vgg":
        options = ["--vgg", str(tmp_path / "none.safetensors")]
    elif wrong == "images":
        options = ["--style-images", str(tmp_path)]
    else:
        out = tmp_path / "file" / "new"
        out.parent.touch()
    result = invoke(trained, out, workshop, *options)
    assert result.exit_code == 2
    assert result.stderr.startswith("impasto: ")
    assert len(result.stderr.splitlines()) == 1
    assert not out.exists()
