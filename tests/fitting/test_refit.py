"""Refitting: rows alone, what is wrong in one line, and going on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from impasto.cli.main import main
from impasto.fitting import fit as module
from impasto.losses.artifacts import specks
from impasto.models.model import load_model
from impasto.nn.slim import load_slim_vgg
from impasto.styles.painting import Painting


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    few = {"steps": 8, "crop": 48, "batch_size": 2}
    monkeypatch.setattr(module.Fit.__init__, "__kwdefaults__", module.Fit.__init__.__kwdefaults__ | few)


def refit(model: Path, out: Path, workshop, *options: str) -> Result:
    folders = ["--style-images", str(workshop.style_images), "--content", str(workshop.photos)]
    options = (*folders, "--vgg", str(workshop.vgg), *options)
    return CliRunner().invoke(main, ["refit", str(model), "--out", str(out), *options])


def test_rows_are_fitted_and_all_else_is_as_it_was(trained: Path, workshop, tmp_path: Path) -> None:
    before = load_model(trained)
    first = refit(trained, tmp_path / "new", workshop, "-s", "mural")
    assert first.exit_code == 0, first.output
    after = load_model(tmp_path / "new")
    changed = [slug for slug in before.styles if not np.array_equal(before.styles[slug].row, after.styles[slug].row)]
    assert changed == ["mural"]
    assert after.info == before.info
    assert after.styles["mural"].thumbnail == before.styles["mural"].thumbnail
    assert set(after.styles["mural"].info.losses) >= {"style_gap_closed", "content_distance"}
    mural = after.styles["mural"].row
    # Gone on with: what is done stays.
    assert refit(trained, tmp_path / "new", workshop).exit_code == 0
    whole = load_model(tmp_path / "new").styles
    assert np.array_equal(whole["mural"].row, mural)
    named = [slug for slug, style in before.styles.items() if style.info.image]
    assert len(named) > 1
    assert not any(np.array_equal(before.styles[slug].row, whole[slug].row) for slug in named)


def test_weights_against_patterns_are_those_that_were_asked_for(trained: Path, workshop, tmp_path, monkeypatch) -> None:
    weights = []

    def take_step(self: module.Fit) -> None:
        weights.append((self.raster, self.specks))
        self.step += 1

    monkeypatch.setattr(module.Fit, "take_step", take_step)
    result = refit(trained, tmp_path / "new", workshop, "-s", "mural", "--raster", "4", "--specks", "0.5")
    assert result.exit_code == 0, result.output
    assert set(weights) == {(4.0, 0.5)}


def test_specks_become_fewer_when_they_count(trained: Path, workshop) -> None:
    model = load_model(trained)
    painting = Painting(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))
    photos = sorted(workshop.photos.glob("*"))
    options = {"crop": 64, "flat": 1.0, "steps": 20, "starts": [model.styles["mural"].row]}
    left = []
    for weight in (0.0, 1.0):
        fitting = module.Fit(model, [painting], photos, load_slim_vgg(), specks=weight, **options)
        for _ in range(20):
            fitting.take_step()
        photo, noisy = fitting.checked
        left.append(specks(fitting._render(noisy, fitting.mean), photo).mean().item())
    assert left[1] < left[0] / 2


def test_an_interrupted_style_is_not_taken_for_done(trained: Path, workshop, tmp_path: Path, monkeypatch) -> None:
    def take_step(self: module.Fit) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module.Fit, "take_step", take_step)
    assert refit(trained, tmp_path / "new", workshop).exit_code == 1
    before, after = load_model(trained).styles, load_model(tmp_path / "new").styles
    assert all(np.array_equal(before[slug].row, after[slug].row) for slug in before)


@pytest.mark.parametrize("wrong", ["style", "images", "out"])
def test_what_is_wrong_is_said_before_anything_is_written(wrong: str, trained: Path, workshop, tmp_path: Path) -> None:
    out, options = tmp_path / "new", []
    if wrong == "style":
        options = ["-s", "murl"]
    elif wrong == "images":
        options = ["--style-images", str(tmp_path)]
    else:
        out = tmp_path / "file" / "new"
        out.parent.touch()
    result = refit(trained, out, workshop, *options)
    assert result.exit_code == 2
    assert result.stderr.startswith("impasto: ")
    assert len(result.stderr.splitlines()) == 1
    assert not out.exists()
