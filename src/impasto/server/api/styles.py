"""The styles of a model and the user's own."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from impasto.errors import ImpastoError
from impasto.models import library
from impasto.models.model import Model
from impasto.server.api.pictures import MODEL, opened
from impasto.server.endpoints import BYTES, PREFIX, Endpoint
from impasto.server.forms import File
from impasto.server.problems import RefusedError
from impasto.server.service import Service
from impasto.styles.style import IDENTITY, Style

_JPEG = b"\xff\xd8\xff"
"""How a JPEG file begins."""
Slug = Annotated[str, Meta(description="The style's name: lower-case letters, digits and hyphens.")]
Title = Annotated[str, Meta(description="Its name for people.")]
Artist = Annotated[str, Meta(description="Who painted it.")]


class ModelQuery(msgspec.Struct, frozen=True):
    """Which model is meant."""

    model: MODEL = ""


class StyleAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A style, as it is listed."""

    slug: str
    name: str
    name_zh: str
    artist: str
    year: str
    credit: str
    licence: str
    own: Annotated[bool, Meta(description="Whether it is one of the user's own, which can be changed.")]
    thumbnail: Annotated[str, Meta(description="The path of a small JPEG of the painting; empty if there is none.")]
    file: Annotated[str, Meta(description="The path of the style's file.")]


class StylesAnswer(msgspec.Struct, frozen=True):
    """The styles of a model."""

    model: str
    styles: list[StyleAnswer]


class PaintingForm(msgspec.Struct, frozen=True, kw_only=True):
    """A painting that shall be a style."""

    painting: Annotated[File, Meta(description="The painting: any JPEG, PNG, WebP, TIFF, AVIF, HEIC, …")]
    slug: Slug = "predicted"
    name: Title = ""
    artist: Artist = ""
    model: MODEL = ""


async def list_styles(service: Service, request: Request, query: ModelQuery) -> StylesAnswer:
    """The styles of a model, then the user's own for it."""
    model = service.engine.model(query.model)
    return StylesAnswer(model.name, [answer_of(slug, model) for slug in model.styles if slug != IDENTITY])


def answer_of(slug: str, model: Model) -> StyleAnswer:
    """A style of a model, as it is listed."""
    style, query = model.styles[slug], f"?model={model.name}"
    names = {name: getattr(style.info, name) for name in ("name", "name_zh", "artist", "year", "credit", "licence")}
    path = f"{PREFIX}/styles/{slug}"
    thumbnail = f"{path}/thumbnail{query}" if style.thumbnail.startswith(_JPEG) else ""
    return StyleAnswer(
        slug=slug,
        own=slug not in model.info.styles,
        thumbnail=thumbnail,
        file=f"{path}{library.SUFFIX}{query}",
        **names,
    )


async def get_thumbnail(service: Service, request: Request, query: ModelQuery) -> Response:
    """A small JPEG of a style's painting."""
    thumbnail = found(service.engine.model(query.model), request).thumbnail
    if not thumbnail.startswith(_JPEG):
        raise RefusedError(404, f"style {request.path_params['slug']!r}: has no thumbnail")
    return Response(thumbnail, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=600"})


async def get_file(service: Service, request: Request, query: ModelQuery) -> Response:
    """The file of a style, for others: they can put it into a service of theirs, or import it."""
    return _file(found(service.engine.model(query.model), request))


async def predict(service: Service, request: Request, form: PaintingForm) -> Response:
    """The style of any painting, at once: its file, which can be sent along with photos, or be put among one's own."""

    def work(progress: object) -> Response:
        stylizer = service.engine.stylizer(form.model)
        painting = opened(form.painting, "painting", service.settings.max_pixels)
        style = stylizer.predict(painting, form.slug)
        info = msgspec.structs.replace(style.info, name=form.name, artist=form.artist)
        return _file(Style(info, style.row, style.thumbnail))

    return await service.queue.run(work, request)


def found(model: Model, request: Request) -> Style:
    """The style that a request's path names."""
    try:
        return library.find(request.path_params["slug"], model)
    except ImpastoError as error:
        raise RefusedError(404, str(error)) from None


def _file(style: Style) -> Response:
    name = f'attachment; filename="{style.slug}{library.SUFFIX}"'
    return Response(style.content, media_type=BYTES, headers={"Content-Disposition": name})


ENDPOINTS = (
    Endpoint("GET", "/styles", list_styles, query=(ModelQuery,), answer=StylesAnswer),
    Endpoint("POST", "/styles/predict", predict, form=(PaintingForm,), answer=BYTES, errors=(413, 415, 503)),
    Endpoint("GET", "/styles/{slug}/thumbnail", get_thumbnail, query=(ModelQuery,), answer="image/jpeg", errors=(404,)),
    Endpoint("GET", "/styles/{slug}.safetensors", get_file, query=(ModelQuery,), answer=BYTES, errors=(404,)),
)
