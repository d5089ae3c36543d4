"""What every path of the service has at hand."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from starlette.requests import Request

from impasto.progress import Progress
from impasto.server.engine import Engine
from impasto.server.folder import Folder
from impasto.server.jobs import Jobs
from impasto.server.queue import Queue
from impasto.server.settings import Settings

Fit = Callable[..., None]
"""Is given paintings' files, a slug, a function to report to, and options by name."""
Film = Callable[..., Callable[[Progress], int]]
"""Is given a film's file, the file that it becomes, what makes its timeline, and options by name. It checks them and
returns what paints the film."""


@dataclass(frozen=True)
class Service:
    """What every path of the service has at hand.

    Attributes:
        version: of this package.
        settings: how it is set up.
        engine: its models.
        queue: who may be painted for.
        jobs: what takes minutes.
        fit: fits a style and keeps it among the user's own, as :func:`impasto.fitting.apart.add_style_apart` does; None
            if that is not installed.
        film: prepares a film, as :func:`impasto.batch.film.prepared` does; None if that is not installed.
        photos: a folder of photos to choose from, or None.
    """

    version: str
    settings: Settings
    engine: Engine
    queue: Queue
    jobs: Jobs = field(default_factory=Jobs)
    fit: Fit | None = None
    film: Film | None = None
    photos: Folder | None = None

    def place(self, request: Request) -> AbstractContextManager[None]:
        """A place for a request; on a service for this computer alone, all callers are one."""
        client = "" if self.settings.is_local or request.client is None else request.client.host
        return self.queue.place(client)
