"""Many photos on one machine, several at once."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from PIL.Image import Image

from impasto.batch.jobs import STREAM, Job, Report
from impasto.errors import ImpastoError
from impasto.images.io import encode, read_photo, write_image
from impasto.progress import Progress, silent
from impasto.stylize.inputs import MAX_MEGAPIXELS


def work(
    jobs: Iterable[Job], *, workers: int, overwrite: bool, max_pixels: int | None = None, progress: Progress = silent
) -> Iterator[Report]:
    """Do all jobs, several at once, so that reading, painting and writing overlap.

    A photo that fails is reported and does not stop the others. Closing the iterator drops the jobs not yet begun.

    Args:
        jobs: in any order.
        workers: how many jobs are done at once.
        overwrite: paint pictures anew that are there already; otherwise they are reported as skipped.
        max_pixels: photos that claim more pixels are refused unread; None is Pillow's own limit.
        progress: is told of every tile of a large picture, so it suits a single job.

    Yields:
        The reports, in the order in which jobs are finished.
    """
    pool = ThreadPoolExecutor(workers)
    try:
        for done in as_completed([pool.submit(_do, job, overwrite, max_pixels, progress) for job in jobs]):
            yield done.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _do(job: Job, overwrite: bool, max_pixels: int | None, progress: Progress) -> Report:
    if not overwrite and job.target.exists():
        return Report(*job.names, "skipped")
    began = time.perf_counter()
    try:
        most = MAX_MEGAPIXELS if max_pixels is None else max_pixels / 1e6
        image = job.plan.paint(read_photo(job.source, max_pixels), progress, max_megapixels=most)
        _write(image, job.target)
    except ImpastoError as error:
        return Report(*job.names, "failed", str(error))
    return Report(*job.names, "painted", "", *image.size, job.plan.model, round(time.perf_counter() - began, 2))


def _write(image: Image, target: Path) -> None:
    if target == STREAM:
        sys.stdout.buffer.write(encode(image, image.format or "PNG"))
        return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImpastoError(f"{target.parent}: cannot be made ({error.strerror}); give another --out") from None
    write_image(image, target)
