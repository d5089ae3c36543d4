"""Many photos: which becomes which picture, and the work on all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from impasto.errors import ImpastoError
from impasto.images.io import FORMATS, READABLE, image_format

STREAM = Path("-")
"""As a photo, standard input; as a picture, standard output."""


class Job(msgspec.Struct, frozen=True):
    """A photo and the picture that it becomes."""

    photo: Path
    picture: Path


class Report(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a photo; one line of ``--json``."""

    photo: str
    picture: str
    status: str
    """``painted``, ``skipped`` (it was there already) or ``failed``."""
    error: str = ""
    width: int = 0
    height: int = 0
    seconds: float = 0.0


def plan(photos: tuple[Path, ...], style: str, out: Path) -> list[Job]:
    """Which photo becomes which file. Folders are searched, and their tree is mirrored under ``out``.

    Raises:
        ImpastoError: one file for several photos, two photos for one file, no photos in a folder, a picture in the
            place of its photo, or a file name of unknown format.
    """
    if len(photos) == 1 and not photos[0].is_dir() and (out == STREAM or (out.suffix and not out.is_dir())):
        if out != STREAM:
            image_format(out)
        return [Job(photos[0], out)]
    if out == STREAM or (out.suffix.lower() in FORMATS and not out.is_dir()):
        raise ImpastoError(f"{out}: is one file for several photos; give a folder as --out")
    jobs: dict[Path, Job] = {}
    for photo in photos:
        for job in _in_folder(photo, out) if photo.is_dir() else [_alone(photo, style, out)]:
            if job.picture in jobs:
                both = f"{job.photo}: would be written to {job.picture} like {jobs[job.picture].photo}"
                raise ImpastoError(f"{both}; stylize them apart")
            jobs[job.picture] = job
    return list(jobs.values())


def _alone(photo: Path, style: str, out: Path) -> Job:
    if photo == STREAM:
        raise ImpastoError("the photo from standard input has no name; say where the picture goes: -o FILE or -o -")
    return Job(photo, out / f"{photo.stem}-{style}{_suffix(photo)}")


def _in_folder(folder: Path, out: Path) -> Iterator[Job]:
    if out.resolve() == folder.resolve():
        raise ImpastoError(f"{folder}: its pictures would take the place of its photos; give another folder as --out")
    inside = out.resolve()
    photos = sorted(
        path for path in folder.rglob("*") if path.suffix.lower() in READABLE and not path.name.startswith(".")
    )
    photos = [path for path in photos if inside not in path.resolve().parents]
    if not photos:
        raise ImpastoError(f"{folder}: no photos in it ({', '.join(sorted(READABLE))})")
    for photo in photos:
        yield Job(photo, (out / photo.relative_to(folder)).with_suffix(_suffix(photo)))


def _suffix(photo: Path) -> str:
    return photo.suffix if photo.suffix.lower() in FORMATS else ".png"
