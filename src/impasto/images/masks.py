"""Masks: where a style is, from whatever says so."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageChops

from impasto.images.arrays import Array
from impasto.images.reading import PhotoLike, read_photo

_NEAR = 8
"""Levels from black or white within which a grey value counts as such."""
_DRAWN = 0.9
"""The share of a mask that is black or white, if it was drawn as one; a cut-out's photo has much in between."""


def read_mask(source: PhotoLike) -> Array:
    """Decode a mask: grey values (H,W) uint8, EXIF rotation applied, 255 where the style is.

    Values of 0 and 1 alone are black and white, whatever their type. Where a mask in black and white is transparent, it
    counts as black. Of any other partly transparent picture, such as a cut-out, the opaque part is white.

    Args:
        source: see :func:`impasto.images.reading.read_photo`.

    Raises:
        ImpastoError: see :func:`impasto.images.reading.read_photo`.
    """
    photo = read_photo(source, labels=True)
    grey = np.asarray(Image.fromarray(photo.array).convert("L"))
    grey = grey * np.uint8(255) if grey.max() == 1 else grey
    alpha = photo.origin.alpha
    if alpha is None or (alpha.all() and alpha.min() == 255):
        return grey
    if _is_drawn(grey[alpha > 0]):
        return np.asarray(ImageChops.multiply(Image.fromarray(grey), Image.fromarray(alpha)))
    return alpha


def _is_drawn(grey: Array) -> bool:
    """Whether grey values are those of a mask: black and white, both of them, and little else."""
    black, white = (grey <= _NEAR).mean(), (grey >= 255 - _NEAR).mean()
    return bool(black and white and black + white >= _DRAWN)
