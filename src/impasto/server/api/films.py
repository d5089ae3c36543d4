"""A film becomes a painted film: a job, whose film is fetched when it is done."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Message, Receive, Scope, Send

from impasto.errors import ImpastoError, check_ranges, meta_of, pip_install, unknown
from impasto.film.formats import CODECS
from impasto.progress import Progress
from impasto.server.api.pictures import MODEL, opened, style_of
from impasto.server.endpoints import JSON, PREFIX, Endpoint
from impasto.server.forms import File, StoredFile
from impasto.server.jobs import JobAnswer, new_id
from impasto.server.problems import RefusedError
from impasto.server.service import Service
from impasto.stylize.controls import Controls
from impasto.stylize.resolve import StyleLike
from impasto.stylize.timeline import Timeline, timeline
from impasto.stylize.video import STEADY

MEDIA_TYPES = {
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "mkv": "video/x-matroska",
    "webm": "video/webm",
    "gif": "image/gif",
    "webp": "image/webp",
    "png": "image/png",
}
"""What a film may become -> its media type."""
_MOVING = ("strength", "stroke")
"""The controls that may have keyframes."""
_PAINTED = "painted"
"""What a film's file is called when it is done."""
_STYLE = (
    "A style by its slug, a blend (mural:.6,scream:.4), or keyframes, between which styles turn into one another: "
    "0:mural, 4.5:scream, 9:mural:.5+kiss:.5. Uploaded style files have the names of their files."
)


class FilmForm(msgspec.Struct, frozen=True, kw_only=True):
    """A film, and the styles to paint it in."""

    film: Annotated[StoredFile, Meta(description="The film: any MP4, MOV, MKV, WebM, AVI, GIF, animated WebP, …")]
    style: Annotated[str, Meta(description=_STYLE)] = ""
    style_file: Annotated[tuple[File, ...], Meta(description="Style files; mine.safetensors is called mine.")] = ()
    style_image: Annotated[File | None, Meta(description="Any painting, in place of a style.")] = None
    region_style: Annotated[
        tuple[str, ...], Meta(description="Styles or blends for parts of all frames, one for each region_mask.")
    ] = ()
    region_mask: Annotated[
        tuple[File, ...], Meta(description="Masks that are white where the style of the region is painted.")
    ] = ()
    steady: Annotated[
        float, Meta(ge=0, le=1, description="How much of the previous frame, warped by optical flow, is kept.")
    ] = STEADY
    start: Annotated[float, Meta(ge=0, description="Begin at this second of the film.")] = 0.0
    end: Annotated[float, Meta(gt=0, description="End at this second of the film.")] | None = None
    fps: Annotated[float, Meta(gt=0, le=240, description="Frames per second; without it, the film's.")] | None = None
    format: Annotated[str, Meta(description=f"{', '.join(MEDIA_TYPES)}.")] = "mp4"
    codec: Annotated[str, Meta(description=f"{', '.join(CODECS)}; without it, the format's usual one.")] = ""
    crf: (
        Annotated[int, Meta(ge=0, le=63, description="Quality: lower is better and larger; without it, the codec's.")]
        | None
    ) = None
    no_audio: Annotated[bool, Meta(description="Leave the sound out.")] = False
    model: MODEL = ""

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.format.lower() not in MEDIA_TYPES:
            raise unknown("format", self.format, MEDIA_TYPES)
        if len(self.region_style) != len(self.region_mask):
            raise ImpastoError("regions: send a region_mask for every region_style")


def _field(field: msgspec.structs.FieldInfo) -> tuple[str, Any, Any]:
    """A control as a field of a form; one that may have keyframes is a text."""
    if field.name not in _MOVING:
        return field.name, field.type, field.default
    about = f"{meta_of(field.type).description} May be keyframes: 0:0.5, 4:1."
    return field.name, Annotated[str, Meta(description=about)], f"{field.default:g}"


FilmControlsForm = msgspec.defstruct(
    "FilmControlsForm",
    list(map(_field, msgspec.structs.fields(Controls))),
    namespace={"__post_init__": check_ranges},
    frozen=True,
    kw_only=True,
)
"""The fields of :class:`Controls`, as they are given for a film."""


async def paint_film(service: Service, request: Request, form: FilmForm, controls: msgspec.Struct) -> Response:
    """Paint a film, as a job, whose steps are frames.

    Its result is the path of the film. It is there for an hour after it was made or last fetched, or until its job is
    deleted; one that was fetched may have to make room for others.
    """
    folder, job = Path(tempfile.mkdtemp(prefix="impasto-")), new_id()
    try:
        work = await service.queue.run(lambda progress: _work(service, folder, form, controls), request)

        def paint(progress: Progress) -> str:
            with _called_by_name(folder):
                work(progress)
            for source in folder.glob("film*"):
                source.unlink()
            return f"{PREFIX}/films/{job}"

        answer = service.jobs.start("film", paint, job=job, folder=folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Response(msgspec.json.encode(answer), 202, {"Location": f"{PREFIX}/jobs/{job}"}, JSON)


def _work(service: Service, folder: Path, form: FilmForm, controls: Any) -> Callable[[Progress], int]:
    """What paints the film that was sent, in a folder that it is moved to, once all that can be wrong was checked."""
    assert service.film
    sent = Path(form.film.path)
    source = shutil.move(sent, folder / f"film{_ending(sent)}")
    options = {name: getattr(form, name) for name in ("steady", "start", "end", "fps", "crf")}
    with _called_by_name(folder):
        return service.film(
            source,
            folder / f"{_PAINTED}.{form.format.lower()}",
            lambda _: _timeline(service, form, controls),
            max_pixels=service.settings.max_pixels,
            codec=form.codec or None,
            longer=controls.size,
            sound=not form.no_audio,
            **options,
        )


def _ending(film: Path) -> str:
    """The ending of an animated WebP, by which it is told from films; all others are known by their content."""
    with film.open("rb") as file:
        head = file.read(12)
    return ".webp" if head.startswith(b"RIFF") and head.endswith(b"WEBP") else ""


def _timeline(service: Service, form: FilmForm, controls: Any) -> Timeline:
    most = service.settings.max_pixels
    uploaded = dict(map(style_of, form.style_file))
    stylizer = service.engine.stylizer(form.model, uploaded)
    style: StyleLike | None = form.style or (next(iter(uploaded)) if len(uploaded) == 1 else None)
    if (style is None) == (form.style_image is None):
        raise ImpastoError("give either a style or a style_image")
    if form.style_image:
        style = stylizer.predict(opened(form.style_image, "style_image", most))
    masks = [opened(mask, f"region_mask {number}", most) for number, mask in enumerate(form.region_mask, 1)]
    regions = list(zip(masks, form.region_style, strict=True))
    return timeline(stylizer.plan, style, regions, msgspec.structs.asdict(controls))


@contextmanager
def _called_by_name(folder: Path) -> Iterator[None]:
    """A context whose errors call files by their names; nobody learns where the folder is."""
    try:
        yield
    except ImpastoError as error:
        raise type(error)(str(error).replace(f"{folder}{os.sep}", "")) from None


def _admit(service: Service) -> None:
    """Raise what keeps any film from being painted."""
    if service.film is None:
        raise RefusedError(501, f"the service needs PyAV and OpenCV for this: {pip_install('video')}")
    service.jobs.check_room("film")


async def get_film(service: Service, request: Request) -> Response:
    """The film of a job that is done, or a range of its bytes. It counts as fetched once one answer had all of it."""
    job = request.path_params["id"]
    film = next(service.jobs.folder(job).glob(f"{_PAINTED}.*"))
    kind = MEDIA_TYPES[film.suffix.strip(".")]
    return _Whole(film, partial(service.jobs.fetched, job), kind)


class _Whole(FileResponse):
    """A film's file, or the part that was asked for.

    Args:
        film: the file.
        sent: is called once all of the file is sent.
        kind: its media type.
    """

    def __init__(self, film: Path, sent: Callable[[], None], kind: str) -> None:
        super().__init__(film, 200, {"Cache-Control": "no-store"}, kind, filename=film.name)
        self._left, self._sent = film.stat().st_size, sent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, and count its bytes."""

        async def counted(message: Message) -> None:
            await send(message)
            self._left -= len(message.get("body", b""))

        await super().__call__(scope, receive, counted)
        if not self._left:
            self._sent()


ENDPOINTS = (
    Endpoint(
        "POST",
        "/films",
        paint_film,
        form=(FilmForm, FilmControlsForm),
        answer=JobAnswer,
        status=202,
        errors=(501, 507),
        admit=_admit,
    ),
    Endpoint("GET", "/films/{id}", get_film, answer="video/*", errors=(404,)),
)
