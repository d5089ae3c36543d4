"""A batch from its source to its summary: what ``impasto batch`` and :func:`impasto.batch` do."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from impasto.batch import places
from impasto.batch.manifest import Manifest
from impasto.batch.settings import COLUMNS, BatchSettings, checked, forget
from impasto.batch.sources import SOURCE, photos_of
from impasto.batch.targets import Naming
from impasto.batch.todo import todo
from impasto.errors import ImpastoError, checked_path, shown, unknown
from impasto.progress import Progress, silent
from impasto.stylize.controls import Controls

if TYPE_CHECKING:
    from collections.abc import Generator

    import pyarrow as pa

EXECUTORS = ("threads", "ray")
"""What does the work: this process, or a Ray cluster."""
_SHOWN = 20
"""How many failures are kept for the summary; the record has all."""


class Executor(Protocol):
    """What paints rows."""

    def __call__(self, rows: pa.Table, settings: BatchSettings, target: str) -> Generator[dict[str, Any], None, None]:
        """Paint the photos of rows; yield each row with what became of it, in the order in which they are done."""


class Summary(msgspec.Struct, frozen=True):
    """What a run did."""

    painted: int
    there: int
    """Pictures that were there already, as they are to be."""
    failed: int
    seconds: float
    failures: tuple[str, ...]
    """What went wrong with the first photos that failed; the record has all."""
    target: str
    """The address of the folder of pictures, which has the record in ``_manifest``."""


def batch(
    source: str | os.PathLike[str],
    style: str = "",
    target: str | os.PathLike[str] = "",
    *,
    on: str = "threads",
    address: str | None = None,
    column: str = SOURCE,
    name: str = "{stem}",
    format: str = "",
    overwrite: bool = False,
    verify: bool = False,
    progress: Progress = silent,
    say: Callable[[str], None] = lambda line: None,
    region: str = "",
    model: str = "",
    runtime: str = "openvino",
    precision: str = "auto",
    quality: int | None = None,
    strip_metadata: bool = False,
    max_megapixels: float = 250,
    **controls: Any,
) -> Summary:
    """Paint many photos, each once: what is painted already, from the same photo in the same way, is left alone.

    Args:
        source: a folder, a glob, the prefix of a bucket (``s3://bucket/photos``), or a list (.parquet, .csv, .txt).
        style: a style, its artist or title, the address of a style file or painting, or a blend.
        target: a folder, or the prefix of a bucket.
        on: ``threads`` of this process, or ``ray``.
        address: of a Ray cluster; without one, Ray is started on this machine.
        column: the column of a list that has the addresses of photos.
        name: what pictures are called, below their photos' folders, without the ending.
        format: the ending of pictures; empty is their photo's.
        overwrite: paint all pictures anew.
        verify: read the pictures that are there, and paint those anew that are not what the record says.
        progress: is told of every photo.
        say: is told, in a line, what takes time before the first picture.
        region: ``MASK.png=STYLE``, several of them with semicolons between.
        model, runtime, precision: see :func:`impasto.load`.
        quality: of files that lose something, from 1 to 100.
        strip_metadata: whether files say nothing of what the photos' say about them.
        max_megapixels: larger photos and pictures are refused.
        controls: the fields of :class:`impasto.stylize.controls.Controls`.

    Raises:
        ImpastoError: the source, the target, the style or the cluster cannot be had, or there is no room left. Photos
            that fail are counted, not raised.
    """
    if not isinstance(column, str):
        raise ImpastoError(f"column {shown(column)}: must be a text")
    settings = BatchSettings(
        style=style,
        region=region,
        controls=Controls(**controls),
        model=model,
        runtime=runtime,
        precision=precision,
        quality=quality,
        strip_metadata=strip_metadata,
        max_megapixels=max_megapixels,
    )
    return run(
        checked_path(source, "source", "a folder, a glob, a prefix of a bucket or a list"),
        checked_path(target, "target", "a folder, or the prefix of a bucket"),
        settings,
        Naming(name=name, format=format),
        executor(on, address, say),
        column=column,
        overwrite=overwrite,
        verify=verify,
        progress=progress,
    )


def executor(on: str, address: str | None = None, say: Callable[[str], None] = lambda line: None) -> Executor:
    """The executor of a name in :data:`EXECUTORS`."""
    if on not in EXECUTORS:
        raise unknown("executor", on, EXECUTORS)
    if on == "threads":
        if address:
            raise ImpastoError(f"address {shown(address)}: belongs to a Ray cluster; add --on ray")
        return on_threads
    from impasto.batch.ray import OnRay

    return OnRay(address, say)


def on_threads(rows: pa.Table, settings: BatchSettings, target: str) -> Generator[dict[str, Any], None, None]:
    """Paint rows in this process, as many at once as there are cores."""
    from impasto.batch.threads import in_threads
    from impasto.batch.worker import Worker

    workers = max(1, min(rows.num_rows, os.cpu_count() or 1))
    worker = Worker(settings, target, at_once=workers)
    each = (row for some in rows.to_batches(1000) for row in some.to_pylist())
    return in_threads(worker.done, each, workers)


def run(
    source: str,
    target: str,
    settings: BatchSettings,
    naming: Naming,
    execute: Executor,
    *,
    column: str = SOURCE,
    overwrite: bool = False,
    verify: bool = False,
    progress: Progress = silent,
) -> Summary:
    """:func:`batch`, with its settings, names and executor as values."""
    if not target:
        raise ImpastoError("no target is given; give a folder, or the prefix of a bucket")
    began, folder = time.monotonic(), places.normal(target)
    forget()
    photos = photos_of(source, folder, column, naming.depth)
    settings = settings if "style" in photos.column_names else checked(settings)
    if overlooked := [name for name in COLUMNS if name in photos.column_names and column == name]:
        raise ImpastoError(f"column {overlooked[0]}: says how photos are painted; it cannot have their addresses")
    manifest = Manifest(folder)
    manifest.begin(places.normal(source))
    done = manifest.tidied()
    left = todo(photos, settings, naming, folder, done.slice(0, 0) if overwrite else done, verify=verify)
    del photos, done
    with closing(execute(left.rows, settings, folder)) as painted:
        refused = ({**row, "status": "failed"} for row in left.failed.to_pylist())
        total = left.there + left.rows.num_rows + left.failed.num_rows
        counted = _Count(left.there, total, progress)
        try:
            for row in itertools.chain(refused, painted if left.rows.num_rows else ()):
                counted.add(row, manifest)
        finally:
            manifest.flush()
    return counted.summary(time.monotonic() - began, folder)


class _Count:
    """What was done so far, and what is told of it."""

    def __init__(self, there: int, total: int, progress: Progress) -> None:
        self._painted = self._failed = 0
        self._there, self._total, self._progress = there, total, progress
        self._failures: list[str] = []
        progress(there, total, "")

    def add(self, row: dict[str, Any], manifest: Manifest) -> None:
        """Count a row, note it down, and tell of it; an :class:`ImpastoError` if there is no room for more."""
        if row["status"] == "skipped":
            self._there += 1
        else:
            manifest.add(row)
        self._painted += row["status"] == "painted"
        if row["status"] == "failed":
            self._failed += 1
            self._failures += [row["error"]][: _SHOWN - len(self._failures)]
        if row.get("full"):
            raise places.FullError(row["error"])
        done = self._painted + self._failed + self._there
        self._progress(done, self._total, f"{self._failed} failed" if self._failed else "")

    def summary(self, seconds: float, target: str) -> Summary:
        """All that was counted."""
        return Summary(self._painted, self._there, self._failed, seconds, tuple(self._failures), target)
