"""Where the frames of a film come from: a file, a folder of frames, or whatever yields arrays."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator
from fractions import Fraction
from numbers import Real

import numpy as np

from impasto.errors import ImpastoError, checked_path, kind_of, shown
from impasto.film.frames import Frame, at_rate, within
from impasto.images.arrays import Array, scaled

FilmLike = str | os.PathLike[str] | Iterable[Array]
"""A film: the path of its file or of a folder of frames, or the frames themselves, (H,W,3) uint8."""
_RATE = 25
"""Frames a second of frames that come without times."""
_RATES = 0.01, 1000.0
"""The least and the most frames a second that may be asked for."""


def frames_of(
    source: FilmLike, start: float = 0.0, end: float | None = None, fps: float | None = None, longer: int | None = None
) -> Iterator[Frame]:
    """The frames of a film; see :meth:`impasto.stylize.stylizer.Stylizer.video`.

    Args:
        source: the film.
        start, end: seconds.
        fps: frames a second; None are the film's own.
        longer: the long side of frames, in pixels; None is as it is.

    Raises:
        ImpastoError: the film cannot be read, or a number is out of its range.
    """
    begin, stop, rate = span_of(start, end, fps)
    if not isinstance(source, str | os.PathLike):
        if not isinstance(source, Iterable) or isinstance(source, bytes):
            raise ImpastoError(f"source: is {kind_of(source)}; give the path of a film, or frames (H,W,3) uint8")
        return within(_numbered(source, rate or Fraction(_RATE), longer), begin, stop)
    checked_path(source, "source", "the path of a film, or frames (H,W,3) uint8")
    from impasto.film.sources import look, read  # needs PyAV

    frames = read(look(source), start=begin, end=stop, longer=longer)
    return within(at_rate(frames, rate), begin, stop) if rate else frames


def span_of(start: float, end: float | None, fps: float | None) -> tuple[Fraction, Fraction | None, Fraction | None]:
    """Start, end and rate, as exact numbers.

    Raises:
        ImpastoError: one is not a number, or the end comes before the start.
    """
    for name, value in (("start", start), ("end", end), ("fps", fps)):
        good = isinstance(value, Real) and not isinstance(value, bool) and 0 <= value < math.inf
        if value is not None and not (good and (value > 0 or name == "start")):
            raise ImpastoError(
                f"{name} {shown(value)}: must be a number {'of at least' if name == 'start' else 'above'} 0"
            )
    if end is not None and end <= start:
        raise ImpastoError(f"end {end:g}: must come after the start, {start:g}")
    if fps is not None and not _RATES[0] <= fps <= _RATES[1]:
        raise ImpastoError(f"fps {fps:g}: must be between {_RATES[0]:g} and {_RATES[1]:g}")
    rate = None if fps is None else Fraction(fps).limit_denominator(1001)
    return (
        Fraction(start).limit_denominator(10**6),
        None if end is None else Fraction(end).limit_denominator(10**6),
        rate,
    )


def _numbered(arrays: Iterable[Array], rate: Fraction, longer: int | None) -> Iterator[Frame]:
    size: tuple[int, ...] | None = None
    for number, array in enumerate(arrays):
        if not isinstance(array, np.ndarray) or array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3:
            what = f"{array.shape} {array.dtype}" if isinstance(array, np.ndarray) else kind_of(array)
            raise ImpastoError(f"source: frame {number} is {what}; give (H,W,3) uint8, RGB")
        size = size or array.shape
        if array.shape != size:
            raise ImpastoError(f"source: frame {number} is {array.shape}, those before are {size}; give one size")
        yield Frame(scaled(array, longer=longer) if longer else array, number / rate, 1 / rate)
