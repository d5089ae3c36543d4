"""Many photos on one machine, several at once."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

from PIL.Image import Image

from impasto.batch.jobs import Job, Report
from impasto.batch.targets import STREAM
from impasto.errors import ImpastoError, StoppedError
from impasto.files import is_file, printable
from impasto.images.formats import LOSSY, check_holds
from impasto.images.photo import DeepImage, Photo
from impasto.images.reading import MAX_PIXELS, check_pixels, read_photo
from impasto.images.writing import encode, write_image
from impasto.progress import Progress, silent

logger = logging.getLogger(__name__)


def work(
    jobs: Iterable[Job], *, workers: int, overwrite: bool, max_pixels: int = MAX_PIXELS, progress: Progress = silent
) -> Generator[Report, None, None]:
    """Do all jobs, several at once, so that reading, painting and writing overlap.

    A photo that fails, for whatever reason, is reported and does not stop the others. Closing the iterator drops the
    jobs not yet begun, and ends the others at their next tile.

    Args:
        jobs: in any order.
        workers: how many jobs are done at once.
        overwrite: paint pictures anew that are there already; otherwise they are reported as skipped.
        max_pixels: photos that claim more pixels are refused unread, and pictures that would get more.
        progress: is told of every tile of a large picture, so it suits a single job.

    Yields:
        The reports, in the order in which jobs are finished.
    """
    closed = threading.Event()

    def watched(done: int, total: int, note: str) -> None:
        if closed.is_set():
            raise StoppedError("stopped")
        progress(done, total, note)

    pool = ThreadPoolExecutor(workers)
    try:
        for done in as_completed([pool.submit(_do, job, overwrite, max_pixels, watched) for job in jobs]):
            yield done.result()
    finally:
        closed.set()
        pool.shutdown(cancel_futures=True)


def _do(job: Job, overwrite: bool, max_pixels: int, progress: Progress) -> Report:
    if not overwrite and is_file(job.target):
        return Report(*job.names, "skipped")
    began = time.perf_counter()
    try:
        photo = _read(job, max_pixels)
        picture_format = job.format_for(photo.origin.format)
        image = job.plan.paint_for(photo, picture_format, progress, max_megapixels=max_pixels / 1e6)
        _write(image, job)
    except Exception as error:
        return Report(*job.names, "failed", _said(error, job))
    return Report(*job.names, "painted", "", *image.size, job.plan.model, round(time.perf_counter() - began, 2))


def _read(job: Job, max_pixels: int) -> Photo:
    """The photo of a job, if its picture fits into the limit and into its file."""
    photo = read_photo(job.source, max_pixels)
    size = photo.size_at(job.plan.controls.size)
    check_pixels(job.names[0], size[0] * size[1], max_pixels, does="would get")
    check_holds(job.names[1], job.format_for(photo.origin.format), *size)
    return photo.without_metadata() if job.strip_metadata else photo


def _said(error: Exception, job: Job) -> str:
    """What went wrong with a job, in one line; where, is logged."""
    if isinstance(error, ImpastoError):
        return printable(str(error))
    logger.debug("impasto: %s", job.names[0], exc_info=error)
    if isinstance(error, MemoryError):
        return f"{job.names[0]}: there is not enough memory; give a smaller --size"
    reason = printable(" ".join(str(error).split()))
    return f"{job.names[0]}: cannot be painted ({type(error).__name__}{reason and f': {reason}'})"


def _write(image: Image | DeepImage, job: Job) -> None:
    file_format, target = job.format_for(image.format), job.target
    options: dict[str, Any] = {"quality": job.quality} if job.quality and file_format in LOSSY else {}
    if target == STREAM:
        sys.stdout.buffer.write(encode(image, file_format, **options))
        return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImpastoError(f"{target.parent}: cannot be made ({error.strerror}); give another --out") from None
    write_image(image, target, **options)
