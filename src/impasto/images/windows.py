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

    def around(self, halo: int, size: tuple[int, int], frame: Window) -> Window:
        """A window of ``size`` and ``halo`` pixels around that, with this one and its halo, as far as ``frame`` goes.

        All windows of a frame are equally large then, for which a runtime prepares itself once.
        """
        height, width = min(size[0] + 2 * halo, frame.height), min(size[1] + 2 * halo, frame.width)
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


def tiles(frame: Window, picture: Window, side: int, halo: int) -> list[tuple[Window, Window]]:
    """Tiles that show all of a ``picture`` in its ``frame``, and with each, the window that is painted for it.

    Args:
        frame: of the picture.
        picture: to cover.
        side: of a square that, with its halo, is as much as can be painted at once; at least :data:`MULTIPLE`.
        halo: what is painted around a tile, as far as the frame goes.
    """
    shown = _aligned(picture, frame)
    size = _tile_size(shown, frame, side, halo)
    return [(tile, tile.around(halo, size, frame)) for tile in _parts(shown, size)]


def _aligned(picture: Window, frame: Window) -> Window:
    """The least window that holds the picture, in steps of :data:`MULTIPLE` from the corner of its frame."""
    top, left, height, width = picture.within(frame)
    down, across = top % MULTIPLE, left % MULTIPLE
    return Window(picture.top - down, picture.left - across, _part(height + down, 1), _part(width + across, 1))


def _tile_size(shown: Window, frame: Window, side: int, halo: int) -> tuple[int, int]:
    """Height and width of the tiles by which ``shown`` is painted with the least work.

    Squares would leave narrow rests at the right and the bottom, for which as large windows are painted as for all
    others: up to half of the work where a picture has few tiles.
    """
    most = (side + 2 * halo) ** 2
    best, least = (shown.height, shown.width), np.inf
    for rows in range(1, shown.height // MULTIPLE + 1):
        height = _part(shown.height, rows)
        painted = min(height + 2 * halo, frame.height)
        widest = (most // painted - 2 * halo) // MULTIPLE * MULTIPLE
        if painted * frame.width <= most:
            widest = shown.width
        if widest < MULTIPLE:
            continue
        width = _part(shown.width, -(-shown.width // widest))
        count = -(-shown.height // height) * -(-shown.width // width)
        work = count * painted * min(width + 2 * halo, frame.width)
        if work < least:
            best, least = (height, width), work
    return best


def _part(length: int, count: int) -> int:
    """The next multiple of :data:`MULTIPLE` from a ``count``-th of ``length``."""
    return -(-length // (count * MULTIPLE)) * MULTIPLE


def _parts(shown: Window, size: tuple[int, int]) -> Iterator[Window]:
    """Windows of ``size``, smaller at the right and the bottom, that cover ``shown``."""
    for top in range(0, shown.height, size[0]):
        for left in range(0, shown.width, size[1]):
            rest = min(size[0], shown.height - top), min(size[1], shown.width - left)
            yield Window(shown.top + top, shown.left + left, *rest)


def read(array: npt.NDArray[np.uint8], window: Window) -> npt.NDArray[np.uint8]:
    """``window`` of a picture (H,W,…); beyond the edges, the picture mirrored."""
    rows = _mirrored(window.top, window.height, array.shape[0])
    columns = _mirrored(window.left, window.width, array.shape[1])
    return array[rows[:, None], columns]


def _mirrored(first: int, count: int, length: int) -> npt.NDArray[np.intp]:
    positions = np.arange(first, first + count) % (2 * length)
    return np.minimum(positions, 2 * length - 1 - positions)
