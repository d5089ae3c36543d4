"""What is under the transparent parts of a photo: colours that nobody sees, and that must not change the picture."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from impasto.images.arrays import Array

_SMALL = 512
"""Long side, in pixels, of the copy in which a larger photo's colours are continued."""
_STRIP = 256
"""Height, in pixels, of the strips in which they are put into the photo."""

Map = npt.NDArray[np.float32]
"""(H,W) or (H,W,3) float32."""


def fill(array: Array, alpha: Array) -> None:
    """Continue the visible colours of a photo into the parts of it that are wholly transparent, smoothly.

    Networks see a photo whole: a black or white ground under a cut-out would change contrasts and colours everywhere.

    Args:
        array: (H,W,3) uint8, is changed in place where alpha is 0.
        alpha: (H,W) uint8.
    """
    if alpha.all():
        return
    height, width = alpha.shape
    shrink = -(-max(height, width) // _SMALL)
    continued = Image.fromarray(np.rint(_continued(*_shrunk(array, alpha, shrink)).clip(0, 255)).astype(np.uint8))
    for top in range(0, height, _STRIP):
        bottom = min(height, top + _STRIP)
        hidden = alpha[top:bottom] == 0
        if hidden.any():
            box = (0, top / shrink, width / shrink, bottom / shrink)
            enlarged = continued.resize((width, bottom - top), Image.Resampling.BILINEAR, box)
            array[top:bottom][hidden] = np.asarray(enlarged)[hidden]


def _shrunk(array: Array, alpha: Array, shrink: int) -> tuple[Map, Map]:
    """Colours times alpha, and alpha from 0 to 1, in means of squares of ``shrink`` pixels; black beyond the edges."""
    size = [-(-length // shrink) for length in alpha.shape]
    colors, weights = np.empty((*size, 3), np.float32), np.empty(size, np.float32)
    for row in range(size[0]):
        strip = slice(row * shrink, (row + 1) * shrink)
        weight = alpha[strip, :, None] / np.float32(255)
        summed = np.add.reduceat(
            np.concatenate([array[strip] * weight, weight], axis=2).sum(axis=0), np.arange(0, alpha.shape[1], shrink)
        )
        colors[row], weights[row] = summed[:, :3] / shrink**2, summed[:, 3] / shrink**2
    return colors, weights


def _continued(colors: Map, weights: Map) -> Map:
    """Colours (H,W,3) from colours times weights: where the weight is 0, those of ever larger squares around.

    It is the pull and push of Gortler et al., *The Lumigraph*, SIGGRAPH 1996.
    """
    own: Map = np.divide(colors, np.maximum(weights, np.finfo(np.float32).tiny)[..., None])
    if weights.all() or weights.size == 1:
        return own
    half = _continued(_halved(colors), _halved(weights))
    height, width = weights.shape
    box = (0, 0, width / 2, height / 2)
    maps = [Image.fromarray(half[..., channel].copy()) for channel in range(3)]
    around = np.dstack([np.asarray(each.resize((width, height), Image.Resampling.BILINEAR, box)) for each in maps])
    filled: Map = np.where(weights[..., None] > 0, own, around).astype(np.float32)
    return filled


def _halved(values: Map) -> Map:
    """Means of squares of 2 × 2; what lies beyond the edges is 0."""
    padding = [(0, length % 2) for length in values.shape[:2]] + [(0, 0)] * (values.ndim - 2)
    padded = np.pad(values, padding)
    halved: Map = padded[::2, ::2] + padded[1::2, ::2] + padded[::2, 1::2] + padded[1::2, 1::2]
    return halved / np.float32(4)
