"""What is to be painted: the photos whose pictures are missing, or were painted otherwise."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from impasto.batch import places
from impasto.batch.settings import COLUMNS, BatchSettings, Fingerprint, checked, fingerprint, local
from impasto.batch.sources import MODIFIED, SIZE, SOURCE, TARGET, table_of
from impasto.batch.targets import Naming
from impasto.errors import ImpastoError
from impasto.stylize.typed import label

if TYPE_CHECKING:
    import pyarrow as pa

_AT_ONCE = 10_000
"""How many rows are Python's at the same time."""
_REMEMBERED = 100_000
"""For how many different rows of a list it is remembered how they are painted."""


class Todo(NamedTuple):
    """What is to be done.

    Attributes:
        rows: the photos to be painted: what :meth:`impasto.batch.worker.Worker.row` takes, and what the record says.
        failed: those that cannot be, with the reason under ``error``.
        there: how many pictures are there as they are to be.
    """

    rows: pa.Table
    failed: pa.Table
    there: int


class _Way(NamedTuple):
    """How one photo is painted: settings in JSON, if they are its own; their fingerprint; what names call them."""

    settings: str
    fingerprint: Fingerprint
    label: str
    error: str = ""


def todo(
    photos: pa.Table, settings: BatchSettings, naming: Naming, target: str, done: pa.Table, *, verify: bool
) -> Todo:
    """What is to be done.

    Args:
        photos: of :func:`impasto.batch.sources.photos_of`.
        settings: for all photos; checked, unless each row has a style.
        naming: how pictures are called.
        target: the address of the folder of pictures.
        done: what the record says, of :meth:`impasto.batch.manifest.Manifest.read`.
        verify: give the photos, too, whose pictures are there, with what is known of these.

    Raises:
        ImpastoError: two photos would become one picture; or a picture would replace a photo.
    """
    from pyarrow import compute

    if places.is_remote(target):  # the names of a bucket may be any
        naming = msgspec.structs.replace(naming, windows=False, folds=False)
    rows = _spare(_each_once(_described(photos, settings, naming), folds=naming.folds), target)
    failed = rows.filter(compute.not_equal(rows["error"], ""))
    rows = rows.filter(compute.equal(rows["error"], ""))
    known = _known(rows, done, target)
    there = compute.not_equal(known, "")
    rows = rows.append_column("known", known)
    if not verify:
        rows = rows.filter(compute.invert(there))
    return Todo(rows, failed, 0 if verify else int(compute.sum(there).as_py() or 0))


def _spare(rows: pa.Table, target: str) -> pa.Table:
    """The rows, if no picture would take the place of a photo.

    Raises:
        ImpastoError: one would.
    """
    from pyarrow import compute

    pictures = compute.binary_join_element_wise(f"{target}/", rows[TARGET], "")
    replaced = rows.filter(compute.is_in(rows[SOURCE], pictures))
    if replaced.num_rows:
        raise ImpastoError(f"{replaced[SOURCE][0]}: is a photo, which a picture would replace; give another target")
    return rows


def _described(photos: pa.Table, settings: BatchSettings, naming: Naming) -> pa.Table:
    """The photos with the names of their pictures, their settings, and the fingerprints of these."""
    import pyarrow as pa

    own = [name for name in COLUMNS if name in photos.column_names]
    labelled = "{style}" in naming.name
    way_of = functools.lru_cache(_REMEMBERED)(functools.partial(_way, settings, own, labelled))
    same = None if own else _way_of_all(settings, labelled)
    batches = [_describe(batch, own, same, way_of, naming) for batch in photos.to_batches(_AT_ONCE)]
    return pa.Table.from_batches(batches)


def _way_of_all(settings: BatchSettings, labelled: bool) -> _Way:
    return _Way("", fingerprint(settings), _label(settings) if labelled else "")


def _way(settings: BatchSettings, own: list[str], labelled: bool, *values: object) -> _Way:
    """How the photo of a row is painted that has some ``values`` in the columns ``own``."""
    try:
        each = checked(settings.with_columns(dict(zip(own, values, strict=True))))
        return _Way(msgspec.json.encode(each).decode(), fingerprint(each), _label(each) if labelled else "")
    except ImpastoError as error:
        return _Way("", Fingerprint("", "", ""), "", str(error))


def _label(settings: BatchSettings) -> str:
    regions = [(Path(mask), local(blend, Path)) for mask, blend in settings.regions]
    model = Path(settings.model) if settings.model else None
    return label(local(settings.blend, Path), settings.controls, regions, model)


def _describe(
    batch: pa.RecordBatch, own: list[str], same: _Way | None, way_of: Callable[..., _Way], naming: Naming
) -> pa.RecordBatch:
    import pyarrow as pa

    count = batch.num_rows
    values = zip(*(batch[name].to_pylist() for name in own), strict=True)
    ways = [same] * count if same else [way_of(*each) for each in values]
    sources = batch[SOURCE].to_pylist()
    given = batch[TARGET].to_pylist() if TARGET in batch.schema.names else [None] * count
    names = zip(given, batch["name"].to_pylist(), ways, strict=True)
    columns: dict[str, Any] = {
        SOURCE: batch[SOURCE],
        TARGET: [own or naming.picture_of(name, way.label) for own, name, way in names],
        "own": [way.settings for way in ways],
        "error": [way.error and f"{source}: {way.error}" for source, way in zip(sources, ways, strict=True)],
        SIZE: batch[SIZE],
        MODIFIED: batch[MODIFIED],
    }
    for number, name in enumerate(Fingerprint._fields):
        columns[name] = [way.fingerprint[number] for way in ways]
    return pa.RecordBatch.from_pydict(columns)


def _each_once(rows: pa.Table, *, folds: bool) -> pa.Table:
    """The rows without photos that are listed twice, to be painted in the same way.

    Raises:
        ImpastoError: one picture would be that of two photos, or of one in two ways.
    """
    import pyarrow as pa
    from pyarrow import compute

    pictures = compute.utf8_lower(rows[TARGET]) if folds else rows[TARGET]
    if compute.count_distinct(pictures).as_py() == rows.num_rows:
        return rows
    seen: dict[str, list[str]] = {}
    first = []
    columns = (pictures, *(rows[name] for name in (TARGET, SOURCE, "own")))
    for row in zip(*(column.to_pylist() for column in columns), strict=True):
        file, target, *photo = row
        first.append(file not in seen)
        other = seen.setdefault(file, photo)
        if other[0] != photo[0]:
            raise ImpastoError(f"{photo[0]}: would become {target}, like {other[0]}; name them in a column {TARGET!r}")
        if other != photo:
            raise ImpastoError(f"{photo[0]}: is listed twice, with two styles; give --name '{{style}}/{{stem}}'")
    return rows.filter(pa.array(first))


def _known(rows: pa.Table, done: pa.Table, target: str) -> pa.Array:
    """For each row, the SHA-256 of its picture, if that is there and was painted from this photo in this way; or ""."""
    import pyarrow as pa
    from pyarrow import compute

    done = done.filter(compute.equal(done["status"], "painted"))
    if not done.num_rows:
        return pa.repeat("", rows.num_rows)
    before = done.take(compute.index_in(rows[TARGET], done["target"]))  # null where there is none
    same = [compute.equal(rows[name], before[name]) for name in Fingerprint._fields]
    for name in (SIZE, MODIFIED):  # 0 of a photo in a bucket that is listed by its address
        same.append(compute.or_kleene(compute.equal(rows[name], 0), compute.equal(rows[name], before[name])))
    there = _sizes(target)
    size = there["size"].take(compute.index_in(rows[TARGET], there["name"]))
    same.append(compute.equal(size, before["bytes"]))
    kept = functools.reduce(compute.and_kleene, same)
    return compute.if_else(compute.fill_null(kept, False), before["sha256"], "").combine_chunks()


def _sizes(target: str) -> pa.Table:
    """The names and sizes of all files below the target."""
    import pyarrow as pa

    schema = pa.schema({"name": pa.string(), "size": pa.int64()})
    return table_of(((found.name, found.size) for found in places.files_below(target)), schema)
