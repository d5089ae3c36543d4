"""What takes minutes: jobs, one after the other. Whoever started one can follow it, and cancel it."""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
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
"""The most jobs that may wait for the one that runs."""
_RETRY = 60
"""After how many seconds to try again when too many wait."""
_LOOKED = 0.2
"""How often a job is looked at for those who follow it, in seconds."""
_SILENT = 15.0
"""The longest time for which those who follow a job hear nothing, in seconds."""


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
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="impasto-job")
        self._jobs: dict[str, JobAnswer] = {}
        self._stopped: dict[str, threading.Event] = {}
        self._lock = threading.Lock()

    def start(self, kind: str, work: Work) -> JobAnswer:
        """Do ``work`` as soon as all earlier jobs have ended.

        Args:
            kind: what sort of job it is, in a word.
            work: what is to be done.

        Raises:
            RefusedError: too many wait.
        """
        job = JobAnswer(id=secrets.token_urlsafe(9), kind=kind)
        with self._lock:
            if sum(each.state == "queued" for each in self._jobs.values()) >= _WAITING:
                raise RefusedError(503, f"{_WAITING} jobs wait already; try again in a minute", _RETRY)
            self._jobs[job.id], self._stopped[job.id] = job, threading.Event()
            ended = [each.id for each in self._jobs.values() if each.ended]
            for old in ended[: max(0, len(self._jobs) - _REMEMBERED)]:
                del self._jobs[old], self._stopped[old]
        self._pool.submit(self._do, job.id, work)
        return job

    def listed(self) -> list[JobAnswer]:
        """All jobs that are remembered, the newest first."""
        return list(reversed(self._jobs.values()))

    def get(self, job: str) -> JobAnswer:
        """A job as it is now; a :class:`RefusedError` if there is none."""
        if job not in self._jobs:
            raise RefusedError(404, f"no job {job!r}: it has been forgotten, or never was")
        return self._jobs[job]

    def cancel(self, job: str) -> None:
        """Cancel a job; forget one that has ended.

        Raises:
            RefusedError: there is none.
        """
        with self._lock:
            if self.get(job).ended:
                del self._jobs[job], self._stopped[job]
                return
            self._stopped[job].set()
        if self.get(job).state == "queued":
            self._tell(job, state="cancelled")

    async def follow(self, job: str) -> AsyncIterator[JobAnswer]:
        """A job as it is now, and again after every change, until it has ended.

        If there is no change for :data:`_SILENT` seconds, it comes again, so that nobody takes the connection for dead.
        """
        told, before = None, 0.0
        while job in self._jobs:
            now = self._jobs[job]
            if now is not told or time.monotonic() - before > _SILENT:
                told, before = now, time.monotonic()
                yield now
            if now.ended:
                return
            await asyncio.sleep(_LOOKED)

    def close(self) -> None:
        """Cancel all jobs, and wait until the one that runs has ended."""
        for stopped in list(self._stopped.values()):
            stopped.set()
        self._pool.shutdown(cancel_futures=True)

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
            self._tell(job, state="cancelled")
        except Exception as error:
            logger.log(
                logging.DEBUG if isinstance(error, ImpastoError) else logging.ERROR, "impasto: job", exc_info=error
            )
            said = str(error) if isinstance(error, ImpastoError) else "the service failed; its log says why"
            self._tell(job, state="failed", error=said)
        else:
            self._tell(job, state="done", result=result)

    def _tell(self, job: str, **changes: Any) -> None:
        """Change what is told of a job; nothing that is told already makes no change."""
        with self._lock:
            before = self._jobs.get(job)
            if before and not before.ended:
                after = msgspec.structs.replace(before, **changes)
                self._jobs[job] = before if after == before else after
