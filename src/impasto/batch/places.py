"""Folders and buckets: files in them are listed, read and written whole, by their address.

An address is the path of a file or folder, or says in which bucket it is: ``s3://bucket/photos/a.jpg``, ``gs://…``,
``az://container/…``. Buckets are reached by PyArrow, which is imported when one is.
"""

from __future__ import annotations

import errno
import functools
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from impasto.errors import ImpastoError, needs_extra, unknown
from impasto.files import is_folder, write_file

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

T = TypeVar("T")

SCHEMES = ("s3", "gs", "az")
"""Amazon S3 and what speaks its language, Google Cloud Storage, and Azure Blob Storage."""
_ATTEMPTS = 8
"""How often a request to a bucket is tried; the pauses between double, up to half a minute."""
_TIMEOUT = 20.0
"""How long a bucket may say nothing, in seconds, before a request is tried again."""
_LARGEST = 2_000_000_000
"""Larger files are refused, in bytes; a photo of 250 megapixels in 16 bits has 1.5 billion."""
_FULL = {errno.ENOSPC, errno.EDQUOT}


class FullError(ImpastoError):
    """There is no room for another file, so what comes after it need not be tried."""


class Found(NamedTuple):
    """A file: its path below what was searched, its size in bytes, and when it was changed, in ns since 1970."""

    name: str
    size: int
    modified: int


def is_remote(address: str) -> bool:
    """Whether an address is in a bucket."""
    return "://" in address


def normal(address: str | os.PathLike[str], paths: ModuleType = os.path) -> str:
    """An address in the one form that all have: of a file on this machine, its absolute path, with slashes.

    Args:
        address: a path or the address of a file or folder.
        paths: how paths are written: ``os.path``, ``ntpath`` or ``posixpath``.

    Raises:
        ImpastoError: it begins with a scheme that is none of :data:`SCHEMES`, or names no bucket.
    """
    address = os.fspath(address)
    scheme, separator, rest = address.partition("://")
    if not separator:
        return _with_slashes(paths.abspath(address), paths)  # a path may be a link, which stays one
    if scheme == "file":
        drive = paths.splitdrive(rest.lstrip("/"))[0]  # file:///C:/photos
        return _with_slashes(paths.abspath(rest.lstrip("/") if drive else rest), paths)
    if scheme not in SCHEMES:
        raise ImpastoError(f"{address}: {unknown('scheme', scheme, (*SCHEMES, 'file'))}")
    if not rest.partition("/")[0]:
        raise ImpastoError(f"{address}: names no bucket; write {scheme}://BUCKET/FOLDER")
    return address.rstrip("/")


def parts_of(address: str, paths: ModuleType = os.path) -> list[str]:
    """The names on the way to a file: below its bucket, or below the root or drive of a path."""
    if is_remote(address):
        plain = address.partition("://")[2].partition("/")[2]
    else:
        plain = _with_slashes(paths.splitdrive(address)[1], paths)
    return [part for part in plain.split("/") if part not in ("", ".", "..")]


def _with_slashes(path: str, paths: ModuleType) -> str:
    return path.replace(paths.sep, "/")


def below(folder: str, name: str) -> str:
    """The address of what is called ``name`` below a folder."""
    return f"{folder.rstrip('/')}/{name}"


def read(address: str) -> bytes:
    """The content of a file.

    Raises:
        ImpastoError: there is none, it may not be read, it is too large, or its bucket cannot be reached.
    """
    if not is_remote(address):
        return _told(address, lambda: Path(address).read_bytes())

    def once() -> bytes:
        files, path = _opened(address)
        with files.open_input_file(path) as file:
            if file.size() > _LARGEST:
                raise ImpastoError(f"{address}: has {file.size():,} bytes; at most {_LARGEST:,} are read")
            return bytes(file.read())

    return _told(address, once)


def write(address: str, content: bytes) -> None:
    """Write a file, whole or not at all: under another name first, or into a bucket by one PUT.

    (PyArrow sends files of more than 10 MB in parts, which become a file when the last one is there.)

    Raises:
        FullError: there is no room.
        ImpastoError: it may not be written, or its bucket cannot be reached.
    """

    def local() -> None:
        Path(address).parent.mkdir(parents=True, exist_ok=True)
        write_file(Path(address), content)

    def remote() -> None:
        files, path = _opened(address)
        with files.open_output_stream(path) as file:
            file.write(content)

    _told(address, remote if is_remote(address) else local, "written")


def remove(address: str) -> None:
    """Delete a file, if there is one and it may be."""
    with suppress(OSError, ImpastoError):
        if is_remote(address):
            files, path = _opened(address)
            files.delete_file(path)
        else:
            Path(address).unlink(missing_ok=True)


def look(address: str) -> Found | None:
    """What is known of a file; None if there is none."""
    if not is_remote(address):
        try:
            known = os.stat(address)  # noqa: PTH116
        except (OSError, ValueError):
            return None
        return Found(address, known.st_size, known.st_mtime_ns)
    files, path = _opened(address)
    (info,) = _told(address, lambda: files.get_file_info([path]))
    return Found(address, info.size, info.mtime_ns) if info.is_file else None


def files_below(folder: str) -> Iterator[Found]:
    """All files below a folder or prefix, at any depth, without hidden ones; none if there is no such folder.

    Raises:
        ImpastoError: there is no such bucket, it may not be listed, or it cannot be reached.
    """
    return _in_bucket(folder) if is_remote(folder) else _in_folder(folder, "")


def _in_folder(folder: str, name: str) -> Iterator[Found]:
    if not is_folder(folder):
        return
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda each: each.name):
            called = f"{name}{entry.name}"
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                yield from _in_folder(entry.path, f"{called}/")
            elif entry.is_file():
                known = entry.stat()
                yield Found(called, known.st_size, known.st_mtime_ns)


def _in_bucket(folder: str) -> Iterator[Found]:
    from pyarrow.fs import FileSelector

    files, path = _opened(folder)

    def once() -> list[Any]:
        try:
            return list(files.get_file_info(FileSelector(path, recursive=True)))
        except FileNotFoundError:
            return []

    found = _told(folder, once)
    for info in found:
        name = info.path[len(path) :].lstrip("/")
        if info.is_file and not any(part.startswith(".") for part in name.split("/")):
            yield Found(name, info.size, info.mtime_ns)


def _opened(address: str) -> tuple[FileSystem, str]:
    """The file system of an address, and the path there."""
    scheme, _, path = address.partition("://")
    with needs_extra("cluster"):
        return _filesystem(scheme, path.split("/")[0]), path


@functools.cache
def _filesystem(scheme: str, bucket: str) -> FileSystem:
    """A bucket's file system. Who we are and where the bucket is comes from the environment, as its vendor has it."""
    from pyarrow import fs

    if scheme == "gs":
        return fs.GcsFileSystem()
    if scheme == "az":
        return fs.AzureFileSystem(os.environ.get("AZURE_STORAGE_ACCOUNT", ""))
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if not (region or endpoint):
        region = _told(f"s3://{bucket}", lambda: fs.resolve_s3_region(bucket))
    # Without the delayed opening each file would take three requests, and a killed process would leave parts behind.
    return fs.S3FileSystem(
        region=region,
        endpoint_override=endpoint,
        allow_delayed_open=True,
        connect_timeout=_TIMEOUT,
        request_timeout=_TIMEOUT,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=3),
    )


def _told(address: str, action: Callable[[], T], done: str = "read") -> T:
    """What an action returns; its errors in one line. What a bucket cannot do at the moment is tried again."""
    try:
        return _patiently(action) if is_remote(address) else action()
    except OSError as error:
        if error.errno in _FULL:
            raise FullError(
                f"{address}: no space is left ({error.strerror}); free some space, and run it again"
            ) from None
        raise ImpastoError(f"{address}: {_why(error, done)}") from None


def _patiently(action: Callable[[], Any]) -> Any:
    from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

    tries = Retrying(
        retry=retry_if_exception(_may_pass),
        wait=wait_random_exponential(multiplier=0.2, max=30),
        stop=stop_after_attempt(_ATTEMPTS),
        reraise=True,
    )
    return tries(action)


_REASONS = {
    "NO_SUCH_BUCKET": "there is no such bucket",
    "ACCESS_DENIED": "access is denied; check the credentials and the bucket's policy",
    "HTTP status 403": "access is denied; check the credentials and the bucket's policy",
    "INVALID_ACCESS_KEY_ID": "the access key is unknown; check the credentials",
    "SIGNATURE_DOES_NOT_MATCH": "the secret key is wrong; check the credentials",
}
"""What PyArrow's messages hold -> what is wrong. None of these passes by waiting."""


def _may_pass(error: BaseException) -> bool:
    """Whether the same request may be answered later."""
    lasting = isinstance(error, FileNotFoundError | PermissionError | NotADirectoryError | IsADirectoryError)
    return isinstance(error, OSError) and not lasting and not any(sign in str(error) for sign in _REASONS)


def _why(error: OSError, done: str) -> str:
    if isinstance(error, FileNotFoundError) and done == "read":
        return "there is no such file"
    if isinstance(error, PermissionError):
        return f"may not be {done}; check its permissions"
    said = " ".join(str(error.strerror or error).split())
    return next((reason for sign, reason in _REASONS.items() if sign in said), f"cannot be {done} ({said})")
