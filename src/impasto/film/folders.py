"""A film as a folder of numbered frames."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from PIL import Image

from impasto.errors import ImpastoError
from impasto.files import sync
from impasto.film.frames import Frame
from impasto.film.reading import FilmInfo
from impasto.film.writing import cannot_write
from impasto.images.arrays import resize
from impasto.images.folders import find_photos, pictures_in
from impasto.images.reading import MAX_PIXELS, read_photo
from impasto.images.writing import write_image

RATE = Fraction(25)
"""Frames a second of a folder, unless another rate is given."""


def frames_in(folder: str | os.PathLike[str]) -> list[Path]:
    """The frames in a folder, in the order of their numbers: 2 comes before 10.

    Raises:
        ImpastoError: there are none.
    """
    find_photos(folder, "frames")
    found = pictures_in(folder, depth=1)
    if not found:
        raise ImpastoError(f"frames {folder}: are in its subfolders; give one of these")
    return sorted(found, key=_natural)


def _natural(path: Path) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", path.name)]


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


def read_folder(info: FilmInfo, longer: int | None, start: Fraction = Fraction(0)) -> Iterator[Frame]:
    """The frames of a folder from a start in seconds, all at the size of the first."""
    size = info.size_at(longer)
    first = math.ceil(start * info.rate)
    for number, path in enumerate(frames_in(info.path)[first:], first):
        yield Frame(resize(read_photo(path, MAX_PIXELS).array, *size), number / info.rate, 1 / info.rate)


class NumberedFrames:
    """Frames that are written to a folder as ``000001.png`` and so on, or on from a number.

    Attributes:
        frames: how many were written.
    """

    def __init__(self, folder: Path, done: int = 0) -> None:
        """Make the folder.

        Raises:
            ImpastoError: it cannot be made.
        """
        self._folder, self._done, self.frames = folder, done, 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(folder, error) from None

    def write(self, frame: Frame) -> None:
        """Write one more frame.

        Raises:
            ImpastoError: the file cannot be written.
        """
        self.frames += 1
        write_image(Image.fromarray(frame.array), self._folder / _name(self._done + self.frames))

    def close(self) -> None:
        """Wait until the frames are on the disk; each is whole already."""
        try:
            for number in range(self._done + 1, self._done + self.frames + 1):
                sync(self._folder / _name(number))
            sync(self._folder)
        except OSError as error:
            raise cannot_write(self._folder, error) from None


def move_frames(frames: Path, folder: Path, count: int) -> None:
    """Move a folder of ``count`` numbered frames to its place; frames of another film that are there are replaced.

    Raises:
        ImpastoError: they cannot be moved.
    """
    try:
        if not folder.exists():
            os.replace(frames, folder)
            return
        for path in sorted(frames.iterdir()):
            os.replace(path, folder / path.name)
        while (left := folder / _name(count + 1)).is_file():
            left.unlink()
            count += 1
    except OSError as error:
        raise cannot_write(folder, error) from None


def _name(number: int) -> str:
    return f"{number:06d}.png"
