"""Folders of pictures."""

from __future__ import annotations

import os
from pathlib import Path

from impasto.errors import ImpastoError
from impasto.files import is_pipe
from impasto.images.formats import READABLE

SYSTEM_FOLDERS = {"@eaDir", "#recycle", "$RECYCLE.BIN", "System Volume Information", "__MACOSX", "lost+found"}
"""Folders in which systems keep previews, and what was deleted, beside a user's pictures."""


def pictures_in(folder: str | os.PathLike[str], depth: int | None = None) -> list[Path]:
    """Every picture file in ``folder`` and the folders below it, sorted.

    Hidden files and folders, whose names begin with a dot, are left out, and so are :data:`SYSTEM_FOLDERS`.

    Args:
        folder: where to look.
        depth: how many levels of folders to look into: 1 is ``folder`` alone, None is all.
    """
    found: list[Path] = []
    for path, folders, files in os.walk(folder):
        here = Path(path)
        deepest = depth is not None and len(here.relative_to(folder).parts) + 1 >= depth
        folders[:] = [] if deepest else [name for name in folders if not _is_hidden(name)]
        names = [name for name in files if Path(name).suffix.lower() in READABLE and not _is_hidden(name)]
        found += [here / name for name in names if not is_pipe(here / name)]
    return sorted(found)


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name in SYSTEM_FOLDERS


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
