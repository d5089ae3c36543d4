"""Rows of a batch become pictures: what a thread does, and an actor on another machine."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from impasto.batch import places
from impasto.batch.jobs import Job, Report, do, said
from impasto.batch.settings import BatchSettings, local, model_of
from impasto.errors import ImpastoError
from impasto.files import digest
from impasto.progress import Progress, silent
from impasto.stylize.plan import Plan
from impasto.stylize.stylizer import Stylizer, load

RESULT = ("status", "error", "width", "height", "seconds", "bytes", "sha256", "full")
"""What a row gets when its photo is painted: fields of :class:`impasto.batch.jobs.Report`."""
_PLANS = 64
"""How many plans are kept. A list may ask for another strength in every row."""


class Worker:
    """Paints the photos of rows. Threads may share one; models are loaded once, when they are first needed.

    Args:
        settings: for all rows that have none of their own; checked.
        target: the address of the folder of pictures; empty if rows have whole addresses.
        at_once: how many threads will call it at the same time.
        cores: how many cores they have together; None are all.
        files: the content of files that settings name, by their addresses, where they may not be on this machine.
    """

    def __init__(
        self,
        settings: BatchSettings,
        target: str = "",
        *,
        at_once: int = 1,
        cores: int | None = None,
        files: Mapping[str, bytes] | None = None,
    ) -> None:
        self._settings = settings
        self._target = target
        self._files = files or {}
        self._folder = tempfile.TemporaryDirectory(prefix="impasto-")
        self._here = functools.cache(self._fetch)
        self._plan = functools.lru_cache(_PLANS)(self._planned)

        @functools.cache
        def loaded(model: Path, runtime: str, precision: str) -> Stylizer:
            return load(model, runtime=runtime, precision=precision, at_once=at_once, cores=cores)

        self._loaded = loaded

    def done(self, row: Mapping[str, Any], progress: Progress = silent) -> dict[str, Any]:
        """Paint a photo.

        Args:
            row: ``source`` is its address, and ``target`` a path below the folder of pictures. ``own`` has its
                settings, in JSON, if they are not those of all. ``known`` has the SHA-256 of the picture that is there,
                if it is to be kept.
            progress: see :func:`impasto.batch.jobs.do`.

        Returns:
            The row, and what became of the photo: the fields of a report.
        """
        target = places.below(self._target, row["target"]) if self._target else row["target"]
        report = self._report(row["source"], target, row.get("own"), row.get("known"), progress)
        fields = {name: getattr(report, name) for name in RESULT}
        return {**row, **fields}

    def _report(self, source: str, target: str, own: str | None, known: str | None, progress: Progress) -> Report:
        try:
            if known and self._is_there(target, known):
                return Report(source, target, "skipped")
            settings = msgspec.json.decode(own, type=BatchSettings) if own else self._settings
            plan = self._plan(settings)
        except Exception as error:
            return Report(source, target, "failed", said(error, source))
        photo = source if places.is_remote(source) else Path(source)
        job = Job(photo, target, plan, None, settings.quality, settings.strip_metadata)
        return do(job, max_pixels=int(settings.max_megapixels * 1e6), progress=progress)

    def _is_there(self, target: str, known: str) -> bool:
        try:
            return digest(places.read(target)) == known
        except ImpastoError:
            return False

    def _planned(self, settings: BatchSettings) -> Plan:
        stylizer = self._loaded(model_of(settings).path, settings.runtime, settings.precision)
        regions = [(self._here(mask), local(blend, self._here)) for mask, blend in settings.regions]
        return stylizer.plan(local(settings.blend, self._here), settings.controls, regions)

    def _fetch(self, address: str) -> Path:
        """A file on this machine that has the content of what settings name."""
        if address not in self._files and not places.is_remote(address):
            return Path(address)
        content = self._files.get(address) or places.read(address)
        path = Path(self._folder.name) / f"{digest(address.encode())[:16]}{Path(address).suffix}"
        path.write_bytes(content)
        return path
