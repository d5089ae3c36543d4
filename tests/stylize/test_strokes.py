"""The sizes at which pictures are painted, and what each keeps of the draft before."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

import impasto
from impasto.assets import BUNDLED, examples
from impasto.losses.artifacts import blockiness
from impasto.stylize.controls import Controls
from impasto.stylize.strokes import keep_forms, own_stroke, sizes


@pytest.fixture(scope="module")
def stylizer(trained: Path) -> impasto.Stylizer:
    return impasto.load(trained)


@pytest.mark.parametrize("stroke", [0.5, 1, 2.5, 4])
@given(height=st.integers(1, 13_000), width=st.integers(1, 13_000))
@example(height=1, width=410)  # whose working size, 409.6, is rounded to it
def test_paintings_grow_by_at_most_three_until_they_are_as_large_as_the_photo(
    stroke: float, height: int, width: int
) -> None:
    longest = [max(size) for size in sizes(height, width, stroke)]
    assert all(before < after <= 3 * before + 3 for before, after in itertools.pairwise(longest))
    assert longest[-1] >= max(height, width)
    if len(longest) > 1:
        assert longest[0] / max(1, min(1024, 1.8 * max(height, width)) / stroke) == pytest.approx(1, abs=0.5)


@pytest.mark.parametrize(
    ("side", "painted"),
    [
        (1, [2]),
        (32, [58]),
        (400, [720]),
        (512, [922]),
        (800, [1024]),
        (1024, [1024]),
        (1280, [1280]),
        (1400, [1024, 1400]),
        (2048, [1024, 2048]),
        (4000, [1024, 2024, 4000]),
    ],
)
def test_the_sizes_of_a_stroke_of_one(side: int, painted: list[int]) -> None:
    assert sizes(side, side) == [(each, each) for each in painted]


def test_any_other_stroke_is_painted_in_its_size() -> None:
    assert sizes(1280, 1280, 1.1) == [(1164, 1164), (1280, 1280)]
    assert sizes(1280, 1280, 0.9) == [(1422, 1422)]


def test_the_own_stroke_of_any_picture_can_be_asked_for() -> None:
    for side in (1, 512, 2048, 13_000):
        Controls(stroke=own_stroke(side, side))


@given(side=st.integers(8, 2048))
def test_a_picture_in_its_own_stroke_is_painted_at_its_own_size(side: int) -> None:
    assert sizes(side, side // 2, own_stroke(side, side // 2)) == [(side, side // 2)]


def test_large_forms_stay_as_they_were_painted() -> None:
    rng = np.random.default_rng(0)
    painting = np.asarray(Image.fromarray(rng.integers(60, 200, (8, 10, 3), dtype=np.uint8)).resize((100, 80)))
    grain = rng.integers(-30, 30, (700, 850, 3))
    enlarged = np.asarray(Image.fromarray(painting).resize((850, 700)))
    kept = np.clip(enlarged * 0.6 + grain, 0, 255).astype(np.uint8)
    keep_forms(kept, painting)
    small = np.asarray(Image.fromarray(kept).resize((100, 80), Image.Resampling.BOX)).astype(int)
    assert np.abs(small - painting).mean() < 3
    assert np.abs((kept.astype(float) - enlarged)[:50] - grain[:50]).mean() < 6


def test_stroke_changes_the_picture_but_not_its_size(stylizer, photo: Path) -> None:
    pictures = [np.asarray(stylizer(photo, "mural", stroke=stroke)) for stroke in (0.5, 4)]
    assert pictures[0].shape == pictures[1].shape == np.asarray(Image.open(photo)).shape
    assert np.abs(pictures[0].astype(int) - pictures[1]).mean() > 1


@pytest.mark.parametrize("stroke", [1, 1.7, 2, 4])
@pytest.mark.parametrize("model", BUNDLED)
def test_no_cells_of_two_by_two_pixels_show(model: str, stroke: float) -> None:
    picture = impasto.load(model)(examples() / "cat.jpg", "mural", size=256, stroke=stroke)
    pixels = np.asarray(picture, np.float32)
    assert checkers(pixels) < 0.15
    assert blockiness(torch.from_numpy(pixels.transpose(2, 0, 1)[None] / 255)).item() < 0.03


def checkers(pixels: np.ndarray) -> float:
    """How much of the differences of neighbours (H,W,3) is a checkerboard: 0.25 in white noise, less in photos."""
    across, down = np.diff(pixels, axis=1), np.diff(pixels, axis=0)
    return float(np.square(np.diff(across, axis=0)).mean() / 4 / (np.square(across).mean() + np.square(down).mean()))
