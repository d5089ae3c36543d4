"""A folder of photos to choose from (``--input``), whose listing is kept for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from pathlib import Path

from impasto.files import digest
from impasto.images.folders import find_photos, pictures_in

_FRESH = 10.0
"""For how many seconds a listing is believed: a page asks for all its pictures one by one."""


class Folder:
    """A folder of photos; threads may share it.

    Args:
        path: where it is.

    Raises:
        ImpastoError: there is no such folder, or no picture in it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._keep(find_photos(path, "input"))

    def listed(self) -> Mapping[str, Path]:
        """Id -> file. Ids say nothing of where files are, and no text of a request becomes a path."""
        with self._lock:
            if time.monotonic() - self._looked > _FRESH:
                self._keep(pictures_in(self._path))
            return self._files

    def find(self, photo: str) -> Path | None:
        """The file with an id, if it is there; the folder is looked through only for one that was not there before."""
        file = self._files.get(photo) or self.listed().get(photo)
        return file if file and file.is_file() else None

    def _keep(self, files: list[Path]) -> None:
        self._files = {digest(str(file).encode(errors="surrogateescape"))[:16]: file for file in files}
        self._looked = time.monotonic()
