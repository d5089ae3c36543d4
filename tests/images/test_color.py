"""Oklab and CIE Lab: known answers, and the colours of one picture at the lightness of another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from impasto.images.arrays import to_pixels
from impasto.images.color import from_oklab, shown, to_cielab, to_oklab

pictures = hnp.arrays(np.uint8, st.tuples(st.just(1), st.just(3), st.integers(1, 6), st.integers(1, 6)))


@given(pictures)
def test_oklab_and_back(array: np.ndarray) -> None:
    pixels = array.astype(np.float32) / 255
    np.testing.assert_allclose(from_oklab(to_oklab(pixels)), pixels, atol=2e-3)


def test_oklab_known_answers() -> None:
    white, red = (np.array(color, np.float32).reshape(1, 3, 1, 1) for color in ((1, 1, 1), (1, 0, 0)))
    np.testing.assert_allclose(to_oklab(white).ravel(), [1, 0, 0], atol=1e-3)
    np.testing.assert_allclose(to_oklab(red).ravel(), [0.6280, 0.2249, 0.1258], atol=1e-3)


@given(pictures, st.integers(0, 99))
def test_what_is_shown_has_the_lightness_and_hue_that_were_asked_for(array: np.ndarray, seed: int) -> None:
    photo = array.astype(np.float32) / 255
    lightness = to_oklab(np.random.default_rng(seed).random(photo.shape, dtype=np.float32))[:, :1]
    color = to_oklab(photo)[:, 1:]
    kept = shown(lightness, color)
    assert kept.min() >= 0
    assert kept.max() <= 1
    lab = to_oklab(kept)
    np.testing.assert_allclose(lab[:, :1], lightness, atol=0.03)
    across = lab[:, 1] * color[:, 1] - lab[:, 2] * color[:, 0]
    assert np.abs(across).max() < 0.01
    assert (np.hypot(*lab[0, 1:]) <= np.hypot(*color[0]) + 0.02).all()


def test_a_color_of_the_screen_is_shown_as_it_is() -> None:
    photo = np.random.default_rng(0).random((1, 3, 9, 9), dtype=np.float32)
    lab = to_oklab(photo)
    np.testing.assert_allclose(shown(lab[:, :1], lab[:, 1:]), photo, atol=3e-3)


@pytest.mark.parametrize(
    ("color", "lab"),
    [
        ((255, 255, 255), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 0, 255), (32.30, 79.19, -107.86)),
        ((10, 10, 10), (2.74, 0, 0)),
    ],
)
def test_cielab_of_known_colours(color: tuple[int, int, int], lab: tuple[float, float, float]) -> None:
    found = to_cielab(to_pixels(np.full((2, 3, 3), color, np.uint8)))
    assert found.shape == (1, 3, 2, 3)
    np.testing.assert_allclose(found[0, :, 1, 2], lab, atol=0.02)
