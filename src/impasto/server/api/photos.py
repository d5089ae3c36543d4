"""The photos of the folder that the service was given (``--input``), for the page to choose from."""

from __future__ import annotations

from pathlib import Path

import msgspec
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from impasto.files import printable
from impasto.images.reading import read_photo
from impasto.progress import Progress
from impasto.server.endpoints import PREFIX, Endpoint
from impasto.server.problems import RefusedError
from impasto.server.service import Service
from impasto.styles.painting import thumbnail


class PhotoAnswer(msgspec.Struct, frozen=True):
    """A photo of the folder."""

    id: str
    name: str
    file: str
    thumbnail: str


class PhotosAnswer(msgspec.Struct, frozen=True):
    """The photos of the folder."""

    photos: list[PhotoAnswer]


async def list_photos(service: Service, request: Request) -> PhotosAnswer:
    """The photos of the folder that the service was given; none if it was given none."""
    path = f"{PREFIX}/photos/"
    found = await to_thread.run_sync(service.photos.listed) if service.photos else {}
    photos = {name: printable(file.name) for name, file in found.items()}
    return PhotosAnswer(
        [PhotoAnswer(each, name, path + each, f"{path}{each}/thumbnail") for each, name in photos.items()]
    )


async def get_photo(service: Service, request: Request) -> Response:
    """A photo's file."""
    return FileResponse(await _found(service, request))


async def get_thumbnail(service: Service, request: Request) -> Response:
    """A small JPEG of a photo."""
    photo = await _found(service, request)

    def work(progress: Progress) -> Response:
        small = thumbnail(read_photo(photo, service.settings.max_pixels).array)
        return Response(small, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=600"})

    return await service.queue.run(work, request)


async def _found(service: Service, request: Request) -> Path:
    photo = request.path_params["id"]
    found = await to_thread.run_sync(service.photos.find, photo) if service.photos else None
    if found is None:
        raise RefusedError(404, f"no photo {photo!r}: GET photos lists them")
    return found


ENDPOINTS = (
    Endpoint("GET", "/photos", list_photos, answer=PhotosAnswer),
    Endpoint("GET", "/photos/{id}", get_photo, answer="image/*", errors=(404,)),
    Endpoint("GET", "/photos/{id}/thumbnail", get_thumbnail, answer="image/jpeg", errors=(404, 413)),
)
