"""The styles of a model and the user's own."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from impasto.errors import ImpastoError
from impasto.models import library
from impasto.models.model import Model
from impasto.server.api.pictures import MODEL, opened
from impasto.server.endpoints import BYTES, NOTHING, PREFIX, Endpoint, read_bytes
from impasto.server.engine import name_of
from impasto.server.forms import File
from impasto.server.problems import RefusedError
from impasto.server.service import Service
from impasto.styles.style import IDENTITY, Style

_MOST_BYTES = 2**20
"""The most bytes of a style's file; ours have about 15,000."""
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


class StyleChanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a style is to be called."""

    slug: Slug | None = None
    name: Title | None = None
    artist: Artist | None = None


async def list_styles(service: Service, request: Request, query: ModelQuery) -> StylesAnswer:
    """The styles of a model, then the user's own for it."""
    model = service.engine.model(query.model)
    return StylesAnswer(name_of(model), [answer_of(slug, model) for slug in model.styles if slug != IDENTITY])


def file_path(slug: str, model: Model) -> str:
    """The path of a style's file."""
    return f"{PREFIX}/styles/{slug}{library.SUFFIX}?model={quote(name_of(model))}"


def answer_of(slug: str, model: Model) -> StyleAnswer:
    """A style of a model, as it is listed."""
    style = model.styles[slug]
    known = {name: getattr(style.info, name) for name in ("name", "name_zh", "artist", "year", "credit", "licence")}
    path = f"{PREFIX}/styles/{slug}/thumbnail?model={quote(name_of(model))}"
    thumbnail = path if style.thumbnail.startswith(_JPEG) else ""
    own = slug not in model.info.styles
    return StyleAnswer(slug=slug, own=own, thumbnail=thumbnail, file=file_path(slug, model), **known)


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


async def put_file(service: Service, request: Request, query: ModelQuery) -> StyleAnswer:
    """Put the style of a file among the user's own, by the name in the path; an own style of that name is replaced."""
    slug = request.path_params["slug"]
    style = Style.decode(await read_bytes(request, _MOST_BYTES), slug)
    with service.engine.changing(query.model) as model:
        library.keep(style.renamed(slug), model, replace=True)
    return answer_of(slug, service.engine.model(query.model))


async def change_style(service: Service, request: Request, query: ModelQuery, changes: StyleChanges) -> StyleAnswer:
    """Change what one of the user's own styles is called."""
    slug = request.path_params["slug"]
    given = {name: value for name, value in msgspec.structs.asdict(changes).items() if value is not None}
    with service.engine.changing(query.model) as model:
        style = _own(model, request)
        info = msgspec.structs.replace(style.info, **{"slug": slug, **given})
        library.keep(Style(info, style.row, style.thumbnail), model, replace=info.slug == slug)
        if info.slug != slug:
            library.remove(slug, model)
    return answer_of(info.slug, service.engine.model(query.model))


async def remove_style(service: Service, request: Request, query: ModelQuery) -> Response:
    """Delete one of the user's own styles."""
    with service.engine.changing(query.model) as model:
        _own(model, request)
        library.remove(request.path_params["slug"], model)
    return NOTHING


def _own(model: Model, request: Request) -> Style:
    """The style that a request's path names, if it is one of the user's own."""
    style, slug = found(model, request), request.path_params["slug"]
    if slug in model.info.styles:
        raise ImpastoError(f"style {slug!r}: comes with {name_of(model)}; you can only change your own styles")
    return style


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
    Endpoint(
        "PUT",
        "/styles/{slug}.safetensors",
        put_file,
        query=(ModelQuery,),
        body=BYTES,
        answer=StyleAnswer,
        errors=(413,),
    ),
    Endpoint(
        "PATCH",
        "/styles/{slug}",
        change_style,
        query=(ModelQuery,),
        body=StyleChanges,
        answer=StyleAnswer,
        errors=(404, 413),
    ),
    Endpoint("DELETE", "/styles/{slug}", remove_style, query=(ModelQuery,), status=204, errors=(404,)),
    Endpoint("GET", "/styles/{slug}.safetensors", get_file, query=(ModelQuery,), answer=BYTES, errors=(404,)),
)
