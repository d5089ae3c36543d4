"""What the frames of a film have in common: cuts, frames that hardly differ, and where everything has moved to.

Only the film is looked at, not what is painted, so this runs ahead of the painting.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from impasto.errors import ImpastoError, pip_install
from impasto.film.frames import Frame
from impasto.images.arrays import Array

_THUMBNAIL = 64, 36
"""Width and height of what cuts are found on."""
_CUT = 22.0
"""A cut changes the thumbnail by more than this, in grey levels, and by :data:`_JUMP` times what frames before it
did."""
_JUMP = 3.0
_USUAL = 8
"""How many changes say what is usual in a shot."""
_PAN = 5
"""By how many pixels of the thumbnail a pan may move it from one frame to the next."""
_STILL = 1.2
"""Frames whose thumbnails differ by less than this everywhere, in grey levels, are painted once."""
_FLOW = 384
"""Long side, in pixels, at which motion is looked for."""
_SMOOTH = 1.2
"""By how much frames are smoothed before, as a standard deviation in pixels."""
_AGREE = 6.0, 18.0
"""Differences, in grey levels, up to which both frames show the same, and from which on they do not."""
_REST = 1.0
"""Rest is taken for motion where it fits as well but for so many grey levels."""
_AT_REST = 0.35
"""Motion of less than this many pixels (of the film) is none; moving a picture by so little would only blur it."""

_MOST = 0.5
"""If more than this share of a picture moves, all of it is moved at once."""
_ROW = 1024
"""So many pixels that move are looked up together."""

Map = npt.NDArray[np.float32]


class Flow(NamedTuple):
    """Where the last frame showed what this one shows.

    Attributes:
        flow: (h,w,2) float32, in pixels of that size: from a place in this frame to its place in the last one.
        same: (h,w) float32, 1 where both frames show the same, 0 where this one shows something new.
    """

    flow: Map
    same: Map


@dataclass(frozen=True, eq=False)
class Seen:
    """A frame, and what it has to do with those before it.

    Attributes:
        frame: the frame.
        thumbnail: (36,64,3) uint8.
        cut: whether a new shot begins.
        still: whether it hardly differs from the last frame that was to be painted.
        flow: how it moved since the last frame; None at cuts, and if that was not asked for.
        painted: the thumbnail of the last frame that was to be painted: this one's, unless it is still.
        changes: by how much thumbnails of this shot changed last, in grey levels.
    """

    frame: Frame
    thumbnail: Array
    cut: bool
    still: bool
    flow: Flow | None
    painted: Array
    changes: tuple[float, ...]


@functools.cache
def opencv() -> Any:
    """OpenCV, which finds motion.

    Raises:
        ImpastoError: it is not installed.
    """
    try:
        import cv2
    except ModuleNotFoundError:
        raise ImpastoError(f"steady films need OpenCV: {pip_install('video')}; or give steady 0") from None
    return cv2


def watch(frames: Iterable[Frame], *, flow: bool, before: Seen | None = None) -> Iterator[Seen]:
    """Compare each frame with the one before it.

    Args:
        frames: of a film.
        flow: whether to look for motion.
        before: the frame before the first; None at the beginning of a film.
    """
    last = before
    grey = _grey(before.frame.array) if before and flow else None
    for frame in frames:
        new_grey = _grey(frame.array) if flow else None
        last = _compared(frame, last)
        if not (last.cut or last.still or grey is None or new_grey is None):
            last = replace(last, flow=_flow(new_grey, grey, frame.array.shape))
        grey = new_grey
        yield last


def _compared(frame: Frame, last: Seen | None) -> Seen:
    """A frame beside the last one; its flow is not looked for."""
    new = thumbnail(frame.array)
    if last is None:
        return Seen(frame, new, cut=False, still=False, flow=None, painted=new, changes=())
    change = float(np.abs(new.astype(np.int16) - last.thumbnail).mean())
    cut = _is_cut(new, last.thumbnail, change, last.changes)
    still = not cut and _most(new, last.painted) < _STILL
    changes = () if cut else (*last.changes, change)[-_USUAL:]
    return Seen(frame, new, cut, still, None, last.painted if still else new, changes)


def thumbnail(array: Array) -> Array:
    """A frame (H,W,3) as (36,64,3): the means of its parts."""
    return np.asarray(Image.fromarray(array).resize(_THUMBNAIL, Image.Resampling.BOX, reducing_gap=2.0))


def _is_cut(new: Array, last: Array, change: float, changes: tuple[float, ...]) -> bool:
    usual = sum(changes) / len(changes) if changes else 0.0
    return change > max(_CUT, _JUMP * usual) and _nearest(new, last) > _CUT


def _nearest(new: Array, last: Array) -> float:
    """How much a thumbnail differs from the last one, moved to where it differs least: a pan is no cut."""
    height, width = new.shape[:2]
    changes = []
    for down in range(-_PAN, _PAN + 1):
        for right in range(-_PAN, _PAN + 1):
            here = new[max(0, down) : height + min(0, down), max(0, right) : width + min(0, right)]
            there = last[max(0, -down) : height + min(0, -down), max(0, -right) : width + min(0, -right)]
            changes.append(np.abs(here.astype(np.int16) - there).mean())
    return float(min(changes))


def _most(new: Array, last: Array) -> float:
    return float(np.abs(new.astype(np.int16) - last).max())


def _grey(array: Array) -> Array:
    cv2 = opencv()
    scale = min(1.0, _FLOW / max(array.shape[:2]))
    size = max(16, round(array.shape[1] * scale)), max(16, round(array.shape[0] * scale))
    small = cv2.resize(cv2.cvtColor(array, cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_AREA)
    return cv2.GaussianBlur(small, (0, 0), _SMOOTH)  # the grain of a film does not move as things do


def _flow(new: Array, last: Array, shape: tuple[int, ...]) -> Flow:
    """Motion from ``new`` back to ``last``, both (h,w) uint8, of frames of a larger ``shape``."""
    cv2 = opencv()
    flow: Map = _finder().calc(new, last, None)
    apart, at_rest = _apart(new, last, flow), _apart(new, last, None)
    # Where nothing is to be seen, a wall or the sky, any motion fits; rest is what it is.
    slow = cv2.max(*map(np.abs, cv2.split(flow))) * (shape[1] / new.shape[1]) < _AT_REST
    rests = (at_rest <= apart + _REST) | slow
    rests = cv2.medianBlur(rests.astype(np.uint8), 5)  # specks of motion are none
    flow = cv2.merge([part * (1 - rests) for part in cv2.split(flow)])
    apart = np.where(rests, at_rest, apart)
    same = np.clip((_AGREE[1] - apart) / (_AGREE[1] - _AGREE[0]), 0, 1).astype(np.float32)
    return Flow(flow, cv2.blur(cv2.erode(same, np.ones((3, 3), np.uint8)), (5, 5)))


def _apart(new: Array, last: Array, flow: Map | None) -> Map:
    """How much a frame and the last one, moved, differ around each pixel, in grey levels; both are (h,w)."""
    cv2 = opencv()
    if flow is not None:
        places = flow + _places(*new.shape)
        last = cv2.remap(last, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    apart: Map = cv2.blur(cv2.absdiff(last, new), (5, 5)).astype(np.float32)
    if flow is not None:
        (x, y), (height, width) = cv2.split(places), new.shape
        apart[(x < -1) | (x > width) | (y < -1) | (y > height)] = 255  # what the last frame did not show
    return apart


@functools.cache
def _finder() -> Any:
    cv2 = opencv()
    return cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_FAST)


def laid_under(picture: Array, last: Array, flow: Flow, steady: float) -> Array:
    """A painted frame (H,W,3), with the last one, moved to where things are now, showing through.

    Args:
        picture: as it was painted.
        last: the last frame, finished.
        flow: how the film moved in between.
        steady: how much of the last one there is where both show the same, from 0 to 1.
    """
    cv2 = opencv()
    height, width = picture.shape[:2]
    moved = _moved(last, flow.flow)
    mixed: Array = cv2.addWeighted(picture, 1 - steady, moved, steady, 0)
    same = cv2.resize(flow.same, (width, height), interpolation=cv2.INTER_LINEAR)
    where = np.flatnonzero(same < 1)
    if len(where) > _MOST * same.size:
        same *= np.float32(steady)
        return np.asarray(cv2.blendLinear(picture, moved, 1 - same, same))
    new, old, share = (each.reshape(same.size, -1)[where] for each in (picture, moved, same))
    mixed.reshape(-1, 3)[where] = np.rint(new + share * np.float32(steady) * (old - new.astype(np.float32)))
    return mixed


def _moved(last: Array, flow: Map) -> Array:
    """The last picture (H,W,3), moved by a flow (h,w,2); where nothing moves, nothing is computed."""
    cv2 = opencv()
    height, width = last.shape[:2]
    x, y = cv2.split(flow)
    moves = cv2.resize(255 * ((x != 0) | (y != 0)).astype(np.uint8), (width, height), interpolation=cv2.INTER_LINEAR)
    where = np.flatnonzero(moves)
    if not len(where):
        return last
    flow = cv2.merge([x * np.float32(width / x.shape[1]), y * np.float32(height / x.shape[0])])
    there = cv2.add(cv2.resize(flow, (width, height), interpolation=cv2.INTER_LINEAR), _places(height, width))
    if len(where) > _MOST * moves.size:
        return np.asarray(cv2.remap(last, there, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))
    # OpenCV wants rectangles: rows of pixels from anywhere, the last of them filled up with pixels of the first.
    places = np.resize(there.reshape(-1, 2)[where], (-(-len(where) // _ROW), _ROW, 2))
    found = cv2.remap(last, places, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    moved = last.copy()
    moved.reshape(-1, 3)[where] = found.reshape(-1, 3)[: len(where)]
    return moved


@functools.lru_cache(maxsize=4)
def _places(height: int, width: int) -> Map:
    y, x = np.indices((height, width), np.float32)
    return np.stack([x, y], axis=2)
