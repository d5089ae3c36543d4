"""One photo of many: what is to be done with it, the doing of it, and what is reported of it."""

from __future__ import annotations

import io
import logging
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
from PIL.Image import Image

from impasto.batch import places
from impasto.batch.targets import STREAM
from impasto.errors import ImpastoError
from impasto.files import digest, is_file, printable
from impasto.images.formats import FORMATS, LOSSY, check_holds, image_format
from impasto.images.photo import DeepImage, Photo
from impasto.images.reading import MAX_PIXELS, check_pixels, read_photo
from impasto.images.writing import encode
from impasto.progress import Progress, silent
from impasto.stylize.inputs import Given
from impasto.stylize.plan import Plan

logger = logging.getLogger(__name__)


class Job(msgspec.Struct, frozen=True):
    """A photo, the picture that it becomes, and how it is painted."""

    source: Path | io.BytesIO | str
    """The photo's file, what came from standard input, or its address in a bucket."""
    target: Path | str
    """The picture's file, or its address in a bucket."""
    plan: Plan
    format: str | None = None
    """Pillow's name of the format on standard output; None is the photo's. A file has the format of its name."""
    quality: int | None = None
    """The quality of formats in :data:`impasto.images.formats.LOSSY`, from 1 to 100; None is so high that no loss is
    visible."""
    strip_metadata: bool = False
    """Whether the picture's file says nothing of what the photo's says about it: when, where, by whom, with what."""

    @property
    def names(self) -> tuple[str, str]:
        """What reports call the photo and the picture."""
        return printable(STREAM if isinstance(self.source, io.BytesIO) else self.source), printable(self.target)

    def format_for(self, photo: str | None) -> str:
        """Pillow's name of the picture's format, which may depend on the photo's."""
        if self.target != STREAM:
            return image_format(self.target)
        wanted = self.format or photo or "PNG"
        return wanted if wanted in FORMATS.values() else "PNG"


class Report(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a photo; one line of ``--json``."""

    photo: str
    picture: str
    status: str
    """``painted``, ``skipped`` (the picture was there already) or ``failed``."""
    error: str = ""
    width: int = 0
    """The width of the picture, in pixels."""
    height: int = 0
    """The height of the picture, in pixels."""
    model: str = ""
    """The name of the model that painted it."""
    seconds: float = 0.0
    """The time from opening the photo to having written the picture, in seconds."""
    bytes: int = 0
    """The size of the picture's file."""
    sha256: str = ""
    """The SHA-256 of the picture's file, in hexadecimal."""
    full: bool = False
    """Whether it failed because there is no room, so that others would fail, too."""


def opened(source: Path) -> Path | io.BytesIO:
    """What a photo is read from: its file, or all that comes from standard input, which can be read only once."""
    return io.BytesIO(sys.stdin.buffer.read()) if source == STREAM else source


def do(job: Job, *, overwrite: bool = True, max_pixels: int = MAX_PIXELS, progress: Progress = silent) -> Report:
    """Read a photo, paint it and write the picture. Whatever goes wrong is reported, not raised.

    Args:
        job: the photo.
        overwrite: paint a picture anew that is there already; otherwise it is reported as skipped.
        max_pixels: a photo that claims more pixels is refused before it is read, and a picture that would get more.
        progress: is told of every tile of a large picture. What it raises ends the painting.
    """
    if not overwrite and is_file(job.target):
        return Report(*job.names, "skipped")
    began = time.perf_counter()
    try:
        photo = _read(job, max_pixels)
        picture_format = job.format_for(photo.origin.format)
        image = job.plan.paint_for(photo, picture_format, progress, max_megapixels=max_pixels / 1e6)
        content = _write(image, job)
    except Exception as error:
        return Report(*job.names, "failed", said(error, job.names[0]), full=isinstance(error, places.FullError))
    seconds = round(time.perf_counter() - began, 2)
    return Report(*job.names, "painted", "", *image.size, job.plan.model, seconds, len(content), digest(content))


def _read(job: Job, max_pixels: int) -> Photo:
    """The photo of a job, if its picture fits into the limit and into its file."""
    source = job.source
    if isinstance(source, str):
        source = Given(places.read(source), source)
    long_side = job.plan.controls.size
    photo = read_photo(source, max_pixels, long_side=long_side)
    size = photo.size_at(long_side)
    check_pixels(job.names[0], size[0] * size[1], max_pixels, does="would get")
    check_holds(job.names[1], job.format_for(photo.origin.format), *size)
    return photo.without_metadata() if job.strip_metadata else photo


def said(error: Exception, photo: str) -> str:
    """What went wrong with a photo, in one line; where, is logged."""
    if isinstance(error, ImpastoError):
        return printable(str(error))
    logger.debug("impasto: %s", photo, exc_info=error)
    if isinstance(error, MemoryError):
        return f"{photo}: there is not enough memory; give a smaller --size"
    reason = printable(" ".join(str(error).split()))
    return f"{photo}: cannot be painted ({type(error).__name__}{reason and f': {reason}'})"


def _write(image: Image | DeepImage, job: Job) -> bytes:
    """Write the picture, and return the content of its file."""
    file_format = job.format_for(image.format)
    options: dict[str, Any] = {"quality": job.quality} if job.quality and file_format in LOSSY else {}
    try:
        content = encode(image, file_format, called=job.names[1], **options)
    except OSError as error:
        raise ImpastoError(f"{job.names[1]}: cannot be written ({error}); give another --out") from None
    if job.target == STREAM:
        sys.stdout.buffer.write(content)
    else:
        places.write(str(job.target), content)
    return content
