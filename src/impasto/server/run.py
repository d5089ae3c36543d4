"""Start the service, and stop it."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable

import msgspec
import uvicorn

from impasto.errors import ImpastoError
from impasto.server.app import create_app
from impasto.server.engine import Engine
from impasto.server.queue import Queue
from impasto.server.service import Service
from impasto.server.settings import Settings

_GRACE = 3
"""How long requests may go on after Ctrl-C, in seconds."""


def serve(settings: Settings, model: str | None, said: Callable[[str], None]) -> None:
    """Serve until Ctrl-C.

    Args:
        settings: how the service is set up; it gets a token if it needs one.
        model: the only model, or None for all that come with the package.
        said: is given the address, when the service is ready.

    Raises:
        ImpastoError: the port is taken, the address is none, or the model cannot be loaded.
    """
    if not settings.is_local and not settings.token:
        settings = msgspec.structs.replace(settings, token=secrets.token_urlsafe(24))
    listening = _listen(settings)
    settings = msgspec.structs.replace(settings, port=listening.getsockname()[1])
    service = Service(settings, Engine(model), Queue(settings.queue, settings.workers))
    config = uvicorn.Config(
        create_app(service),
        ws="none",
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE,
    )
    said(address(settings))
    uvicorn.Server(config).run([listening])


def address(settings: Settings) -> str:
    """The address of the page, with the token if there is one."""
    host = {"0.0.0.0": "localhost", "::": "localhost"}.get(settings.host, settings.host)
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}:{settings.port}/" + (f"?token={settings.token}" if settings.token else "")


def _listen(settings: Settings) -> socket.socket:
    """A socket that listens already, so that a taken port is an error before anything is loaded."""
    try:
        family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((settings.host, settings.port), family=family, backlog=128)
    except OSError as error:
        reason = error.strerror or error
        raise ImpastoError(
            f"{settings.host}:{settings.port}: cannot listen there ({reason}); give another --port"
        ) from None
