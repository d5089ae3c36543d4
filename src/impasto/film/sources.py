"""A film's source by its path: a film, a picture that moves, or a folder of numbered frames."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from impasto.files import is_folder
from impasto.film import folders, reading
from impasto.film.frames import Frame, within
from impasto.film.reading import FilmInfo
from impasto.images.animation import read_animation
from impasto.images.arrays import resize

_BY_PILLOW = ".webp"


def look(path: str | os.PathLike[str], max_pixels: int | None = None) -> FilmInfo:
    """What a film is like.

    Args:
        path: the film.
        max_pixels: the most pixels that its frames may have; None is what photos may have.

    Raises:
        ImpastoError: it cannot be read, or has no frame, or its frames are too large.
    """
    if is_folder(path):
        return folders.look_in(path)
    is_animation = Path(path).suffix.lower() == _BY_PILLOW
    return _look_at_animation(Path(path), max_pixels) if is_animation else reading.look_at(path, max_pixels)


def _look_at_animation(path: Path, max_pixels: int | None) -> FilmInfo:
    durations = [duration for _, duration in read_animation(path, max_pixels)]
    height, width = next(read_animation(path))[0].shape[:2]
    total = sum(durations, Fraction(0))
    rate = (len(durations) / total).limit_denominator(1001)
    unit = Fraction(1, 1000)
    return FilmInfo(path, height, width, rate, unit, Fraction(0), total, sound=False)


def read(
    info: FilmInfo, *, start: Fraction = Fraction(0), end: Fraction | None = None, longer: int | None = None
) -> Iterator[Frame]:
    """The frames of a film; see :func:`impasto.film.reading.read_frames`."""
    if is_folder(info.path):
        return within(folders.read_folder(info, longer, start), start, end)
    if info.path.suffix.lower() == _BY_PILLOW:
        return within(_animated(info, longer), start, end)
    return reading.read_frames(info, start=start, end=end, longer=longer)


def _animated(info: FilmInfo, longer: int | None) -> Iterator[Frame]:
    time = Fraction(0)
    for array, duration in read_animation(info.path):
        yield Frame(resize(array, *info.size_at(longer)), time, duration)
        time += duration
