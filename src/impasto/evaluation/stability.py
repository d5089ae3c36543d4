"""How much a picture changes when its photo hardly changes. In a video, such changes are flicker."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from impasto.images.arrays import Array
from impasto.styles.style import Style
from impasto.stylize.strokes import own_stroke
from impasto.stylize.stylizer import Stylizer

NOISE = 2.0
"""The standard deviation of a camera's noise, about, on the 0..255 scale."""
PAN = 3
"""How far the camera moves, in pixels. It is no multiple of 4, because the network's strides would then see the same
picture again."""
_SEED = 7
"""The seed of the noise, so that every evaluation has the same."""


def change_by_noise(stylizer: Stylizer, photo: Array, style: Style, picture: Array) -> float:
    """How much a picture changes when its photo gets noise with the standard deviation :data:`NOISE`.

    Args:
        stylizer: what paints the photo.
        photo: (H,W,3), uint8.
        style: the style to paint in.
        picture: (H,W,3), uint8, the photo painted in that style without noise.

    Returns:
        The root mean square of the difference, on the 0..255 scale.
    """
    grain = np.random.default_rng(_SEED).normal(0, NOISE, photo.shape)
    noisy = np.clip(np.rint(photo + grain), 0, 255).astype(np.uint8)
    return _difference(stylizer(noisy, style, stroke=own_stroke(*photo.shape[:2])), picture)


def change_by_pan(stylizer: Stylizer, photo: Array, style: Style) -> float:
    """How much the pictures of two crops, which lie :data:`PAN` pixels apart, differ where the crops overlap.

    Args:
        stylizer: what paints the crops.
        photo: (H,W,3), uint8.
        style: the style to paint in.

    Returns:
        The root mean square of the difference, on the 0..255 scale.
    """
    stroke = own_stroke(*photo.shape[:2])
    first, second = (stylizer(crop, style, stroke=stroke) for crop in (photo[:-PAN, :-PAN], photo[PAN:, PAN:]))
    return _difference(first[PAN:, PAN:], second[:-PAN, :-PAN])


def _difference(one: Array, other: Array) -> float:
    """The root mean square of the difference of two pictures."""
    difference: npt.NDArray[np.float32] = one.astype(np.float32) - other
    return float(np.sqrt(np.square(difference).mean()))
