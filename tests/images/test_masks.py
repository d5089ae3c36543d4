"""Masks: black and white in every form in which people and programs have them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.images.files import tiff

from impasto.images.masks import read_mask

LEFT = np.repeat([[True, True, False, False, False]], 4, axis=0)
"""Where the style is."""
WANTED = np.where(LEFT, 255, 0)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.float32])
def test_zero_and_one_are_black_and_white(tmp_path: Path, dtype: type) -> None:
    path = tiff(tmp_path / "mask.tif", LEFT.astype(dtype), kind=3 if dtype == np.float32 else 1)
    np.testing.assert_array_equal(read_mask(path), WANTED)


def test_floats_between_zero_and_one_are_grey(tmp_path: Path) -> None:
    path = tiff(tmp_path / "mask.tif", np.array([[0, 0.2, 0.6, 1]], np.float32), kind=3)
    assert read_mask(path).tolist() == [[0, 51, 153, 255]]


def test_a_mask_with_transparent_parts_is_black_there() -> None:
    mask = np.zeros((4, 5, 4), np.uint8)
    mask[..., 3] = 255
    mask[:, :3, :3] = 255
    mask[:, 2, 3] = 0
    np.testing.assert_array_equal(read_mask(Image.fromarray(mask)), WANTED)


@pytest.mark.parametrize("kind", ["photo", "black", "white"])
def test_the_region_of_a_cut_out_is_what_is_opaque(kind: str) -> None:
    pixels = {
        "photo": np.random.default_rng(0).integers(0, 256, (4, 5, 3), dtype=np.uint8),
        "black": np.zeros((4, 5, 3), np.uint8),
        "white": np.full((4, 5, 3), 255, np.uint8),
    }[kind]
    np.testing.assert_array_equal(read_mask(np.dstack([pixels, WANTED.astype(np.uint8)])), WANTED)


def test_an_opaque_photo_is_its_lightness() -> None:
    pixels = np.full((2, 2, 4), (60, 60, 60, 255), np.uint8)
    assert (read_mask(pixels) == 60).all()
