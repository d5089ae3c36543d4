"""A film as a folder of numbered frames."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

from PIL import Image

from impasto.errors import ImpastoError
from impasto.film.frames import Frame
from impasto.film.reading import FilmInfo
from impasto.images.arrays import resize
from impasto.images.folders import find_photos
from impasto.images.reading import MAX_PIXELS, read_photo
from impasto.images.writing import write_image

RATE = Fraction(25)
"""Frames a second of a folder, unless another rate is given."""


def frames_in(folder: str | os.PathLike[str]) -> list[Path]:
    """The frames in a folder, in the order of their numbers: 2 comes before 10."""
    found = find_photos(folder, "frames")
    return sorted((path for path in found if path.parent == Path(folder)), key=_natural)


def _natural(path: Path) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", path.name)]


def look_in(folder: str | os.PathLike[str]) -> FilmInfo:
    """What the film in a folder is like.

    Raises:
        ImpastoError: it has no frames, or the first cannot be read.
    """
    frames = frames_in(folder)
    height, width = read_photo(frames[0], MAX_PIXELS).array.shape[:2]
    return FilmInfo(
        path=Path(folder),
        height=height,
        width=width,
        rate=RATE,
        time_base=1 / RATE,
        origin=Fraction(0),
        duration=len(frames) / RATE,
        sound=False,
    )


def read_folder(info: FilmInfo, longer: int | None) -> Iterator[Frame]:
    """The frames of a folder, all at the size of the first."""
    size = info.size_at(longer)
    for number, path in enumerate(frames_in(info.path)):
        yield Frame(resize(read_photo(path, MAX_PIXELS).array, *size), number / info.rate, 1 / info.rate)


def write_folder(frames: Iterable[Frame], folder: Path) -> int:
    """Write frames as ``000001.png`` and so on, and return how many there were.

    Raises:
        ImpastoError: the folder cannot be made, or a frame cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImpastoError(f"{folder}: cannot be made ({error.strerror}); give another --out") from None
    count = 0
    for count, frame in enumerate(frames, 1):
        write_image(Image.fromarray(frame.array), folder / f"{count:06d}.png")
    return count
