"""Sizes and windows: what a network can take, and where in a picture it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

Number = TypeVar("Number", bound=np.generic)

MULTIPLE = 4
"""Networks halve the picture twice; height and width must be multiples of this."""
MARGIN = 16
"""Pixels around a picture, mirrored, that are painted too and cut off: networks draw a thin frame along their edges."""


class Window(NamedTuple):
    """A part of a picture as a network sees it, padded; all in pixels."""

    top: int
    left: int
    height: int
    width: int

    def clipped(self, frame: Window) -> Window:
        """The part of it that lies in ``frame``."""
        top, left = max(frame.top, self.top), max(frame.left, self.left)
        bottom = min(frame.top + frame.height, self.top + self.height)
        right = min(frame.left + frame.width, self.left + self.width)
        return Window(top, left, bottom - top, right - left)

    def around(self, halo: int, side: int, frame: Window) -> Window:
        """A square of ``side`` in ``frame`` with this window and ``halo`` pixels around it, as far as ``frame`` goes.

        All windows of a large frame are equally large then, for which a runtime prepares itself once.
        """
        height, width = min(side, frame.height), min(side, frame.width)
        top = min(max(frame.top, self.top - halo), frame.top + frame.height - height)
        left = min(max(frame.left, self.left - halo), frame.left + frame.width - width)
        return Window(top, left, height, width)

    def within(self, outer: Window) -> Window:
        """The same window, counted from the corner of ``outer``."""
        return self._replace(top=self.top - outer.top, left=self.left - outer.left)

    def cut(self, array: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """This part of (H,W,…), as a view."""
        return array[self.top : self.top + self.height, self.left : self.left + self.width]


def frame(height: int, width: int) -> Window:
    """The padded picture of a picture (height,width), which lies in its middle.

    It has a margin, and the next size that a network can take; it starts above and left of the picture, at negative
    numbers.
    """
    sizes = [-(-(length + 2 * MARGIN) // MULTIPLE) * MULTIPLE for length in (height, width)]
    return Window(-((sizes[0] - height) // 2), -((sizes[1] - width) // 2), *sizes)


def tiles(whole: Window, side: int, picture: Window) -> Iterator[Window]:
    """Squares of ``side``, smaller at the right and the bottom, that cover ``whole``: those that show ``picture``."""
    for top in range(0, whole.height, side):
        for left in range(0, whole.width, side):
            size = min(side, whole.height - top), min(side, whole.width - left)
            tile = Window(whole.top + top, whole.left + left, *size)
            if min(tile.clipped(picture)[2:]) > 0:
                yield tile


def read(array: npt.NDArray[np.uint8], window: Window) -> npt.NDArray[np.uint8]:
    """``window`` of a picture (H,W,…); beyond the edges, the picture mirrored."""
    rows = _mirrored(window.top, window.height, array.shape[0])
    columns = _mirrored(window.left, window.width, array.shape[1])
    return array[rows[:, None], columns]


def _mirrored(first: int, count: int, length: int) -> npt.NDArray[np.intp]:
    positions = np.arange(first, first + count) % (2 * length)
    return np.minimum(positions, 2 * length - 1 - positions)
