"""Bounded work."""

from __future__ import annotations

import asyncio
import threading

import pytest
from starlette.requests import Request
from tests.server.conftest import finished

from impasto.progress import Progress
from impasto.server.problems import GoneError
from impasto.server.queue import Queue


def test_a_client_who_goes_away_before_its_turn_is_only_gone() -> None:
    queue, busy = Queue(4, 1), threading.Event()
    queue._pool.submit(busy.wait)  # the only thread
    worked = []

    async def gone() -> dict[str, str]:
        return {"type": "http.disconnect"}

    def work(progress: Progress) -> None:
        worked.append(progress)

    async def asks() -> None:
        await queue.run(work, Request({"type": "http"}, gone))

    try:
        with pytest.raises(GoneError):
            finished(asyncio.wait_for(asks(), 30))
    finally:
        busy.set()
        queue.close()
    assert not worked
