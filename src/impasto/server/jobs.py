"""What takes minutes: jobs, one of each kind at a time. Whoever started one can follow it, and cancel it."""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
import shutil
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from impasto.errors import ImpastoError, StoppedError
from impasto.progress import Progress
from impasto.server.problems import RefusedError

logger = logging.getLogger(__name__)

Work = Callable[[Progress], str]
"""Does a job, reports how far it is, and returns the path of what came of it. It ends when a report raises an error."""
_REMEMBERED = 50
"""The most jobs that are remembered."""
_WAITING = 8
"""The most jobs of a kind that may wait for the one that runs."""
_RETRY = 60
"""After how many seconds to try again when too many wait."""
_LOOKED = 0.2
"""How often a job is looked at for those who follow it, in seconds."""
_SILENT = 15.0
"""The longest time for which those who follow a job hear nothing, in seconds."""
_KEPT = 8
"""The most jobs that have ended and have files; those of one that was fetched make room for others."""
_KEPT_SECONDS = 3600.0
"""How long such files are kept after they were made, or last fetched."""


def new_id() -> str:
    """An id for a job, which nobody can guess."""
    return secrets.token_urlsafe(9)


class JobAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A job."""

    id: str
    kind: str
    state: Literal["queued", "running", "done", "failed", "cancelled"] = "queued"
    done: Annotated[int, Meta(description="How many steps are done.")] = 0
    total: Annotated[int, Meta(description="How many steps there are; 0 before that is known.")] = 0
    note: Annotated[str, Meta(description="What is being done.")] = ""
    error: Annotated[str, Meta(description="Why it failed.")] = ""
    result: Annotated[str, Meta(description="The path of what came of it.")] = ""
    ahead: Annotated[int, Meta(description="How many jobs of its kind must end before it begins.")] = 0

    @property
    def ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.state not in ("queued", "running")


class JobsAnswer(msgspec.Struct, frozen=True):
    """The jobs that are remembered, the newest first."""

    jobs: list[JobAnswer]


class Jobs:
    """The jobs of a service; threads may share it."""

    def __init__(self) -> None:
        self._pools: dict[str, ThreadPoolExecutor] = {}  # a film of an hour keeps no style waiting
        self._jobs: dict[str, JobAnswer] = {}
        self._stopped: dict[str, threading.Event] = {}
        self._files: dict[str, tuple[Path, float]] = {}  # a job's folder, and when it was last used
        self._fetched: set[str] = set()
        self._lock = threading.RLock()
        self._removing = ThreadPoolExecutor(1, thread_name_prefix="impasto-remove")  # nobody waits for a disk

    def start(self, kind: str, work: Work, *, job: str = "", folder: Path | None = None) -> JobAnswer:
        """Do ``work`` as soon as all earlier jobs of its kind have ended.

        Args:
            kind: what sort of job it is, in a word.
            work: what is to be done.
            job: its id, from :func:`new_id`; a new one without it.
            folder: has the job's files. It is removed when the job has failed, is cancelled or forgotten; an hour after
                it was done or fetched; or after it was fetched, when others need the room.

        Raises:
            RefusedError: too many wait, or have files that nobody fetched.
        """
        started = JobAnswer(id=job or new_id(), kind=kind)
        with self._lock:
            self.check_room(kind)
            self._jobs[started.id], self._stopped[started.id] = started, threading.Event()
            if folder:
                self._files[started.id] = folder, time.monotonic()
                self._make_room()
            old = [each.id for each in self._jobs.values() if each.ended and not self._is_wanted(each.id)]
            for each in old[: max(0, len(self._jobs) - _REMEMBERED)]:
                self.forget(each)
            if kind not in self._pools:
                self._pools[kind] = ThreadPoolExecutor(1, thread_name_prefix=f"impasto-{kind}")
            self._pools[kind].submit(self._do, started.id, work)
            return self._placed(started)

    def check_room(self, kind: str) -> None:
        """Raise a :class:`RefusedError` if too many jobs of a kind wait, or have files that nobody fetched."""
        with self._lock:
            same = [each for each in self._jobs.values() if each.kind == kind]
            if sum(each.state == "queued" for each in same) >= _WAITING:
                raise RefusedError(503, f"{_WAITING} jobs wait already; try again in a minute", _RETRY)
            if sum(each.ended and self._is_wanted(each.id) for each in same) >= _KEPT:
                what = f"{_KEPT} results wait to be fetched; fetch one, or DELETE its job"
                raise RefusedError(503, what, _RETRY)

    def _is_wanted(self, job: str) -> bool:
        """Whether a job has files that nobody fetched."""
        return job in self._files and job not in self._fetched

    def _make_room(self) -> None:
        """Forget the job that was fetched longest ago, if too many have files."""
        kept = [job for job in self._files if self._jobs[job].ended]
        fetched = sorted(self._fetched & set(kept), key=lambda job: self._files[job][1])
        for job in fetched[: max(0, len(kept) - _KEPT + 1)]:
            self.forget(job)

    def folder(self, job: str) -> Path:
        """The folder of a job that is done; a :class:`RefusedError` if it has none, or none any more."""
        if self.get(job).state != "done" or job not in self._files:
            raise RefusedError(404, f"job {job!r}: has no file to fetch")
        return self._files[job][0]

    def fetched(self, job: str) -> None:
        """Note that a job's files were fetched: they stay for a while, unless others need the room."""
        with self._lock:
            if job in self._files:
                self._files[job] = self._files[job][0], time.monotonic()
                self._fetched.add(job)

    def forget(self, job: str) -> None:
        """Forget a job that has ended, and remove its files."""
        with self._lock:
            self._jobs.pop(job, None)
            self._stopped.pop(job, None)
            self._remove(job)

    def expire(self) -> None:
        """Forget jobs that were done long ago and whose files nobody fetched."""
        latest = time.monotonic() - _KEPT_SECONDS
        with self._lock:
            for job in [job for job, (_, used) in self._files.items() if self._jobs[job].ended and used < latest]:
                self.forget(job)

    def _remove(self, job: str) -> None:
        """Let the files of a job be removed, if it has any."""
        self._fetched.discard(job)
        folder, _ = self._files.pop(job, (None, 0.0))
        if folder:
            self._removing.submit(shutil.rmtree, folder, ignore_errors=True)

    def listed(self) -> list[JobAnswer]:
        """All jobs that are remembered, the newest first."""
        with self._lock:
            return [self._placed(job) for job in reversed(self._jobs.values())]

    def get(self, job: str) -> JobAnswer:
        """A job as it is now; a :class:`RefusedError` if there is none."""
        if found := self._find(job):
            return found
        raise RefusedError(404, f"no job {job!r}: it has been forgotten, or never was")

    def _find(self, job: str) -> JobAnswer | None:
        with self._lock:
            return self._placed(self._jobs[job]) if job in self._jobs else None

    def _placed(self, job: JobAnswer) -> JobAnswer:
        """A job with its place among those that wait."""
        if job.state != "queued":
            return job
        earlier = itertools.takewhile(lambda each: each.id != job.id, self._jobs.values())
        return msgspec.structs.replace(job, ahead=sum(each.kind == job.kind and not each.ended for each in earlier))

    def cancel(self, job: str) -> None:
        """Cancel a job; forget one that has ended.

        Raises:
            RefusedError: there is none.
        """
        with self._lock:
            if self.get(job).ended:
                return self.forget(job)
            self._stopped[job].set()
            if self.get(job).state == "queued":
                self._end(job, state="cancelled")
        return None

    async def follow(self, job: str) -> AsyncIterator[JobAnswer]:
        """A job as it is now, and again after every change, until it has ended or is forgotten.

        If there is no change for :data:`_SILENT` seconds, it comes again, so that nobody takes the connection for dead.
        """
        told, before = None, 0.0
        while now := self._find(job):
            if now != told or time.monotonic() - before > _SILENT:
                told, before = now, time.monotonic()
                yield now
            if now.ended:
                return
            await asyncio.sleep(_LOOKED)

    def close(self) -> None:
        """Cancel all jobs, and wait until those that run have ended."""
        for stopped in list(self._stopped.values()):
            stopped.set()
        for pool in self._pools.values():
            pool.shutdown(cancel_futures=True)
        for job in list(self._files):
            self._remove(job)
        self._removing.shutdown()

    def _do(self, job: str, work: Work) -> None:
        stopped = self._stopped[job]

        def progress(done: int, total: int, note: str) -> None:
            if stopped.is_set():
                raise StoppedError("cancelled")
            self._tell(job, state="running", done=done, total=total, note=note)

        try:
            progress(0, 0, "")
            result = work(progress)
        except StoppedError:
            self._end(job, state="cancelled")
        except Exception as error:
            logger.log(
                logging.DEBUG if isinstance(error, ImpastoError) else logging.ERROR, "impasto: job", exc_info=error
            )
            said = str(error) if isinstance(error, ImpastoError) else "the service failed; its log says why"
            self._end(job, state="failed", error=said)
        else:
            self._end(job, state="done", result=result)

    def _end(self, job: str, **changes: Any) -> None:
        """Tell how a job has ended; only one that is done keeps its files, from now on for a while."""
        with self._lock:
            if changes["state"] != "done":
                self._remove(job)
            elif job in self._files:
                self._files[job] = self._files[job][0], time.monotonic()
            self._tell(job, **changes)

    def _tell(self, job: str, **changes: Any) -> None:
        """Change what is told of a job; nothing that is told already makes no change."""
        with self._lock:
            before = self._jobs.get(job)
            if before and not before.ended:
                after = msgspec.structs.replace(before, **changes)
                self._jobs[job] = before if after == before else after
