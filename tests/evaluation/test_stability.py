"""How steady pictures are, by painters whose unsteadiness is known."""

from __future__ import annotations

import numpy as np
import pytest

from impasto.evaluation.stability import NOISE, change_by_noise, change_by_pan
from impasto.styles.style import Style, StyleInfo

STYLE = Style(StyleInfo(slug="any"), np.zeros(1, np.float32))
PHOTO = np.random.default_rng(0).integers(40, 210, (60, 80, 3), dtype=np.uint8)


def test_a_painter_that_copies_changes_as_its_photo_does() -> None:
    def copy(photo, style, stroke=1.0):
        return photo

    assert change_by_noise(copy, PHOTO, STYLE, PHOTO) == pytest.approx(NOISE, rel=0.05)
    assert change_by_pan(copy, PHOTO, STYLE) == 0


def test_a_pattern_that_stays_with_the_frame_is_seen_when_the_camera_pans() -> None:
    def striped(photo, style, stroke=1.0):
        picture = np.zeros_like(photo)
        picture[:, ::2] = 10
        return picture

    assert change_by_noise(striped, PHOTO, STYLE, striped(PHOTO, STYLE)) == 0
    assert change_by_pan(striped, PHOTO, STYLE) == pytest.approx(10)
