"""A film's source by its path: a film, a picture that moves, or a folder of numbered frames."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction

from impasto.film import reading
from impasto.film.frames import Frame
from impasto.film.reading import FilmInfo


def look(path: str | os.PathLike[str]) -> FilmInfo:
    """What a film is like.

    Raises:
        ImpastoError: it cannot be read, or has no frame.
    """
    return reading.look_at(path)


def read(
    info: FilmInfo, *, start: Fraction = Fraction(0), end: Fraction | None = None, longer: int | None = None
) -> Iterator[Frame]:
    """The frames of a film; see :func:`impasto.film.reading.read_frames`."""
    return reading.read_frames(info, start=start, end=end, longer=longer)
