"""Files that appear whole or not at all, whether they are there or are the same, and names that every system takes."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import sys
import unicodedata
from pathlib import Path

WINDOWS = os.name == "nt"
"""Whether names must be such as Windows takes."""
FOLDS = sys.platform in ("win32", "cygwin", "darwin")
"""Whether names that differ by case only are usually one file."""
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}
_FORBIDDEN = re.compile(r'[<>:"|?*\\\x00-\x1f]|[. ]$')


def write_file(path: Path, content: bytes, *, durable: bool = False) -> None:
    """Write ``content`` under a temporary name, then give it the name ``path``.

    The temporary name is short, so that ``path`` may be as long as the system allows. It is always the same for the
    same ``path``. So what a killed process leaves is gone as soon as the file is written again.

    Args:
        path: the file.
        content: its bytes.
        durable: whether to wait until it is on the disk, so that it is there after a power cut, too.

    Raises:
        OSError: the folder is missing or may not be written, or the disk is full; ``path`` is as it was then.
    """
    temporary = path.with_name(f".impasto-{digest(os.fsencode(path.name))[:16]}.part")
    try:
        temporary.write_bytes(content)
        if durable:
            sync(temporary)
        os.replace(temporary, path)
        if durable:
            sync(path.parent)
    except OSError:
        if temporary.parent.is_dir():
            temporary.unlink(missing_ok=True)
        raise


def sync(path: Path) -> None:
    """Wait until a file, or what a folder says of its files, is on the disk. Windows syncs no folders, nor do some
    disks, such as VirtualBox's shared folders."""
    folder = path.is_dir()
    if WINDOWS and folder:
        return
    handle = os.open(path, os.O_RDONLY if folder else os.O_RDWR)
    try:
        os.fsync(handle)
    except OSError as error:
        if not folder or error.errno not in (errno.EBADF, errno.EINVAL):
            raise
    finally:
        os.close(handle)


def is_file(path: str | os.PathLike[str]) -> bool:
    """Whether there is such a file. Unlike :meth:`pathlib.Path.is_file`, a name that is too long is only none."""
    return os.path.isfile(path)  # noqa: PTH113


def is_pipe(path: str | os.PathLike[str]) -> bool:
    """Whether it is there and neither a file nor a folder: whoever opens a pipe or device waits for its other end."""
    return os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path)  # noqa: PTH110, PTH112, PTH113


def identity(path: str | os.PathLike[str]) -> tuple[int, int] | None:
    """What is the same for all paths to a file; None if there is no file."""
    try:
        found = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino


def is_folder(path: str | os.PathLike[str]) -> bool:
    """Whether there is such a folder. Unlike :meth:`pathlib.Path.is_dir`, a name that is too long is only none."""
    return os.path.isdir(path)  # noqa: PTH112


def printable(path: str | os.PathLike[str]) -> str:
    """A path as text that can be printed and encoded: bytes of it that are no UTF-8 become ``\\xe9``."""
    surrogates = ("\ud800", "\udfff")  # what Python makes of such bytes
    return "".join(
        f"\\x{ord(each) & 0xFF:02x}" if surrogates[0] <= each <= surrogates[1] else each for each in os.fspath(path)
    )


def is_device(name: str) -> bool:
    """Whether Windows takes a file's name for a device, whatever its ending: ``aux.jpg``."""
    return name.partition(".")[0].rstrip(" ").lower() in _DEVICES


def portable(path: str) -> str:
    """A path, with slashes, such as Windows takes. What it forbids is written as in addresses: ``a:b`` is ``a%3Ab``.

    These are some characters, a dot or space at the end of a name, and the names of devices.
    """
    return "/".join(part if part in (".", "..") else _portable(part) for part in path.split("/"))


def _portable(name: str) -> str:
    plain = _FORBIDDEN.sub(_coded, name)
    return _coded(plain[0]) + plain[1:] if is_device(plain) else plain


def _coded(found: re.Match[str] | str) -> str:
    return f"%{ord(found if isinstance(found, str) else found[0]):02X}"


def place(path: str | os.PathLike[str], *, folds: bool) -> str:
    """What is the same for two paths that are one file, where case does not count (``folds``) or does."""
    text = os.fspath(path)
    return unicodedata.normalize("NFC", text).casefold() if folds else text


def digest(content: bytes) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
