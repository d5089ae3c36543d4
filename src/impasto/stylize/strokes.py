"""Stroke size: a network paints strokes of one size in pixels, so pictures are painted at the size that suits.

A picture that is larger than that is painted small first; the painting is enlarged and painted again, by the same
network, which draws its large strokes anew in sharp ones of its own. That would make every picture harder than the one
before, so of the last only what is finer than the strokes is kept: light and colour stay as the first painted them.
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from impasto.errors import ImpastoError
from impasto.images.arrays import Array, resize

WORKING = 1024
"""Long side, in pixels, at which the strokes have the size 1."""
LEAST, MOST = 0.5, 4.0
_DIRECT = 1.5
"""How much larger than :data:`WORKING` a picture is still painted at its own size when no stroke size is asked for."""
_STEP = 3.0
"""Most that a painting is enlarged before it is painted again."""
_FORM = 3
"""Pixels of a painting from which on a form is to stay as it is when the painting is enlarged and painted again."""
_STRIP = 256


def sizes(height: int, width: int, stroke: float | None = None) -> list[tuple[int, int]]:
    """The sizes (height, width) at which a picture is painted, one after the other; increasing.

    Args:
        height, width: of the picture.
        stroke: size of the strokes relative to the picture; None is 1 for large pictures, and whatever the network
            paints for those that are not.

    Raises:
        ImpastoError: the stroke size is out of range.
    """
    if stroke is not None and not LEAST <= stroke <= MOST:
        raise ImpastoError(f"stroke {stroke:g}: must be between {LEAST:g} and {MOST:g}")
    scale = WORKING / (stroke or 1) / max(height, width)
    if stroke is None and scale * _DIRECT >= 1:
        scale = 1.0
    steps = max(0, math.ceil(math.log(1 / scale, _STEP) - 1e-9))
    scales = [scale ** (1 - step / steps) for step in range(steps)] + [1.0] if steps else [scale]
    rounded = [(max(1, round(height * each)), max(1, round(width * each))) for each in scales]
    return list(dict.fromkeys(rounded))  # the first may be all but the picture's


def keep_forms(picture: Array, painting: Array) -> None:
    """Give ``picture`` (H,W,3) the light and colour of the smaller ``painting`` (h,w,3) that it was painted from.

    The difference between the two, at a size at which only large forms are left, is enlarged and added, in place: there
    may be no room for another picture.
    """
    height, width = picture.shape[:2]
    size = [max(1, length // _FORM) for length in painting.shape[:2]]
    difference = resize(painting, *size).astype(np.float32) - resize(picture, *size)
    maps = [Image.fromarray(np.ascontiguousarray(difference[..., channel])) for channel in range(3)]
    for top in range(0, height, _STRIP):
        bottom = min(height, top + _STRIP)
        box = (0, top * size[0] / height, size[1], bottom * size[0] / height)
        enlarged = [each.resize((width, bottom - top), Image.Resampling.BICUBIC, box) for each in maps]
        added = picture[top:bottom] + np.dstack([np.asarray(each) for each in enlarged])
        picture[top:bottom] = np.clip(np.rint(added), 0, 255)
