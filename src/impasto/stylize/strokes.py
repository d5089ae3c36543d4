"""The size of strokes: a network paints strokes of one size in pixels, so a picture is painted at the size that suits.

A picture that is larger than that is painted small first. This draft is enlarged and painted again by the same network,
which draws the large strokes anew as sharp ones of its own. Every draft would have harder contrasts than
the one before, so of each only what is finer than the strokes is kept: light and colour stay as in the first draft.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PIL import Image

from impasto.images.arrays import Array, resize

WORKING = 1024
"""Long side, in pixels, of a picture whose strokes have the size 1."""
_DIRECT = 1.5
"""Without a stroke size, pictures of up to this many times :data:`WORKING` are painted at their own size."""
_STEP = 3.0
"""The largest factor by which a draft is enlarged before it is painted again."""
_FORM = 3
"""Forms larger than this many pixels of the draft stay as they are when it is painted again."""
_STRIP = 256
"""Height, in pixels, of the strips in which forms are put back."""

Paint = Callable[[Array, tuple[int, int]], Array]
"""Paints a photo (h,w,3) uint8, or a draft, as a picture of the given height and width."""


def paint_in_strokes(paint: Paint, photo: Array, stroke: float | None) -> Array:
    """Paint a photo (H,W,3) uint8 at every size that the stroke size asks for, each time from the draft before.

    Returns:
        (H,W,3) uint8.
    """
    height, width = photo.shape[:2]
    first, *larger = sizes(height, width, stroke)
    picture = paint(photo, first)
    for size in larger:
        draft, picture = picture, paint(picture, size)
        keep_forms(picture, draft)
    return resize(picture, height, width)


def sizes(height: int, width: int, stroke: float | None = None) -> list[tuple[int, int]]:
    """The sizes (height, width) at which a picture is painted, one after the other; each is larger than the one before.

    Args:
        height, width: of the picture, in pixels.
        stroke: size of the strokes relative to the picture. None means 1 for large pictures; smaller ones are painted
            at their own size, whatever strokes come of it.
    """
    scale = WORKING / (stroke or 1) / max(height, width)
    if stroke is None and scale * _DIRECT >= 1:
        scale = 1.0
    steps = max(0, math.ceil(math.log(1 / scale, _STEP) - 1e-9))
    scales = [scale ** (1 - step / steps) for step in range(steps)] + [1.0] if steps else [scale]
    rounded = [(max(1, round(height * each)), max(1, round(width * each))) for each in scales]
    return list(dict.fromkeys(rounded))  # the first may be all but the picture's


def keep_forms(picture: Array, draft: Array) -> None:
    """Give a picture (H,W,3) uint8 the light and colour of the smaller draft (h,w,3) that it was painted from.

    The difference between the two is taken at a size at which only large forms are left, enlarged, and added to the
    picture in place: there may be no room for another picture.
    """
    height, width = picture.shape[:2]
    size = [max(1, length // _FORM) for length in draft.shape[:2]]
    difference = resize(draft, *size).astype(np.float32) - resize(picture, *size)
    maps = [Image.fromarray(np.ascontiguousarray(difference[..., channel])) for channel in range(3)]
    for top in range(0, height, _STRIP):
        bottom = min(height, top + _STRIP)
        box = (0, top * size[0] / height, size[1], bottom * size[0] / height)
        enlarged = [each.resize((width, bottom - top), Image.Resampling.BICUBIC, box) for each in maps]
        added = picture[top:bottom] + np.dstack([np.asarray(each) for each in enlarged])
        picture[top:bottom] = np.clip(np.rint(added), 0, 255)
