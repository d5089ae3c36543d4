"""What every path of the service has at hand."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

from starlette.requests import Request

from impasto.server.engine import Engine
from impasto.server.queue import Queue
from impasto.server.settings import Settings


@dataclass(frozen=True)
class Service:
    """What every path of the service has at hand.

    Attributes:
        settings: how it is set up.
        engine: its models.
        queue: who may be painted for.
    """

    settings: Settings
    engine: Engine
    queue: Queue

    def place(self, request: Request) -> AbstractContextManager[None]:
        """A place for a request; on a service for this computer alone, all callers are one."""
        client = "" if self.settings.is_local or request.client is None else request.client.host
        return self.queue.place(client)
