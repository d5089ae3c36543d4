"""The size of strokes: a network paints strokes of one size in pixels, so a picture is painted at the size that suits.

A small picture is painted larger than it is, and reduced. A large one is painted small first. This draft is enlarged
and painted again by the same network, which draws the large strokes anew, sharp. Every draft would have harder
contrasts than the one before. So only what is finer than the strokes is kept of each. Light and colour stay as in the
first draft.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

from impasto.images.arrays import Levels, resize, white

WORKING = 1024
"""Long side, in pixels, at which a picture is painted whose strokes have the size 1."""
_NEARLY = 0.75
"""Where a picture would be painted at this share of its size or more, it is painted at its size, at once. Strokes are a
third finer at most, which nobody sees. Painting it twice would take twice as long."""
_ENLARGED = 1.8
"""With a stroke of 1, small pictures are painted at no more than this many times their size. With finer strokes they
would have nothing but grain. At twice their size, 4 × 4 pixels, one place of the network's maps, would become cells of
2 × 2 again."""
_FINEST = 0.5
"""The smallest size of strokes in :class:`impasto.stylize.controls.Controls`."""
_STEP = 3.0
"""The largest factor by which a draft is enlarged before it is painted again."""
_FORM = 3
"""Forms larger than this many pixels of the draft stay as they are when it is painted again."""
_THREADS = 2
"""How many strips are worked on at once."""
_STRIP = 256
"""Height, in pixels, of the strips in which forms are put back."""

Paint = Callable[[Levels, tuple[int, int]], Levels]
"""Paints a photo (h,w,3), or a draft, as a picture of the given height and width."""


def paint_in_strokes(paint: Paint, photo: Levels, stroke: float) -> Levels:
    """Paint a photo (H,W,3) at every size that the stroke size asks for, each time from the draft before.

    Returns:
        (H,W,3), as deep as ``paint`` paints.
    """
    height, width = photo.shape[:2]
    first, *larger = sizes(height, width, stroke)
    picture = paint(photo, first)
    for size in larger:
        draft, picture = picture, paint(picture, size)
        keep_forms(picture, draft)
    return resize(picture, height, width)


def sizes(height: int, width: int, stroke: float = 1.0) -> list[tuple[int, int]]:
    """The sizes (height, width) at which a picture is painted, one after the other; each is larger than the one before.

    The first gives the strokes their size. The last is at least as large as the picture.

    Args:
        height, width: of the picture, in pixels.
        stroke: size of the strokes relative to the picture.
    """
    scale = _working(height, width) / stroke
    steps = max(0, math.ceil(math.log(1 / scale, _STEP) - 1e-9))
    scales = [scale ** (1 - step / steps) for step in range(steps + 1)] if steps else [scale]
    rounded = [(max(1, round(height * each)), max(1, round(width * each))) for each in scales]
    return list(dict.fromkeys(rounded))  # those of a picture of a few pixels may be the same


def own_stroke(height: int, width: int) -> float:
    """The size of the strokes in a picture of this height and width that is painted at its own size. Beyond 2048
    pixels, it is the finest that can be asked for."""
    return max(_FINEST, _working(height, width))


def _working(height: int, width: int) -> float:
    """The factor from a picture's size to that at which it is painted with a stroke of 1."""
    factor = min(WORKING / max(height, width), _ENLARGED)
    return 1.0 if _NEARLY <= factor < 1 else factor


def keep_forms(picture: Levels, draft: Levels) -> None:
    """Give a picture (H,W,3) the light and colour of the smaller draft (h,w,3) that it was painted from.

    The difference between the two is taken at a size at which only large forms are left. It is enlarged and added to
    the picture in place, as there may be no room for another one.
    """
    height, width = picture.shape[:2]
    size = [max(1, length // _FORM) for length in draft.shape[:2]]
    difference = resize(draft, *size).astype(np.float32) - resize(picture, *size)
    maps = [Image.fromarray(np.ascontiguousarray(difference[..., channel])) for channel in range(3)]

    def add(top: int) -> None:
        bottom = min(height, top + _STRIP)
        box = (0, top * size[0] / height, size[1], bottom * size[0] / height)
        enlarged = [each.resize((width, bottom - top), Image.Resampling.BILINEAR, box) for each in maps]
        added = picture[top:bottom] + np.dstack([np.asarray(each) for each in enlarged])
        picture[top:bottom] = np.clip(np.rint(added), 0, white(picture))

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(add, range(0, height, _STRIP)))
