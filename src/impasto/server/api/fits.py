"""A painting becomes one of the user's own styles: fitted, which takes a minute or two."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from impasto.errors import check_ranges, pip_install
from impasto.models import library
from impasto.progress import Progress
from impasto.server.api.pictures import MODEL, opened
from impasto.server.api.styles import Artist, Slug, Title, file_path
from impasto.server.endpoints import JSON, PREFIX, Endpoint
from impasto.server.engine import name_of
from impasto.server.forms import File
from impasto.server.jobs import JobAnswer
from impasto.server.problems import RefusedError
from impasto.server.service import Service


class FitForm(msgspec.Struct, frozen=True, kw_only=True):
    """Paintings that shall be a style."""

    painting: Annotated[tuple[File, ...], Meta(min_length=1, description="One painting, or several of one manner.")]
    slug: Slug
    name: Title = ""
    artist: Artist = ""
    model: MODEL = ""
    minutes: Annotated[float, Meta(gt=0, le=60, description="The longest time that the fit may take.")] | None = None
    replace: Annotated[bool, Meta(description="Replace your own style of that name.")] = False

    def __post_init__(self) -> None:
        check_ranges(self)


async def add_style(service: Service, request: Request, form: FitForm) -> Response:
    """Fit a style to paintings, as a job, and put it among the user's own. It is better than a predicted one."""
    fit = service.fit
    assert fit
    model = service.engine.model(form.model)
    library.check_name(form.slug, model, replace=form.replace)

    def check(progress: Progress) -> None:
        for painting in form.painting:
            opened(painting, "painting", service.settings.max_pixels)

    await service.queue.run(check, request)

    def work(progress: Progress) -> str:
        options = {"title": form.name, "artist": form.artist, "replace": form.replace, "model": model.path}
        changes = {} if form.minutes is None else {"minutes": form.minutes}
        fit([painting.content for painting in form.painting], form.slug, progress, **options, **changes)
        service.engine.refresh(name_of(model))
        return file_path(form.slug, model)

    job = service.jobs.start("style", work)
    headers = {"Location": f"{PREFIX}/jobs/{job.id}"}
    return Response(msgspec.json.encode(job), 202, headers, JSON)


def _admit(service: Service) -> None:
    """Raise what keeps any style from being fitted."""
    if service.fit is None:
        raise RefusedError(501, f"the service needs PyTorch for this: {pip_install('train')}")
    service.jobs.check_room("style")


ENDPOINTS = (
    Endpoint("POST", "/styles", add_style, form=(FitForm,), answer=JobAnswer, status=202, errors=(501,), admit=_admit),
)
