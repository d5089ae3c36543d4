"""Many photos on one machine, several at once."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from PIL.Image import Image

from impasto.batch.jobs import STREAM, Job, Report
from impasto.errors import ImpastoError
from impasto.images.io import Photo, encode, read_photo, write_image


def work(jobs: Iterable[Job], paint: Callable[[Photo], Image], *, workers: int, overwrite: bool) -> Iterator[Report]:
    """Do all jobs, several at once, so that reading, painting and writing overlap; reports come as they are done.

    A photo that fails is reported and does not stop the others. Closing the iterator drops the jobs not yet begun.
    """
    pool = ThreadPoolExecutor(workers)
    try:
        for done in as_completed([pool.submit(_do, job, paint, overwrite) for job in jobs]):
            yield done.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _do(job: Job, paint: Callable[[Photo], Image], overwrite: bool) -> Report:
    names = str(job.photo), str(job.picture)
    if not overwrite and job.picture.exists():
        return Report(*names, "skipped")
    began = time.perf_counter()
    try:
        image = paint(read_photo(io.BytesIO(sys.stdin.buffer.read()) if job.photo == STREAM else job.photo))
        _write(image, job.picture)
    except ImpastoError as error:
        return Report(*names, "failed", str(error))
    return Report(*names, "painted", "", *image.size, round(time.perf_counter() - began, 2))


def _write(image: Image, target: Path) -> None:
    if target == STREAM:
        sys.stdout.buffer.write(encode(image, image.format or "PNG"))
        return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImpastoError(f"{target.parent}: cannot be made ({error.strerror}); give another --out") from None
    write_image(image, target)
