"""How much a picture changes when its photo hardly does: what flickers in video."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from impasto.images.arrays import Array
from impasto.styles.style import Style
from impasto.stylize.stylizer import Stylizer

NOISE = 2.0
"""Standard deviation of the noise of a camera, on the 0..255 scale."""
PAN = 3
"""Pixels by which the camera moves; no multiple of 4, at which the network would see the same as before."""
_SEED = 7


def change_by_noise(stylizer: Stylizer, photo: Array, style: Style, picture: Array) -> float:
    """Change of ``picture`` when its photo has noise of :data:`NOISE`: root mean square, on the 0..255 scale."""
    grain = np.random.default_rng(_SEED).normal(0, NOISE, photo.shape)
    noisy = np.clip(np.rint(photo + grain), 0, 255).astype(np.uint8)
    return _difference(stylizer(noisy, style), picture)


def change_by_pan(stylizer: Stylizer, photo: Array, style: Style) -> float:
    """Change of what two crops of a photo (H,W,3), :data:`PAN` pixels apart, have in common, on the 0..255 scale."""
    first, second = (stylizer(crop, style) for crop in (photo[:-PAN, :-PAN], photo[PAN:, PAN:]))
    return _difference(first[PAN:, PAN:], second[:-PAN, :-PAN])


def _difference(one: Array, other: Array) -> float:
    difference: npt.NDArray[np.float32] = one.astype(np.float32) - other
    return float(np.sqrt(np.square(difference).mean()))
