"""Frames of a shot, painted alike: all are normalised by the statistics of one frame, the shot's reference.

A network that measured every frame anew would change the light of the whole picture whenever something bright or dark
comes in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import NamedTuple

import numpy as np

from impasto.images.arrays import Array, Levels
from impasto.progress import Progress, silent
from impasto.styles.style import Row
from impasto.stylize.plan import Plan
from impasto.stylize.regions import Regions
from impasto.stylize.tiles import TiledPainter

Key = tuple[int, int, int]
"""A pass of the network over a frame: height, width, and the how-manieth pass at that size it is."""


class PassInput(NamedTuple):
    """What one pass of the network is given, whatever the frame shows.

    Attributes:
        styles: (R,P) float32, the rows of the styles.
        statistics: (1,P) float32.
    """

    styles: Row
    statistics: Row


Passes = Mapping[Key, PassInput]


@dataclass(frozen=True)
class _Counting(TiledPainter):
    """Counts the passes over a frame."""

    passes: dict[Key, PassInput] = field(default_factory=dict)
    seen: Counter[tuple[int, int]] = field(default_factory=Counter)

    def _next(self, size: tuple[int, int]) -> Key:
        self.seen[size] += 1
        return *size, self.seen[size] - 1

    def _paint(self, photo: Levels, regions: Regions, frozen: PassInput, size: tuple[int, int]) -> Levels:
        regions = replace(regions, styles=frozen.styles)
        if self.at_once(size):
            return self.paint_whole(photo, regions, frozen.statistics, size)
        return self.paint_tiles(photo, regions, frozen.statistics, size)


@dataclass(frozen=True)
class _Measuring(_Counting):
    """Measures the statistics of a frame for every pass, and paints it with them."""

    def paint(
        self, photo: Levels, regions: Regions, size: tuple[int, int] | None = None, progress: Progress = silent
    ) -> Levels:
        size = size or (photo.shape[0], photo.shape[1])
        frozen = PassInput(regions.styles, self.measure(photo, regions, size))
        self.passes[self._next(size)] = frozen
        return self._paint(photo, regions, frozen, size)


@dataclass(frozen=True)
class _Following(_Counting):
    """Paints with what was measured on another frame; a pass that this one has not is measured anew."""

    def paint(
        self, photo: Levels, regions: Regions, size: tuple[int, int] | None = None, progress: Progress = silent
    ) -> Levels:
        size = size or (photo.shape[0], photo.shape[1])
        known = self.passes.get(self._next(size))
        return self._paint(photo, regions, known or PassInput(regions.styles, self.measure(photo, regions, size)), size)


def measured(plan: Plan, reference: Array, *, fold: bool = False) -> Passes:
    """What the passes over frames like ``reference`` (H,W,3) are to be given; ``fold`` as for :func:`follow`."""
    painter = _as(_Measuring, plan.painter, fold=fold)
    replace(plan, painter=painter).painted(reference, silent)
    return painter.passes


def follow(plan: Plan, frame: Array, passes: Passes, *, fold: bool) -> Array:
    """Paint a frame (H,W,3) as ``passes`` say; ``fold`` where the next frames will have the same."""
    painter = _as(_Following, plan.painter, fold=fold, passes=dict(passes))
    return replace(plan, painter=painter).painted(frame, silent).astype(np.uint8, copy=False)


def between(first: Passes, second: Passes, share: float) -> Passes:
    """The passes on the way from the first (0) to the second (1)."""
    if share <= 0 or share >= 1:
        return first if share <= 0 else second
    mixed = {key: _mixed(first.get(key), second.get(key), np.float32(share)) for key in {**first, **second}}
    return {key: each for key, each in mixed.items() if each is not None}


def _mixed(first: PassInput | None, second: PassInput | None, share: np.float32) -> PassInput | None:
    if first is None or second is None:
        return first or second
    return PassInput(*(a + share * (b - a) for a, b in zip(first, second, strict=True)))


def _as(
    kind: type[_Counting], painter: TiledPainter, *, fold: bool, passes: dict[Key, PassInput] | None = None
) -> _Counting:
    given = {each.name: getattr(painter, each.name) for each in fields(TiledPainter)}
    return kind(**given | {"fold": fold, "passes": {} if passes is None else passes})
