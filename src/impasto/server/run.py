"""Start the service, and stop it."""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import h11
import msgspec
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from impasto.errors import ImpastoError
from impasto.server.app import create_app
from impasto.server.engine import Engine
from impasto.server.folder import Folder
from impasto.server.queue import Queue
from impasto.server.service import Film, Fit, Service
from impasto.server.settings import Settings

_GRACE = 3
"""How long requests may go on after Ctrl-C, in seconds."""
_PATIENCE = 10
"""How long a connection may be open before the head of its next request is there, in seconds."""
_SLOWEST = 20_000
"""How many bytes of an answer must be read in that time, or of a refused body be sent."""
_CONNECTIONS = 500
"""The most connections; others are told to come again."""


class _Patient(H11Protocol):
    """Closes connections on which nothing happens. uvicorn itself waits for ever for the head of a first request, and
    for clients that do not read their answers.

    A body that was refused is read on, and dropped. Clients read no answer before they have sent all; they would find
    the connection broken.
    """

    patience = float(_PATIENCE)
    lingering = 0.0
    """For how many seconds at most a refused body is read on."""
    _waiting: asyncio.TimerHandle | None = None
    _unread, _dropped, _until = 0, 0, 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._dropped += len(data)
        self._wait()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._unread = self.transport.get_write_buffer_size()
        self._dropped, self._until = 0, self.loop.time() + self.lingering
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._waiting:
            self._waiting.cancel()

    @property
    def _idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _wait(self) -> None:
        """Begin to wait for a request, or end it, now that some of it has come."""
        if self._waiting and not self._idle:
            self._waiting.cancel()
            self._waiting = None
        if self._idle and not self._waiting:
            self._waiting = self.loop.call_later(self.patience, self._close_if_idle)

    def _close_if_idle(self) -> None:
        self._waiting = None
        if not self._idle:
            return
        before, self._unread = self._unread, self.transport.get_write_buffer_size()
        dropped, self._dropped = self._dropped, 0
        if self._unread + _SLOWEST <= before if self._unread else self._lingers(dropped):
            self._wait()
        elif self._unread:
            self.transport.abort()
        else:
            self.transport.close()

    def _lingers(self, dropped: int) -> bool:
        """Whether a refused body is to be read on, of which so many bytes came since the last look."""
        coming = self.conn.their_state is h11.SEND_BODY
        return coming and dropped >= _SLOWEST and self.loop.time() < self._until


def _patient(settings: Settings) -> type[_Patient]:
    """The protocol for a service; a refused body has the time that the largest one has that is taken."""
    patience, lingering = min(_PATIENCE, settings.upload_seconds), settings.for_films.upload_seconds
    return type("_AsPatient", (_Patient,), {"patience": patience, "lingering": lingering})


def serve(
    version: str,
    settings: Settings,
    *,
    model: Path | None,
    photos: Path | None,
    fit: Fit | None,
    film: Film | None,
    ready: Callable[[str], None],
) -> None:
    """Serve until Ctrl-C.

    Args:
        version: of this package.
        settings: how the service is set up; it gets a token if it needs one.
        model: the only model, or None for all that come with the package.
        photos: see :class:`impasto.server.service.Service`.
        fit, film: see there.
        ready: is given the address of the page, once it can be opened.

    Raises:
        ImpastoError: the port is taken, the address is none, or the model or the folder cannot be read.
    """
    if not settings.is_local and not settings.token:
        settings = msgspec.structs.replace(settings, token=secrets.token_urlsafe(24))
    folder = Folder(photos) if photos else None
    listening = listen(settings)
    settings = msgspec.structs.replace(settings, port=listening.getsockname()[1])
    engine, queue = Engine(model), Queue(settings.queue, settings.workers)
    config = uvicorn.Config(
        create_app(Service(version, settings, engine, queue, fit=fit, film=film, photos=folder)),
        http=_patient(settings),
        ws="none",
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_CONNECTIONS,
        timeout_graceful_shutdown=_GRACE,
    )
    ready(address(settings))
    with _only_errors(logging.getLogger("impasto")):  # what it says of a photo is for whoever sent it
        uvicorn.Server(config).run([listening])


@contextmanager
def _only_errors(logger: logging.Logger) -> Iterator[None]:
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def address(settings: Settings) -> str:
    """The address of the page, with the token if there is one."""
    host = {"0.0.0.0": "localhost", "::": "localhost"}.get(settings.host, settings.host)
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}:{settings.port}/" + (f"?token={quote(settings.token, safe='')}" if settings.token else "")


def listen(settings: Settings) -> socket.socket:
    """A socket that listens already, so that a taken port is an error before anything is loaded."""
    called = f"{settings.host}:{settings.port}"
    try:
        family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.create_server((settings.host, settings.port), family=family, backlog=128)
    except OSError as error:
        raise ImpastoError(f"{called}: cannot listen there ({error.strerror or error}); give another --port") from None
    # Connections inherit it. asyncio sets it for sockets of its own only, and without it answers wait 40 ms.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
