"""Values that change in the course of a film: keyframes, between which they move smoothly.

``0:mural, 4.5:scream, 9:mural:.5+starry-night:.5`` is a style in time. From 0 to 4.5 seconds the mural turns into the
scream, and from there to 9 seconds into a blend.
"""

from __future__ import annotations

import bisect
import itertools
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, TypeVar

from impasto.errors import ImpastoError, shown, with_points

T = TypeVar("T")
U = TypeVar("U")
Time = Fraction | float
_KEY = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*:(.*)", re.DOTALL)


@dataclass(frozen=True)
class KeyFrames(Generic[T]):
    """A value in time. Before the first keyframe it is the first one's, after the last the last one's.

    Attributes:
        times: seconds, rising.
        values: as many.
    """

    times: tuple[float, ...]
    values: tuple[T, ...]

    @classmethod
    def of(cls, pairs: Sequence[tuple[float, T]], name: str) -> KeyFrames[T]:
        """Keyframes from pairs of a time and a value.

        Raises:
            ImpastoError: there are none, or their times do not rise. The message calls them ``name``.
        """
        wrong = f"{name}: give keyframes as pairs of a time in seconds and a value, [(0, …), (4.5, …)]"
        try:
            times, values = tuple(float(time) for time, _ in pairs), tuple(value for _, value in pairs)
        except (TypeError, ValueError):
            raise ImpastoError(wrong) from None
        if not pairs or not all(math.isfinite(time) and time >= 0 for time in times):
            raise ImpastoError(wrong)
        for before, after in itertools.pairwise(times):
            if after <= before:
                raise ImpastoError(f"{name}: {after:g} s comes after {before:g} s; put keyframes in order")
        return cls(times, values)

    @classmethod
    def still(cls, value: T) -> KeyFrames[T]:
        """A value that does not change."""
        return cls((0.0,), (value,))

    def mapped(self, change: Callable[[T], U]) -> KeyFrames[U]:
        """The same keyframes with other values."""
        return KeyFrames(self.times, tuple(map(change, self.values)))

    def at(self, time: Time) -> tuple[T, T, float]:
        """The values before and after a time, and the share of the second, from 0 to 1."""
        after = bisect.bisect_right(self.times, float(time))
        if after in (0, len(self.times)):
            value = self.values[min(after, len(self.times) - 1)]
            return value, value, 0.0
        begin, end = self.times[after - 1], self.times[after]
        share = (float(time) - begin) / (end - begin)
        # It starts and stops gently.
        return self.values[after - 1], self.values[after], share * share * (3 - 2 * share)

    def moves(self, begin: float, end: float) -> bool:
        """Whether the value is another one at some moment between two times."""
        steps = zip(self.times, self.times[1:], self.values, self.values[1:], strict=False)
        return any(first < end and last > begin and before != after for first, last, before, after in steps)


def number_at(frames: KeyFrames[float], time: Time) -> float:
    """A number that moves."""
    first, second, share = frames.at(time)
    return first + share * (second - first)


def are_key_frames(text: str) -> bool:
    """Whether a text is a list of keyframes, and not one value: it begins with a time, ``0:``."""
    return bool(_KEY.fullmatch(text))


def parse_key_frames(text: str, name: str) -> KeyFrames[str]:
    """``0:mural, 4.5:mural:.5+scream:.5`` -> keyframes whose values are texts.

    Raises:
        ImpastoError: a part has no time, or the times do not rise.
    """
    pairs = []
    for part in text.split(","):
        found = _KEY.fullmatch(part)
        if not found or not found[2].strip():
            raise ImpastoError(f"{name} {shown(text)}: {shown(part.strip())} has no time; write {_example(text)}")
        pairs.append((float(found[1]), found[2].strip()))
    return KeyFrames.of(pairs, f"{name} {shown(text)}")


def _example(text: str) -> str:
    """What to write in place of a text that is no list of keyframes: the same with decimal points, if that is one."""
    pointed = with_points(text)
    several = re.search(r"\.\d+\.", pointed)  # 0:0,2,4:1 may mean two things
    good = pointed != text and not several and all(_KEY.fullmatch(part) for part in pointed.split(","))
    return pointed if good else "0:first, 4.5:second"


def numbers_of(given: object, name: str) -> KeyFrames[float]:
    """A number, pairs of a time and a number, or a text of these (``0:0.2, 4:1``), as keyframes.

    Raises:
        ImpastoError: it is none of these.
    """
    if isinstance(given, str) and are_key_frames(given):
        texts = parse_key_frames(given, name)
        return KeyFrames(texts.times, tuple(_number(value, name) for value in texts.values))
    if isinstance(given, list | tuple):
        return KeyFrames.of(given, name).mapped(lambda value: _number(value, name))
    return KeyFrames.still(_number(given, name))


def _number(given: object, name: str) -> float:
    try:
        return float(given)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ImpastoError(f"{name} {shown(given)}: is not a number; write 0.8, or keyframes, 0:0.2, 4:1") from None
