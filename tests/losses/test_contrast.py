"""Contrast and colours relative to a painting, by pictures whose numbers are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from PIL import Image

from impasto.assets import examples
from impasto.images.arrays import Array, to_pixels
from impasto.images.color import to_cielab
from impasto.images.reading import read_photo
from impasto.losses import contrast
from impasto.losses.contrast import Colors, chroma_contrast, color_distance, light_contrast


def colors_of(picture: Array) -> Colors:
    return contrast.colors_of(torch.from_numpy(to_cielab(to_pixels(picture))))


def halves(one: tuple[int, int, int], other: tuple[int, int, int], side: int = 40) -> Array:
    """(side,side,3): the left half in one colour, the right half in another."""
    picture = np.empty((side, side, 3), np.uint8)
    picture[:, : side // 2], picture[:, side // 2 :] = one, other
    return picture


@pytest.fixture(scope="module")
def photo() -> Array:
    return read_photo(examples() / "scarlet_macaw.jpg").array


def test_black_and_white_spread_lightness_by_50() -> None:
    colors = colors_of(halves((0, 0, 0), (255, 255, 255)))
    assert colors.light == pytest.approx(50, rel=1e-3)
    assert colors.chroma == pytest.approx(0, abs=0.01)


def test_a_picture_has_its_own_contrast_and_colours(photo: Array) -> None:
    colors = colors_of(photo)
    assert light_contrast(colors, colors) == chroma_contrast(colors, colors) == 1
    assert color_distance(colors, colors) == 0


def test_the_places_of_colours_do_not_matter(photo: Array) -> None:
    mirrored = colors_of(np.ascontiguousarray(photo[:, ::-1].transpose(1, 0, 2)))
    assert light_contrast(mirrored, colors_of(photo)) == pytest.approx(1, abs=1e-4)
    assert color_distance(mirrored, colors_of(photo)) < 0.5


def test_a_veil_takes_contrast_and_moves_colours(photo: Array) -> None:
    grey = Image.new("RGB", photo.shape[1::-1], (128, 128, 128))
    veiled = colors_of(np.asarray(Image.blend(Image.fromarray(photo), grey, 0.5)))
    assert 0.4 < light_contrast(veiled, colors_of(photo)) < 0.6
    assert 0.3 < chroma_contrast(veiled, colors_of(photo)) < 0.6
    assert color_distance(veiled, colors_of(photo)) > 5


def test_pictures_without_colours_have_the_chroma_contrast_of_paintings_without() -> None:
    grey, flat = colors_of(halves((0, 0, 0), (255, 255, 255))), colors_of(halves((90, 90, 90), (90, 90, 90)))
    assert chroma_contrast(grey, flat) == 1
    assert light_contrast(flat, grey) == pytest.approx(1 / 50, rel=1e-3)


def test_the_distance_of_two_flat_pictures_is_that_of_their_colours() -> None:
    """Black and white are 100 units of L apart, of which 1/√3 is seen along directions in three dimensions."""
    black, white = (colors_of(halves(color, color, side)) for color, side in (((0,) * 3, 20), ((255,) * 3, 34)))
    assert color_distance(black, white) == pytest.approx(100 / math.sqrt(3), rel=1e-3)
    assert color_distance(black, white) == color_distance(white, black)
