"""The service itself."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request

from impasto.server.api.pictures import FORMAT_NAMES
from impasto.server.endpoints import Endpoint
from impasto.server.service import Service
from impasto.stylize.controls import Controls


class Health(msgspec.Struct, frozen=True):
    """That the service is there."""

    status: str = "ok"


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a page must know before it asks for pictures."""

    version: str
    models: tuple[str, ...]
    formats: tuple[str, ...]
    max_megapixels: float
    max_megabytes: float
    max_film_megabytes: float
    places: int
    can_fit: bool
    can_paint_films: bool
    controls: dict[str, Any]


async def health(service: Service, request: Request) -> Health:
    """That the service is there; this path needs no token."""
    return Health()


async def about(service: Service, request: Request) -> About:
    """What a page must know: models, formats, limits, and the controls with their ranges, as a JSON schema."""
    schema = msgspec.json.schema_components([Controls])[1]["Controls"]["properties"]
    settings = service.settings
    return About(
        version=service.version,
        models=service.engine.models,
        formats=tuple(FORMAT_NAMES),
        max_megapixels=settings.max_megapixels,
        max_megabytes=settings.max_megabytes,
        max_film_megabytes=settings.max_film_megabytes,
        places=settings.queue + settings.workers,
        can_fit=service.fit is not None,
        can_paint_films=service.film is not None,
        controls=schema,
    )


ENDPOINTS = (
    Endpoint("GET", "/health", health, answer=Health),
    Endpoint("GET", "/about", about, answer=About),
)
