"""The distribution objective of fits: its known values, and that a fit by it gets nearer to the painting."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from PIL import Image

from impasto.fitting.criteria import DistributionCriterion, Score
from impasto.fitting.fit import Fit
from impasto.fitting.options import ADD_STYLE
from impasto.images.folders import find_photos
from impasto.models.model import load_model
from impasto.nn.slim import load_slim_vgg
from impasto.styles.painting import Painting, read_painting

SMALL = msgspec.structs.replace(ADD_STYLE, crop=64, steps=20, rate=0.1, raster=0.0, blocks=0.0, specks=0.0)
"""The little network of the tests draws rasters, which would be most of the objective."""


def pixels(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(array.copy()).permute(2, 0, 1)[None].float() / 255


@pytest.fixture(scope="module")
def painting(workshop) -> Painting:
    return read_painting(workshop.style_images / "glass.png", 64)


@pytest.fixture(scope="module")
def photos(workshop) -> torch.Tensor:
    files = find_photos(workshop.photos)[:3]
    return torch.cat([pixels(np.asarray(Image.open(file).resize((64, 64)))) for file in files])


@pytest.fixture(scope="module")
def criterion(painting: Painting, photos: torch.Tensor) -> DistributionCriterion:
    return DistributionCriterion(load_slim_vgg(), [painting], photos, SMALL, folds=True)


@torch.no_grad()
def test_the_photos_close_nothing_and_the_painting_all(criterion, painting: Painting, photos: torch.Tensor) -> None:
    untouched = criterion.score(photos, photos)
    assert untouched.distribution_gap_closed == pytest.approx(0, abs=1e-5)
    assert untouched.content_distance == 0
    assert criterion.missing(untouched) == pytest.approx(1, abs=1e-5)
    itself = pixels(painting.array)
    photo = torch.nn.functional.interpolate(photos[:1], itself.shape[2:])
    assert criterion.score(photo, itself).distribution_gap_closed == pytest.approx(1, abs=1e-5)
    mirrored = criterion.score(photo, itself.flip(3))  # where things are does not matter
    assert mirrored.distribution_gap_closed == pytest.approx(1, abs=0.1)


@torch.no_grad()
def test_the_loss_of_photos_is_the_whole_gap(painting: Painting, photos: torch.Tensor) -> None:
    criterion = DistributionCriterion(load_slim_vgg(), [painting], photos, SMALL, folds=True)
    assert criterion.loss(photos, photos, step=0).item() == pytest.approx(1, abs=1e-5)


def test_a_fit_gets_nearer_to_the_distributions(trained: Path, painting: Painting, workshop) -> None:
    model = load_model(trained)
    untrained = [model.styles["slot-2"].row]
    fit = Fit(model, [painting], find_photos(workshop.photos), load_slim_vgg(), SMALL, untrained)
    before = fit.best[1]
    for _ in range(SMALL.steps):
        fit.take_step()
    after = fit.score(fit.mean)
    assert before.distribution_gap_closed is not None
    assert after.distribution_gap_closed > before.distribution_gap_closed + 0.02
    assert fit.criterion.missing(after) < fit.criterion.missing(before)


def test_what_is_not_measured_is_not_written() -> None:
    known = {"style_gap_closed": 0.9, "content_distance": 0.5, "content_likeness": 0.4}
    assert Score(**known).losses == known
    assert Score(**known, distribution_gap_closed=0.8).losses == known | {"distribution_gap_closed": 0.8}
