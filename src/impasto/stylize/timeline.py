"""How a film is painted at every moment: the plan, whose style, strength and strokes may have keyframes."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypedDict

import numpy as np

from impasto.errors import ImpastoError, shown
from impasto.stylize.controls import Controls
from impasto.stylize.keyframes import (
    KeyFrames,
    Time,
    are_key_frames,
    number_at,
    numbers_of,
    parse_key_frames,
)
from impasto.stylize.plan import Plan
from impasto.stylize.resolve import Point, StyleLike

KeyFramesLike = str | Sequence[tuple[float, Any]]
"""Values in time: ``"0:mural, 4.5:scream"``, or pairs of a time in seconds and a value."""
_STROKES = 4
"""Strokes of so many sizes are painted between one and its double; in between, two pictures are mixed."""


class FilmControls(TypedDict, total=False):
    """The fields of :class:`impasto.stylize.controls.Controls` for a film, for type checkers."""

    strength: float | KeyFramesLike
    detail: float
    keep_color: bool
    stroke: float | KeyFramesLike
    size: int | None


@dataclass(frozen=True)
class Timeline:
    """How a film is painted, at every moment.

    Attributes:
        styles: the plans, resolved at a strength of 1.
        strength, stroke: take the place of those of the plans' controls.
    """

    styles: KeyFrames[Plan]
    strength: KeyFrames[float]
    stroke: KeyFrames[float]

    @property
    def at_once(self) -> int:
        """How many frames may be painted at the same time."""
        return self.styles.values[0].painter.runtime.at_once

    def moves(self, begin: float, end: float) -> bool:
        """Whether anything changes between two times."""
        return any(each.moves(begin, end) for each in (self.styles, self.strength, self.stroke))

    def at(self, time: Time) -> list[tuple[Plan, float]]:
        """The plan for a moment, or two plans, with the share of each, whose strokes differ in size."""
        first, second, share = self.styles.at(time)
        strength = number_at(self.strength, time)
        points = tuple(
            _at_strength(_mixed(a, b, share), strength) for a, b in zip(first.points, second.points, strict=True)
        )
        plan = replace(first, points=points)
        return [(with_numbers(plan, strength, size), part) for size, part in self._sizes(time)]

    def settled(self, time: float) -> float:
        """The last keyframe before a time at which nothing changes: everything is as it is then."""
        times = (*self.styles.times, *self.strength.times, *self.stroke.times)
        return max((each for each in times if each <= time), default=0.0)

    def _sizes(self, time: Time) -> list[tuple[float, float]]:
        """Sizes of strokes, and the share of each."""
        stroke = number_at(self.stroke, time)
        if len(self.stroke.values) == 1:
            return [(stroke, 1.0)]
        step = _STROKES * math.log2(stroke)
        low = math.floor(step)
        sizes = [(2 ** (low / _STROKES), 1 - (step - low)), (2 ** ((low + 1) / _STROKES), step - low)]
        return [(min(4.0, max(0.5, size)), share) for size, share in sizes if share > 1e-6]


def timeline(
    plan: Callable[[StyleLike, Controls, Any], Plan],
    style: StyleLike | KeyFramesLike | None,
    regions: object,
    controls: Mapping[str, Any],
) -> Timeline:
    """A timeline from what a caller gives.

    Args:
        plan: makes the plan for a style, controls and regions.
        style: a style or blend, or keyframes of them.
        regions: pairs of a mask and a style.
        controls: the fields of controls by name; strength and stroke may have keyframes.

    Raises:
        ImpastoError: something cannot be read, is out of its range or out of order.
    """
    strength = numbers_of(controls.get("strength", 1.0), "strength")
    stroke = numbers_of(controls.get("stroke", 1.0), "stroke")
    # The numbers' ranges are those of controls, which say what is out of them.
    strength.mapped(lambda value: Controls(strength=value))
    stroke.mapped(lambda value: Controls(stroke=value))
    basis = Controls(**{**controls, "strength": 1.0, "stroke": 1.0})
    made = functools.cache(lambda slug: plan(slug, basis, regions))
    return Timeline(
        _styles(style).mapped(lambda each: made(each) if isinstance(each, str) else plan(each, basis, regions)),
        strength,
        stroke,
    )


def _styles(style: Any) -> KeyFrames[StyleLike]:
    if isinstance(style, str) and are_key_frames(style):
        return parse_key_frames(style, "style").mapped(lambda blend: blend.replace("+", ","))
    if isinstance(style, list | tuple):
        return KeyFrames.of(style, "style")
    return KeyFrames.still(style)


def checked_steady(steady: float) -> float:
    """How steady a film is to be.

    Raises:
        ImpastoError: it is not a number from 0 to 1.
    """
    if isinstance(steady, bool) or not isinstance(steady, int | float) or not 0 <= steady <= 1:
        raise ImpastoError(f"steady {shown(steady)}: must be a number between 0 and 1")
    return float(steady)


def with_numbers(plan: Plan, strength: float, stroke: float) -> Plan:
    """A plan with another strength and stroke in its controls; its points stay."""
    options = {name: getattr(plan.controls, name) for name in Controls.__struct_fields__}
    return replace(plan, controls=Controls(**options | {"strength": strength, "stroke": stroke}))


def _mixed(first: Point, second: Point, share: float) -> Point:
    if share == 0 or first is second:
        return first
    part = np.float32(share)
    base = first.base + part * (second.base - first.base)
    return replace(first, base=base, share=first.share + share * (second.share - first.share))


def _at_strength(point: Point, strength: float) -> Point:
    if point.identity is None:
        return point
    return replace(point, share=max(0.0, 1 - strength * (1 - point.share)))
