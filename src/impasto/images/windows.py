"""Windows: parts of a picture, and the sizes that a network can take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

Number = TypeVar("Number", bound=np.generic)

MULTIPLE = 4
"""Height and width of what a network sees must be multiples of this, in pixels, because the network halves the picture
twice."""
MARGIN = 16
"""Width, in pixels, of the mirrored border that is painted around a picture and then cut off: networks draw a thin
frame along their edges."""


class Window(NamedTuple):
    """A part of a picture, in pixels. It may reach beyond the picture's edges, where the picture is mirrored."""

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
        """This window with a halo: a window of (height,width) ``size`` plus ``halo`` pixels on every side.

        It is moved and cut so that it stays in ``frame``. All windows of a frame are equally large then, so that a
        runtime prepares itself for one size only.
        """
        height, width = min(size[0] + 2 * halo, frame.height), min(size[1] + 2 * halo, frame.width)
        top = min(max(frame.top, self.top - halo), frame.top + frame.height - height)
        left = min(max(frame.left, self.left - halo), frame.left + frame.width - width)
        return Window(top, left, height, width)

    def within(self, outer: Window) -> Window:
        """The same window, its place counted from the corner of ``outer``."""
        return self._replace(top=self.top - outer.top, left=self.left - outer.left)

    def cut(self, array: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """This part of (H,W,…), as a view."""
        return array[self.top : self.top + self.height, self.left : self.left + self.width]


def frame(height: int, width: int) -> Window:
    """What a network paints for a picture of (height,width): the picture, in the middle, and a border around it.

    The border is :data:`MARGIN` pixels wide, and a little more where the size must become a multiple of
    :data:`MULTIPLE`. The frame begins above and left of the picture, at negative coordinates.
    """
    sizes = [-(-(length + 2 * MARGIN) // MULTIPLE) * MULTIPLE for length in (height, width)]
    return Window(-((sizes[0] - height) // 2), -((sizes[1] - width) // 2), *sizes)


def tiles(frame: Window, picture: Window, side: int, halo: int) -> list[tuple[Window, Window]]:
    """Tiles that together cover a picture, and with each the window that is painted for it.

    Args:
        frame: the frame of the picture, see :func:`frame`.
        picture: the window to cover.
        side: side, in pixels, of a square that with its halo is as much as can be painted at once; at least
            :data:`MULTIPLE`.
        halo: width, in pixels, of what is painted around a tile, as far as the frame goes.

    Returns:
        Pairs of a tile and the window, the tile with its halo, that is painted for it.
    """
    shown = _aligned(picture, frame)
    size = _tile_size(shown, frame, side, halo)
    return [(tile, tile.around(halo, size, frame)) for tile in _parts(shown, size)]


def _aligned(picture: Window, frame: Window) -> Window:
    """The smallest window around the picture whose edges are multiples of :data:`MULTIPLE` from the frame's corner."""
    top, left, height, width = picture.within(frame)
    down, across = top % MULTIPLE, left % MULTIPLE
    return Window(picture.top - down, picture.left - across, _part(height + down, 1), _part(width + across, 1))


def _tile_size(shown: Window, frame: Window, side: int, halo: int) -> tuple[int, int]:
    """Height and width of the tiles that cover ``shown`` with the least work.

    Squares would leave narrow strips at the right and the bottom. For these a window of full size would be painted, as
    for any other tile. That is up to half of the work where a picture has few tiles.
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
    """``length`` divided by ``count``, rounded up to a multiple of :data:`MULTIPLE`."""
    return -(-length // (count * MULTIPLE)) * MULTIPLE


def _parts(shown: Window, size: tuple[int, int]) -> Iterator[Window]:
    """Windows of ``size``, smaller at the right and the bottom, that cover ``shown``."""
    for top in range(0, shown.height, size[0]):
        for left in range(0, shown.width, size[1]):
            rest = min(size[0], shown.height - top), min(size[1], shown.width - left)
            yield Window(shown.top + top, shown.left + left, *rest)


def read(array: npt.NDArray[np.uint8], window: Window) -> npt.NDArray[np.uint8]:
    """``window`` of a picture (H,W,…). Beyond the edges the picture is mirrored."""
    inside = window.clipped(Window(0, 0, *array.shape[:2]))
    before = inside.top - window.top, inside.left - window.left
    after = window.height - inside.height - before[0], window.width - inside.width - before[1]
    if not any(before + after):
        return inside.cut(array)
    sides = [(before[0], after[0]), (before[1], after[1])] + [(0, 0)] * (array.ndim - 2)
    return np.pad(inside.cut(array), sides, mode="symmetric")
