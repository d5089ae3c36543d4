"""The service as one ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from impasto.errors import ImpastoError
from impasto.server.api import about, pictures, styles
from impasto.server.endpoints import PREFIX
from impasto.server.guard import Guard
from impasto.server.problems import GoneError, on_fault, on_gone, on_http_error, on_impasto_error
from impasto.server.service import Service

ENDPOINTS = (*about.ENDPOINTS, *pictures.ENDPOINTS, *styles.ENDPOINTS)
"""All paths of the service."""
STATIC = Path(__file__).parent / "static"
"""The page."""


def create_app(service: Service) -> Starlette:
    """The application: the paths below :data:`PREFIX`, and the page."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        service.queue.close()

    app = Starlette(
        routes=[
            *(Route(PREFIX + each.path, each.answer_to, methods=[each.method]) for each in ENDPOINTS),
            Mount("/", StaticFiles(directory=STATIC, html=True)),
        ],
        middleware=[Middleware(Guard, settings=service.settings)],
        exception_handlers={
            ImpastoError: on_impasto_error,
            HTTPException: on_http_error,
            GoneError: on_gone,
            Exception: on_fault,
        },
        lifespan=lifespan,
    )
    app.state.service = service
    return app
