"""The photos of the folder that the service was given (``--input``), for the page to choose from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from impasto.files import digest, printable
from impasto.images.folders import pictures_in
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
    photos = {name: printable(file.name) for name, file in _photos(service).items()}
    return PhotosAnswer(
        [PhotoAnswer(each, name, path + each, f"{path}{each}/thumbnail") for each, name in photos.items()]
    )


async def get_photo(service: Service, request: Request) -> Response:
    """A photo's file."""
    return FileResponse(_found(service, request))


async def get_thumbnail(service: Service, request: Request) -> Response:
    """A small JPEG of a photo."""
    photo = _found(service, request)

    def work(progress: Progress) -> Response:
        small = thumbnail(read_photo(photo, service.settings.max_pixels).array)
        return Response(small, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=600"})

    return await service.queue.run(work, request)


def _photos(service: Service) -> Mapping[str, Path]:
    """Id -> file. Ids say nothing of where files are, and no text of a request becomes a path."""
    found = pictures_in(service.photos) if service.photos else []
    return {digest(str(path).encode(errors="surrogateescape"))[:16]: path for path in found}


def _found(service: Service, request: Request) -> Path:
    photo = request.path_params["id"]
    try:
        return _photos(service)[photo]
    except KeyError:
        raise RefusedError(404, f"no photo {photo!r}: GET photos lists them") from None


ENDPOINTS = (
    Endpoint("GET", "/photos", list_photos, answer=PhotosAnswer),
    Endpoint("GET", "/photos/{id}", get_photo, answer="image/*", errors=(404,)),
    Endpoint("GET", "/photos/{id}/thumbnail", get_thumbnail, answer="image/jpeg", errors=(404, 413)),
)
