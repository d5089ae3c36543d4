"""Arithmetic of rows: blends are convex, and palettes are means and deviations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto import ImpastoError
from impasto.styles.rows import blend, blend_rows, with_palette


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=5).filter(lambda weights: sum(weights) > 1e-3))
def test_blends_are_convex_and_count_in_proportion(weights: list[float]) -> None:
    rng = np.random.default_rng(0)
    rows = {str(index): rng.normal(size=7).astype(np.float32) for index in range(len(weights))}
    mixed = blend_rows(rows, {str(index): weight for index, weight in enumerate(weights)})
    scaled = blend_rows(rows, {str(index): weight * 3 for index, weight in enumerate(weights)})
    stacked = np.stack(list(rows.values()))
    assert mixed.dtype == np.float32
    np.testing.assert_allclose(mixed, scaled, atol=1e-5)
    assert (mixed >= stacked.min(axis=0) - 1e-5).all()
    assert (mixed <= stacked.max(axis=0) + 1e-5).all()


@pytest.mark.parametrize("parts", [{"mural": 1}, [("mural", 1)], ["mural"]])
def test_what_is_no_pair_of_a_style_and_a_weight_is_refused(parts: Any) -> None:
    with pytest.raises(ImpastoError, match="parts: give pairs of a Style and its weight"):
        blend(parts)


@settings(max_examples=20, deadline=None)
@given(height=st.integers(1, 40), width=st.integers(1, 40), fold=st.sampled_from([1, 2]), seed=st.integers(0, 99))
def test_palette_is_mean_and_deviation_of_logits(height: int, width: int, fold: int, seed: int) -> None:
    photo = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    logits = np.clip(photo / 255, 1 / 510, 1 - 1 / 510)
    logits = np.log(logits / (1 - logits))
    row = with_palette(np.arange(40, dtype=np.float32), photo, fold)
    colors = row[-6 * fold**2 :].reshape(2, 3, fold**2)
    np.testing.assert_array_equal(row[: -colors.size], np.arange(40 - colors.size))
    for place in range(fold**2):
        np.testing.assert_allclose(colors[0, :, place], logits.std(axis=(0, 1)), atol=1e-5)
        np.testing.assert_allclose(colors[1, :, place], logits.mean(axis=(0, 1)), atol=1e-5)
