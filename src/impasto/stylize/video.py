"""Frames in, frames out: a film in any style, or in styles that turn into one another, steady from frame to frame."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from impasto.film.frames import Frame, ahead, in_order
from impasto.images.arrays import Array, mixed, resize
from impasto.stylize.motion import Seen, laid_under, thumbnail, watch
from impasto.stylize.passes import Passes, between, follow, measured
from impasto.stylize.plan import Plan
from impasto.stylize.timeline import Timeline, with_numbers

STEADY = 0.6
"""How steady films are unless it is said: what measures best, see docs/guide/video.md."""
_NODE = 0.5
"""Seconds between moments for which a moving style's statistics are measured; in between they are interpolated."""
_GLIDE = 1.5
"""Seconds in which statistics move to a frame that the shot has come to."""
_DRIFT = 18.0, 0.35
"""A shot has moved on when its mean colour has changed by the first number, in grey levels. The second is for its
contrast: the logarithm of a factor."""
_KEPT = 12
"""How many measurements are kept."""
_CONTRAST = 30.0
"""Contrast, as the standard deviation of a thumbnail in grey levels, from which on a frame's statistics are its own. A
black frame has none: it would be painted as noise."""


class Reference(NamedTuple):
    """A frame whose statistics others are painted with.

    Attributes:
        array: (H,W,3) uint8.
        since: seconds; from then on.
    """

    array: Array
    since: float


@dataclass(frozen=True)
class State:
    """What painting has come to after a frame: what it takes to go on with the next one.

    Attributes:
        references: the last of them is what the shot has come to; statistics are moving there from the one before.
        seen: the last frame of the film.
        picture: (H,W,3) uint8, that frame, painted.
    """

    references: tuple[Reference, ...]
    seen: Seen
    picture: Array

    @property
    def time(self) -> Fraction:
        """When the last frame is shown, in seconds."""
        return self.seen.frame.time


@dataclass(frozen=True, eq=False)
class Work:
    """What the network is to do for a frame; it depends on the film alone, not on pictures before.

    Attributes:
        seen: the frame.
        references: as in :class:`State`.
        passes: a plan for the frame, what its passes are given, and whether the next frames have the same; two if two
            pictures are mixed. None where the last picture is shown again.
        share: of the second picture.
    """

    seen: Seen
    references: tuple[Reference, ...]
    passes: tuple[tuple[Plan, Passes, bool], ...]
    share: float

    def picture(self) -> Array | None:
        """(H,W,3) uint8, the frame painted by itself; None where the last picture is shown again."""
        pictures = [follow(plan, self.seen.frame.array, passes, fold=fold) for plan, passes, fold in self.passes]
        if len(pictures) < 2:
            return pictures[0] if pictures else None
        return np.asarray(mixed(pictures[0], pictures[1], self.share), np.uint8)


def paint_frames(
    frames: Iterable[Frame], timeline: Timeline, steady: float, state: State | None = None
) -> Iterator[tuple[Frame, State]]:
    """Paint the frames of a film.

    The network is at work on the next frames while the pictures of those before are laid under one another.

    Args:
        frames: of one size, at rising times.
        timeline: how.
        steady: from 0, every frame by itself, to 1.
        state: where to go on.

    Yields:
        Each frame, painted, and the state after it.
    """
    painter = FilmPainter(timeline)
    seen = watch(frames, flow=steady > 0, before=state.seen if state else None)
    # Closed here, the threads end and the film's file is let go, even where somebody keeps the error.
    with (
        closing(ahead(seen, 2)) as coming,
        closing(in_order(_painted, painter.planned(coming, state), timeline.at_once)) as painted,
    ):
        for each, picture in painted:
            state = _finished(each, picture, state, steady)
            yield Frame(state.picture, state.time, each.seen.frame.duration), state


def _painted(work: Work) -> tuple[Work, Array | None]:
    return work, work.picture()


def _finished(work: Work, picture: Array | None, state: State | None, steady: float) -> State:
    """The state after a frame, whose ``picture`` as it was painted by itself has the last one laid under it."""
    if picture is None:
        assert state is not None
        picture = state.picture
    elif state and work.seen.flow is not None:
        picture = laid_under(picture, state.picture, work.seen.flow, steady)
    return State(work.references, work.seen, picture)


class FilmPainter:
    """Says what the network is to do for each frame; what it keeps can be computed anew."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._known: dict[tuple[int, float, float], tuple[Array, Passes]] = {}

    def planned(self, frames: Iterable[Seen], state: State | None) -> Iterator[Work]:
        """The work for each frame; ``state`` is that after the frame before, None at the beginning."""
        references, last = (state.references, float(state.time)) if state else ((), 0.0)
        for seen in frames:
            work = self._work(seen, references, last)
            references, last = work.references, float(seen.frame.time)
            yield work

    def paint(self, seen: Seen, state: State | None) -> State:
        """The state after one more frame, painted by itself. The state stays for one that hardly differs from its
        frame, so that slow changes add up."""
        (work,) = self.planned([seen], state)
        picture = work.picture()
        return state if state and picture is None else _finished(work, picture, state, 0.0)

    def _work(self, seen: Seen, before: tuple[Reference, ...], last: float) -> Work:
        """The work for a frame; ``before`` are the references of the one before, which came at the time ``last``."""
        time = float(seen.frame.time)
        references = self._references(seen, before)
        moved = self._timeline.moves(min(last, time - 1), time)
        if before and seen.still and len(references) == 1 and not moved:
            return Work(seen, references, (), 0.0)
        plans = self._timeline.at(seen.frame.time)
        alone = len(plans) == 1
        passes = tuple((plan, *self._followed(plan, time, references, alone=alone)) for plan, _ in plans)
        return Work(seen, references, passes, plans[-1][1])

    def _references(self, seen: Seen, references: tuple[Reference, ...]) -> tuple[Reference, ...]:
        time = float(seen.frame.time)
        if not references or seen.cut:
            return (Reference(seen.frame.array, time),)
        if len(references) > 1:
            return references if time < references[-1].since + _GLIDE else references[-1:]
        if _moved_on(seen.thumbnail, thumbnail(references[-1].array)):
            return (*references, Reference(seen.frame.array, time))
        return references

    def _followed(
        self, plan: Plan, time: float, references: tuple[Reference, ...], *, alone: bool
    ) -> tuple[Passes, bool]:
        """What a plan's passes over a frame are given, and whether networks are worth compiling for it.

        They are where the next frames have the same, and if no other plan has its turn in between: runtimes keep only
        a few.
        """
        node = math.floor(time / _NODE) * _NODE
        moving = self._timeline.moves(node, node + _NODE)
        fold = alone and not moving
        found = [self._passes_of(reference, plan, time, moving=moving, fold=fold) for reference in references]
        if len(found) == 1:
            return found[0], fold
        share = min(1.0, (time - references[-1].since) / _GLIDE)
        return between(found[0], found[1], share * share * (3 - 2 * share)), False

    def _passes_of(self, reference: Reference, plan: Plan, time: float, *, moving: bool, fold: bool) -> Passes:
        """What frames are painted with whose statistics are those of a reference."""
        if not moving:
            return self._measured(reference, plan, self._timeline.settled(time), fold=fold)
        node = math.floor(time / _NODE) * _NODE
        first, second = (self._measured(reference, plan, at, fold=False) for at in (node, node + _NODE))
        return between(first, second, (time - node) / _NODE)

    def _measured(self, reference: Reference, plan: Plan, time: float, *, fold: bool) -> Passes:
        """Statistics of a reference in the style of a moment, with the strokes of a plan. They are kept."""
        stroke = plan.controls.stroke
        key = (id(reference.array), time, stroke)
        if key not in self._known:
            then = self._timeline.at(time)[0][0]
            then = with_numbers(then, then.controls.strength, stroke)
            if len(self._known) >= _KEPT:
                self._known.pop(next(iter(self._known)))
            # The array is kept, too, so that no other one gets its id.
            self._known[key] = reference.array, _steadied(then, reference.array, fold=fold)
        return self._known[key][1]


def _steadied(plan: Plan, reference: Array, *, fold: bool) -> Passes:
    """Statistics of a reference; where it shows next to nothing, mostly those of a photo."""
    contrast = float(thumbnail(reference).std())
    own = measured(plan, reference, fold=fold and contrast >= _CONTRAST)
    if contrast >= _CONTRAST:
        return own
    return between(measured(plan, _usual(*reference.shape[:2])), own, contrast / _CONTRAST)


def _usual(height: int, width: int) -> Array:
    """A photo like many others, (height,width,3)."""
    from impasto.assets import examples
    from impasto.images.reading import read_photo

    return resize(read_photo(examples() / "colosseum.jpg").array, height, width)


def _moved_on(new: Array, reference: Array) -> bool:
    """Whether a frame is so unlike the reference that its statistics should be used; what fades away is not."""
    contrast, before = float(new.std()), float(reference.std())
    if contrast < 0.7 * min(before, _CONTRAST):
        return False
    shift = float(np.abs(new.mean(axis=(0, 1)) - reference.mean(axis=(0, 1))).max())
    return shift > _DRIFT[0] or abs(math.log(max(contrast, 1) / max(before, 1))) > _DRIFT[1]
