"""The service as one ASGI application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from anyio import to_thread
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from impasto.errors import ImpastoError
from impasto.runtime.allocator import give_back
from impasto.server import openapi
from impasto.server.api import about, films, fits, jobs, photos, pictures, styles
from impasto.server.endpoints import PREFIX
from impasto.server.guard import Guard
from impasto.server.metrics import Metered
from impasto.server.problems import GoneError, on_fault, on_gone, on_http_error, on_impasto_error
from impasto.server.service import Service
from impasto.server.settings import Settings

ENDPOINTS = tuple(
    endpoint for module in (about, pictures, films, styles, fits, jobs, photos) for endpoint in module.ENDPOINTS
)
"""All paths of the service that OpenAPI describes."""
_TIDY_EVERY = 10
"""How often to look for what nobody needs any more, in seconds."""
STATIC = Path(__file__).parent / "static"
"""The page."""


def create_app(service: Service) -> Starlette:
    """The application: the paths below :data:`PREFIX`, what describes and measures them, and the page."""
    registry, described = CollectorRegistry(), openapi.document(ENDPOINTS, service.version)
    paths = [Route(each.path, each.answer_to, methods=[each.method]) for each in ENDPOINTS]

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        tidying = asyncio.create_task(_tidy(service))
        yield
        tidying.cancel()
        service.queue.close()
        service.jobs.close()

    async def document(request: Request) -> Response:
        return JSONResponse(described)

    async def docs(request: Request) -> Response:
        return openapi.page(described)

    async def metrics(request: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    app = Starlette(
        routes=[
            Route("/api/docs", docs),
            Mount(PREFIX, routes=[*paths, Route("/openapi.json", document), Route("/metrics", metrics)]),
            Mount("/", StaticFiles(directory=STATIC, html=True)),
        ],
        middleware=[
            *_cross_origin(service.settings),
            Middleware(Metered, registry=registry, service=service),
            Middleware(Guard, settings=service.settings),
        ],
        exception_handlers={
            ImpastoError: on_impasto_error,
            HTTPException: on_http_error,
            GoneError: on_gone,
            ClientDisconnect: on_gone,
            Exception: on_fault,
        },
        lifespan=lifespan,
    )
    app.state.service = service
    return app


async def _tidy(service: Service) -> None:
    """Remove, from time to time, what nobody fetched, and give back what was freed."""
    while True:
        await asyncio.sleep(_TIDY_EVERY)
        await to_thread.run_sync(service.jobs.expire)
        await to_thread.run_sync(give_back)


def _cross_origin(settings: Settings) -> list[Middleware]:
    """What tells browsers that pages of other origins may call the service, if any may."""
    if not settings.allow_origin:
        return []
    origins, headers = settings.allow_origin, ["Authorization"]
    return [Middleware(CORSMiddleware, allow_origins=origins, allow_methods=["*"], allow_headers=headers)]
