"""One process at a time works in a folder. The system frees it when the process ends, however it does."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK = "lock"
"""The file that is locked, and says which process has locked it."""
_HELD = (errno.EAGAIN, errno.EACCES)
"""How systems say that somebody else has it; others say that the disk knows no locks."""
_BEYOND = 64
"""Windows locks bytes, which nobody else may read then: this one, behind what is written."""
_TRIES = 50
"""How often the file that was locked may not be the one that is there. Some disks number files anew at each look."""


class HeldError(Exception):
    """Another process works in the folder.

    Args:
        process: its id; 0 if it has not written it yet.
    """

    def __init__(self, process: int) -> None:
        super().__init__(f"process {process}")
        self.process = process


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """A context in which no other process works in a folder, which is made if it is not there.

    Raises:
        HeldError: another one does.
        OSError: the folder cannot be made or written.
    """
    try:
        with _locked(folder) as file:
            file.truncate(0)
            file.write(f"{os.getpid()}".encode())
            file.flush()
            yield
    finally:
        if sys.platform == "win32" and [path.name for path in folder.glob("*")] == [LOCK]:
            shutil.rmtree(folder, ignore_errors=True)  # it was removed, but for the file that was open


def _locked(folder: Path) -> BinaryIO:
    for left in reversed(range(_TRIES)):
        folder.mkdir(exist_ok=True)
        try:
            file = (folder / LOCK).open("a+b")
        except FileNotFoundError:  # whoever worked there has removed it just now
            continue
        if not _lock(file):
            raise HeldError(_holder(file))
        with suppress(FileNotFoundError):
            if not left or os.path.samestat(os.fstat(file.fileno()), (folder / LOCK).stat()):
                return file
        file.close()
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder))


def _holder(file: BinaryIO) -> int:
    """The process that has locked a file, which is closed; 0 if it has not said so yet, or nobody else may read it."""
    with file, suppress(OSError):
        file.seek(0)
        said = file.read(_BEYOND)
        return int(said) if said.isdigit() else 0
    return 0


def _lock(file: BinaryIO) -> bool:
    """Lock a file for this process, unless another one has it; where the disk knows no locks, nobody has."""
    try:
        if sys.platform == "win32":
            file.seek(_BEYOND)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in _HELD
    return True
