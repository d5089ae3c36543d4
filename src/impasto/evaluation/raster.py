"""How much of a texture is a raster: the field's signature defect, repeated dots and bands in smooth areas."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from impasto.images.arrays import Array

NEAREST, FARTHEST = 4, 48
"""Periods that are looked for, in pixels."""
_FORMS = 5
"""Radius of the blur that takes colours and large forms out, in pixels: with 10, a brush stroke's length was left, and
counted."""
_ACROSS = np.sin(np.radians(25))

Map = npt.NDArray[np.float32]
Place = tuple[int, int]


def raster(picture: Array) -> float:
    """How like itself a texture is when moved in two directions: 1 for dots in rows and columns, or ruled lines.

    Brush strokes, too, may run side by side, but not in step over the whole picture. Taken is the second-best peak of
    the picture's autocorrelation that does not lie in line with the best.

    Args:
        picture: (H,W,3) uint8, a smooth part of a photo repainted; both sides at least 100.
    """
    similarity = _autocorrelation(_without_forms(picture))
    peaks = _peaks(similarity)
    if not peaks:
        return 0.0
    _, (y, x) = peaks[0]
    across = (value for value, (v, u) in peaks if abs(y * u - x * v) > _ACROSS * np.hypot(y, x) * np.hypot(v, u))
    return max(0.0, next(across, 0.0))


def _without_forms(picture: Array) -> Map:
    forms = np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(_FORMS)), np.float32)
    texture: Map = picture - forms
    return texture - texture.mean((0, 1))


def _autocorrelation(texture: Map) -> Map:
    """Of (H,W,3), 1 at no distance: (2·FARTHEST+1, 2·FARTHEST+1), no distance in the middle."""
    height, width = texture.shape[:2]
    spectrum = np.fft.rfft2(texture, s=(height + FARTHEST, width + FARTHEST), axes=(0, 1))
    sums = np.fft.irfft2((np.abs(spectrum) ** 2).sum(2), s=(height + FARTHEST, width + FARTHEST))
    places = np.arange(-FARTHEST, FARTHEST + 1)
    overlap = (height - np.abs(places))[:, None] * (width - np.abs(places))
    return np.asarray(sums[np.ix_(places, places)] / overlap * (height * width / max(sums[0, 0], 1e-9)), np.float32)


def _peaks(similarity: Map) -> list[tuple[float, Place]]:
    """Local maxima between :data:`NEAREST` and :data:`FARTHEST`: (value, (down, across)), the highest first."""
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
