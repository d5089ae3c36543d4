"""Folders of pictures."""

from __future__ import annotations

import os
from pathlib import Path

from impasto.errors import ImpastoError
from impasto.images.formats import READABLE


def pictures_in(folder: str | os.PathLike[str]) -> list[Path]:
    """Every picture file below ``folder``, sorted; hidden files, whose names begin with a dot, are left out."""
    files = (path for path in Path(folder).rglob("*") if path.suffix.lower() in READABLE)
    return sorted(path for path in files if not path.name.startswith("."))


def find_photos(folder: str | os.PathLike[str], called: str = "content") -> list[Path]:
    """:func:`pictures_in` a folder that must have some.

    Args:
        folder: where to look.
        called: what the folder is called in messages.

    Raises:
        ImpastoError: there is no such folder, or no picture in it.
    """
    if not Path(folder).is_dir():
        raise ImpastoError(f"{called} {folder}: not a folder; give a folder of pictures")
    photos = pictures_in(folder)
    if not photos:
        raise ImpastoError(f"{called} {folder}: no photos ({', '.join(sorted(READABLE))}) in it")
    return photos
