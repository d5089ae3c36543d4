"""Large pictures: tiles agree with the whole, statistics are those of the whole, regions and strokes go along."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import impasto
from impasto.images.arrays import Array
from impasto.models.model import load_model
from impasto.runtime import load_runtime
from impasto.stylize.regions import Regions
from impasto.stylize.tiles import TiledPainter


@pytest.fixture(scope="module")
def painter(trained: Path) -> TiledPainter:
    model = load_model(trained)
    return TiledPainter(load_runtime("openvino", model, "f32"), model.info.input_noise, model.info.halo)


@pytest.fixture(scope="module")
def rows(trained: Path) -> np.ndarray:
    return np.stack([style.row for style in load_model(trained).styles.values()])[:2]


def photo_of(height: int, width: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)


def with_tiles(painter: TiledPainter, tile: int, **changes: int) -> TiledPainter:
    return dataclasses.replace(painter, **({"whole": 0, "tile": tile} | changes))


def apart(one: Array, other: Array) -> int:
    return int(np.abs(one.astype(int) - other).max())


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(height=st.integers(1, 260), width=st.integers(1, 260), tile=st.integers(8, 40), two=st.booleans())
def test_tiled_is_untiled(
    painter: TiledPainter, rows: np.ndarray, height: int, width: int, tile: int, two: bool
) -> None:
    photo = photo_of(height, width)
    mask = photo_of(height, width, seed=1)[:, :, 0]
    regions = Regions(rows, (mask,)) if two else Regions(rows[:1])
    statistics = with_tiles(painter, 4, thumbnail=10**9).measure(photo, regions, photo.shape[:2])
    tiled = with_tiles(painter, 4 * tile).paint_tiles(photo, regions, statistics, photo.shape[:2])
    assert apart(tiled, with_tiles(painter, 4096).paint_tiles(photo, regions, statistics, photo.shape[:2])) <= 1


@pytest.mark.parametrize("two", [False, True])
def test_with_the_statistics_of_the_whole_tiles_are_what_a_small_picture_is(
    painter: TiledPainter, rows: np.ndarray, two: bool
) -> None:
    photo = photo_of(90, 130)
    regions = Regions(rows, (photo[:, :, 0],)) if two else Regions(rows[:1])
    whole = with_tiles(painter, 32, whole=10**9, thumbnail=10**9)
    statistics = whole.measure(photo, regions, photo.shape[:2])
    assert apart(whole.paint(photo, regions), whole.paint_tiles(photo, regions, statistics, photo.shape[:2])) <= 1


def test_without_a_halo_seams_show(painter: TiledPainter, rows: np.ndarray) -> None:
    photo = photo_of(128, 128)
    statistics = painter.measure(photo, Regions(rows[:1]), photo.shape[:2])
    seamless = with_tiles(painter, 4096).paint_tiles(photo, Regions(rows[:1]), statistics, photo.shape[:2])
    assert (
        apart(
            with_tiles(painter, 32, halo=0).paint_tiles(photo, Regions(rows[:1]), statistics, photo.shape[:2]), seamless
        )
        > 1
    )


def test_awkward_sizes(stylizer: impasto.Stylizer) -> None:
    for height, width in ((1, 1), (3, 2000), (2000, 1), (33, 31)):
        for stroke in (1, 0.5, 4):
            if stroke == 1 or max(height, width) < 100:
                picture = stylizer(photo_of(height, width), "mural", stroke=stroke)
                assert picture.shape == (height, width, 3)


@pytest.fixture(scope="module")
def stylizer(trained: Path) -> impasto.Stylizer:
    return impasto.load(trained, precision="f32")
