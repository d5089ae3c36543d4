"""The sizes at which pictures are painted, and what each keeps of the draft before."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

import impasto
from impasto.stylize.strokes import keep_forms, sizes


@pytest.fixture(scope="module")
def stylizer(trained: Path) -> impasto.Stylizer:
    return impasto.load(trained)


@pytest.mark.parametrize("stroke", [None, 0.5, 1, 2.5, 4])
@given(height=st.integers(1, 13_000), width=st.integers(1, 13_000))
@example(height=1, width=410)  # whose working size, 409.6, is rounded to it
def test_paintings_grow_by_at_most_three_up_to_the_photo(stroke: float | None, height: int, width: int) -> None:
    longest = [max(size) for size in sizes(height, width, stroke)]
    assert all(before < after <= 3 * before + 3 for before, after in itertools.pairwise(longest))
    if stroke is None and max(height, width) <= 1536:
        assert sizes(height, width, stroke) == [(height, width)]
    else:
        assert longest[0] == round(1024 / (stroke or 1))
    if longest[0] < max(height, width):
        assert sizes(height, width, stroke)[-1] == (height, width)


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
