"""Which photos are meant: those of a folder, of a glob, below a prefix of a bucket, or of a list.

The photos are an Arrow table, one row each, so that a million of them take little memory.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from impasto.batch import places
from impasto.batch.settings import COLUMNS
from impasto.errors import ImpastoError, needs_extra
from impasto.files import is_folder
from impasto.images.folders import SYSTEM_FOLDERS
from impasto.images.formats import READABLE

if TYPE_CHECKING:
    import pyarrow as pa

LISTS = (".parquet", ".csv", ".txt")
"""The endings of lists. A text has an address on each line, without a heading."""
SOURCE, TARGET = "source", "target"
"""The columns of a list with the photo's address, and with the picture's name, which may be missing."""
SIZE, MODIFIED = "source_size", "source_modified"
"""The columns of what is known of a photo's file; in a list, ``size`` is that of the picture."""
_AT_ONCE = 10_000
"""How many files are noted down before they become Arrow's."""


def photos_of(source: str, target: str, column: str = SOURCE, depth: int | None = None) -> pa.Table:
    """The photos that are meant by a source.

    Args:
        source: a folder, a glob, the prefix of a bucket, a photo, or a list of addresses.
        target: the address of the folder of pictures; what is in it is no photo, if it lies among them.
        column: the column of a list that has the addresses.
        depth: how many levels of a folder are searched: 1 is the folder alone, None is all.

    Returns:
        A table with the columns source (an address), name (the path by which its picture is named), source_size in
        bytes and source_modified in ns since 1970. Both are 0 where they are not known. A list's table also has target
        and :data:`COLUMNS`, as far as the list has them.

    Raises:
        ImpastoError: there is no such source, it may not be read, there are no photos in it, or they are in ``target``.
    """
    with needs_extra("cluster"):
        import pyarrow as pa
    address = places.normal(source)
    if PurePosixPath(address).suffix.lower() in LISTS:
        return _listed(address, column)
    texts, numbers = dict.fromkeys((SOURCE, "name"), pa.string()), dict.fromkeys((SIZE, MODIFIED), pa.int64())
    searched = _searched(address, source, target)
    near = ((each, *known) for each, known in searched if depth is None or known.name.count("/") < depth)
    found = table_of(near, pa.schema(texts | numbers))
    if not found.num_rows:
        raise ImpastoError(f"{source}: no photos in it ({', '.join(sorted(READABLE))})")
    return found


def _searched(address: str, called: str, target: str) -> Iterator[tuple[str, places.Found]]:
    """The address of each photo, and what is known of it, with the name by which its picture is named."""
    if re.search(r"[*?\[]", address):
        folder, matches = _glob(address)
        found: Iterator[places.Found]
        found = (each for each in places.files_below(folder) if matches.fullmatch(each.name))
    elif _is_photo(address) and (alone := places.look(address)):
        folder, name = address.rpartition("/")[::2]
        found = iter([alone._replace(name=name)])
    elif places.is_remote(address) or is_folder(address):
        folder, found = address, places.files_below(address)
    else:
        raise ImpastoError(f"{called}: there is no such file or folder")
    if target == folder:
        raise ImpastoError(f"{called}: its pictures would be written among its photos; give another target")
    pictures = f"{target}/" if target.startswith(f"{folder}/") else None
    for each in found:
        photo = places.below(folder, each.name)
        if _is_photo(each.name) and not (pictures and photo.startswith(pictures)):
            yield photo, each


def _glob(address: str) -> tuple[str, re.Pattern[str]]:
    """The folder above a glob's first wildcard, and what the names below it must match; ``**`` is any depth."""
    parts = address.split("/")
    first = next(number for number, part in enumerate(parts) if re.search(r"[*?\[]", part))
    below = "/".join(parts[first:])
    pieces = re.split(r"(\*\*/|\*\*|\*|\?|\[[^]/]+\])", below)
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "/".join(parts[:first]), re.compile("".join(words.get(piece) or _literal(piece) for piece in pieces))


def _literal(piece: str) -> str:
    if piece.startswith("[") and piece.endswith("]"):
        return piece.replace("[!", "[^")
    return re.escape(piece)


def _is_photo(name: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix.lower() in READABLE and not SYSTEM_FOLDERS.intersection(path.parts)


def table_of(rows: Iterable[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    """Rows as an Arrow table, of which only some are Python's at the same time.

    Raises:
        ImpastoError: a text is no UTF-8.
    """
    import pyarrow as pa

    waiting, batches = iter(rows), []
    while some := list(islice(waiting, _AT_ONCE)):
        columns = zip(zip(*some, strict=True), schema.types, strict=True)
        try:
            batches.append(pa.record_batch([pa.array(column, kind) for column, kind in columns], schema))
        except UnicodeEncodeError as error:
            raise ImpastoError(f"{error.object!a}: this name is not UTF-8; rename the file") from None
    return pa.Table.from_batches(batches, schema)


def _listed(address: str, column: str) -> pa.Table:
    """The photos of a list. Relative paths begin at the list's folder."""
    import pyarrow as pa

    read = _read_list(address, column)
    if column not in read.column_names:
        has = ", ".join(read.column_names)
        raise ImpastoError(f"{address}: has no column {column!r}, but {has}; name one of them as --column")
    read = read.filter(_given(read[column]))
    if not read.num_rows:
        raise ImpastoError(f"{address}: is empty; there is nothing to paint")
    folder = address.rpartition("/")[0]
    sources = [_address(text, folder) for text in read[column].to_pylist()]
    names = ["/".join(places.parts_of(text)) for text in read[column].to_pylist()]
    looked = [_looked(source) for source in sources]
    columns: dict[str, Any] = {SOURCE: sources, "name": names}
    columns |= {SIZE: [size for size, _ in looked], MODIFIED: [modified for _, modified in looked]}
    kept = {name: read[name] for name in (TARGET, *COLUMNS) if name in read.column_names}
    return pa.table(columns | kept)


def _read_list(address: str, column: str) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv, parquet

    content = pa.BufferReader(places.read(address))
    try:
        if address.lower().endswith(".parquet"):
            return parquet.read_table(content)
        texts = {name: pa.string() for name in (column, TARGET, *COLUMNS)}
        return csv.read_csv(
            content,
            csv.ReadOptions(column_names=[column] if address.lower().endswith(".txt") else None),
            csv.ParseOptions(delimiter="\x1f" if address.lower().endswith(".txt") else ","),
            csv.ConvertOptions(column_types=texts),
        )
    except (pa.ArrowInvalid, OSError) as error:
        reason = str(error).splitlines()[0]
        if "Empty CSV" in reason:
            raise ImpastoError(f"{address}: is empty; there is nothing to paint") from None
        raise ImpastoError(f"{address}: cannot be read as a list ({reason})") from None


def _given(column: pa.ChunkedArray) -> pa.ChunkedArray:
    from pyarrow import compute

    return compute.fill_null(compute.not_equal(column, ""), False)


def _address(text: str, folder: str) -> str:
    """The normal address of what a list names."""
    if places.is_remote(text) or os.path.isabs(text):  # noqa: PTH117
        return places.normal(text)
    return places.below(folder, text) if places.is_remote(folder) else places.normal(places.below(folder, text))


def _looked(source: str) -> tuple[int, int]:
    """Size and date of a photo on this machine; of one in a bucket they are known when it is read."""
    known = None if places.is_remote(source) else places.look(source)
    return (known.size, known.modified) if known else (0, 0)
