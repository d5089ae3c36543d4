"""The guided filter: known answers."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from impasto.images.guided import box_mean, guided_filter

maps = hnp.arrays(np.float32, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.floats(0, 1, width=32))


@given(maps, st.integers(0, 12))
def test_a_box_mean_is_the_mean_of_the_square_around_each_pixel(values: np.ndarray, radius: int) -> None:
    found = box_mean(values, radius)
    for y, x in np.ndindex(*values.shape):
        square = values[max(0, y - radius) : y + radius + 1, max(0, x - radius) : x + radius + 1]
        np.testing.assert_allclose(found[y, x], square.mean(), atol=1e-5)


@given(maps)
def test_what_follows_from_the_guide_is_kept(guide: np.ndarray) -> None:
    slope, offset = guided_filter(guide, 2 * guide - 1, 3, 1e-6)
    np.testing.assert_allclose(slope * guide + offset, 2 * guide - 1, atol=0.01)


def test_edges_of_the_guide_stay_and_others_are_smoothed() -> None:
    rng, guide = np.random.default_rng(0), np.zeros((60, 60), np.float32)
    guide[:, 30:] = 1
    noise = rng.normal(0, 0.1, guide.shape).astype(np.float32)
    slope, offset = guided_filter(guide, guide + noise, 5, 0.01)
    smooth = slope * guide + offset
    assert np.abs(smooth - guide).max() < 0.1
    assert (smooth - guide).std() < 0.02
    slope, offset = guided_filter(np.zeros_like(guide), guide, 5, 0.01)
    np.testing.assert_array_equal(slope, 0)
    assert 0.4 < offset[30, 30] < 0.6
