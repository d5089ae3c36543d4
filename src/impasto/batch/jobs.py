"""Many photos: which photo becomes which picture, and what is reported of each."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from impasto.errors import ImpastoError
from impasto.images.folders import pictures_in
from impasto.images.formats import FORMATS, READABLE, image_format
from impasto.images.reading import size_of
from impasto.stylize.stylizer import Plan

STREAM = Path("-")
"""Stands for standard input as a source, and for standard output as a target."""


class Job(msgspec.Struct, frozen=True):
    """A photo, the picture that it becomes, and how it is painted."""

    source: Path | io.BytesIO
    """The photo's file, or what came from standard input."""
    target: Path
    plan: Plan

    @property
    def names(self) -> tuple[str, str]:
        """What reports call the photo and the picture."""
        return str(STREAM if isinstance(self.source, io.BytesIO) else self.source), str(self.target)


class Report(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a photo; one line of ``--json``."""

    photo: str
    picture: str
    status: str
    """``painted``, ``skipped`` (the picture was there already) or ``failed``."""
    error: str = ""
    width: int = 0
    """The width of the picture, in pixels."""
    height: int = 0
    """The height of the picture, in pixels."""
    model: str = ""
    """The name of the model that painted it."""
    seconds: float = 0.0
    """The time from opening the photo to having written the picture, in seconds."""


def opened(source: Path) -> Path | io.BytesIO:
    """What a photo is read from: its file, or all that comes from standard input, which can be read only once."""
    return io.BytesIO(sys.stdin.buffer.read()) if source == STREAM else source


def pixels_of(photo: Path | io.BytesIO, long_side: int | None, max_pixels: int | None = None) -> float:
    """How many pixels the picture of a photo will have; 0 for a photo that cannot be read, which its job reports.

    Args:
        photo: is not decoded.
        long_side: of the picture, in pixels; None is the photo's own.
        max_pixels: see :func:`impasto.images.reading.open_image`.
    """
    try:
        width, height = size_of(photo, max_pixels)
    except ImpastoError:
        return 0
    return width * height * ((long_side / max(width, height)) ** 2 if long_side else 1)


def find_targets(photos: tuple[Path, ...], style: str, out: Path) -> list[tuple[Path, Path]]:
    """Which photo becomes which file, as pairs. Folders are searched, and their tree is mirrored under ``out``.

    Args:
        photos: files and folders of photos, or :data:`STREAM`.
        style: what the style is called in the names of pictures, PHOTO-STYLE.
        out: a file (for one photo), a folder, or :data:`STREAM`.

    Raises:
        ImpastoError: one file for several photos, two photos for one file, no photos in a folder, a picture in the
            place of its photo, or a file name of unknown format.
    """
    if len(photos) == 1 and not photos[0].is_dir() and (out == STREAM or (out.suffix and not out.is_dir())):
        if out != STREAM:
            image_format(out)
        return [(photos[0], out)]
    if out == STREAM or (out.suffix.lower() in FORMATS and not out.is_dir()):
        raise ImpastoError(f"{out}: is one file for several photos; give a folder as --out")
    sources: dict[Path, Path] = {}
    for photo in photos:
        for source, target in _in_folder(photo, out) if photo.is_dir() else [_alone(photo, style, out)]:
            if target in sources:
                both = f"{source}: would be written to {target} like {sources[target]}"
                raise ImpastoError(f"{both}; stylize them apart")
            sources[target] = source
    return [(source, target) for target, source in sources.items()]


def _alone(photo: Path, style: str, out: Path) -> tuple[Path, Path]:
    if photo == STREAM:
        raise ImpastoError("the photo from standard input has no name; say where the picture goes: -o FILE or -o -")
    return photo, out / f"{photo.stem}-{style}{_suffix(photo)}"


def _in_folder(folder: Path, out: Path) -> Iterator[tuple[Path, Path]]:
    if out.resolve() == folder.resolve():
        raise ImpastoError(f"{folder}: its pictures would take the place of its photos; give another folder as --out")
    inside = out.resolve()
    photos = [path for path in pictures_in(folder) if inside not in path.resolve().parents]
    if not photos:
        raise ImpastoError(f"{folder}: no photos in it ({', '.join(sorted(READABLE))})")
    for photo in photos:
        yield photo, (out / photo.relative_to(folder)).with_suffix(_suffix(photo))


def _suffix(photo: Path) -> str:
    return photo.suffix if photo.suffix.lower() in FORMATS else ".png"
