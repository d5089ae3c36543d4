"""Bounded work: so many pictures are made at once, so many requests wait, and all others are told to come again."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from starlette.requests import Request

from impasto.errors import StoppedError
from impasto.progress import Progress
from impasto.server.problems import GoneError, RefusedError

T = TypeVar("T")

_RETRY = 2
"""After how many seconds a client that found no place is to try again."""


class Queue:
    """Threads that make pictures, and places for those who wait for them.

    A request takes its place before its body arrives, so that places bound the memory of bodies, too.

    Args:
        length: how many requests may wait.
        workers: how many pictures are made at once.
    """

    def __init__(self, length: int, workers: int) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="impasto-paint")
        self._places = length + workers
        self._by_client: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        """How many places are taken."""
        return self._by_client.total()

    @contextmanager
    def place(self, client: str = "") -> Iterator[None]:
        """A context in which the caller has a place.

        Args:
            client: who calls, if that is to be told apart: nobody may take more than half of all places.

        Raises:
            RefusedError: none is left.
        """
        if self.taken >= self._places:
            raise RefusedError(503, f"all {self._places} places are taken; try again in a moment", _RETRY)
        if client and self._by_client[client] >= max(1, self._places // 2):
            raise RefusedError(429, "you have half of all places already; wait for an answer first", _RETRY)
        self._by_client[client] += 1
        try:
            yield
        finally:
            self._by_client -= Counter([client])

    async def run(self, work: Callable[[Progress], T], request: Request) -> T:
        """Call ``work`` in a thread, as soon as one is free. It ends at its next report when the client goes away.

        Args:
            work: is given the function to report to.
            request: whose body has been read.

        Raises:
            GoneError: the client has gone away.
        """
        stopped = threading.Event()

        def watched(done: int, total: int, note: str) -> None:
            if stopped.is_set():
                raise StoppedError("stopped")

        def begun() -> T:
            watched(0, 1, "")
            return work(watched)

        future = self._pool.submit(begun)
        running, leaving = asyncio.wrap_future(future), asyncio.ensure_future(_until_gone(request))
        both: set[asyncio.Future[Any]] = {running, leaving}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            stopped.set()
            future.cancel()
            await asyncio.wait({running})  # the place is kept as long as the work goes on
        if leaving.done() and not leaving.cancelled():
            raise GoneError from running.exception() if not running.cancelled() else None
        return running.result()

    def close(self) -> None:
        """End the threads, without waiting for what they do."""
        self._pool.shutdown(wait=False, cancel_futures=True)


async def _until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
