"""How strong a periodic artifact is: dots or bands that repeat in smooth areas, the typical defect of this field."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from impasto.images.arrays import Array

NEAREST, FARTHEST = 4, 48
"""The shortest and the longest period that are searched, in pixels."""
_FORMS = 5
"""The radius of the blur that is subtracted to remove colours and large forms, in pixels. With a radius of 10, brush
strokes were left over and counted as periodic."""
_ACROSS = np.sin(np.radians(25))
"""Two directions count as different when the sine of the angle between them is larger than this."""

Map = npt.NDArray[np.float32]
"""A texture (H,W,3), or its autocorrelation (h,w)."""
Shift = tuple[int, int]
"""How far a texture is moved against itself: (down, across), in pixels."""


def raster(picture: Array) -> float:
    """How well a texture fits itself after it is moved in either of two directions.

    The result is the highest peak of the autocorrelation that does not lie in line with the very highest one. Brush
    strokes may run side by side in one direction, but they do not repeat over the whole picture in a second one.

    Args:
        picture: (H,W,3), uint8, a painted part of a photo that is smooth there; both sides at least 100 pixels.

    Returns:
        From 0 to 1: near 1 for dots in rows and columns and for ruled lines, 0 where nothing repeats.
    """
    similarity = _autocorrelation(_without_forms(picture))
    peaks = _peaks(similarity)
    if not peaks:
        return 0.0
    _, (y, x) = peaks[0]
    across = (value for value, (v, u) in peaks if abs(y * u - x * v) > _ACROSS * np.hypot(y, x) * np.hypot(v, u))
    return max(0.0, next(across, 0.0))


def _without_forms(picture: Array) -> Map:
    """The texture of a picture (H,W,3): the picture minus its blur, with a mean of 0."""
    forms = np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(_FORMS)), np.float32)
    texture: Map = picture - forms
    return texture - texture.mean((0, 1))


def _autocorrelation(texture: Map) -> Map:
    """The autocorrelation of a texture (H,W,3) for shifts up to FARTHEST: (2·FARTHEST+1, 2·FARTHEST+1).

    The unshifted texture is in the middle, where the value is 1.
    """
    height, width = texture.shape[:2]
    spectrum = np.fft.rfft2(texture, s=(height + FARTHEST, width + FARTHEST), axes=(0, 1))
    sums = np.fft.irfft2((np.abs(spectrum) ** 2).sum(2), s=(height + FARTHEST, width + FARTHEST))
    places = np.arange(-FARTHEST, FARTHEST + 1)
    overlap = (height - np.abs(places))[:, None] * (width - np.abs(places))
    return np.asarray(sums[np.ix_(places, places)] / overlap * (height * width / max(sums[0, 0], 1e-9)), np.float32)


def _peaks(similarity: Map) -> list[tuple[float, Shift]]:
    """The local maxima between :data:`NEAREST` and :data:`FARTHEST`, with their shifts, the highest first."""
    inner = similarity[1:-1, 1:-1]
    size = similarity.shape[0]
    highest = np.ones_like(inner, bool)
    for down in (0, 1, 2):
        for across in (0, 1, 2):
            highest &= inner >= similarity[down : size - 2 + down, across : size - 2 + across]
    y, x = np.mgrid[1 - FARTHEST : FARTHEST, 1 - FARTHEST : FARTHEST]
    distance = np.hypot(y, x)
    chosen = highest & (distance >= NEAREST) & (distance < FARTHEST)
    places = zip(y[chosen].tolist(), x[chosen].tolist(), strict=True)
    return sorted(zip(inner[chosen].tolist(), places, strict=True), reverse=True)
