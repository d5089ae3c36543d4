"""Many photos on one machine, several at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from itertools import islice
from typing import TypeVar

from impasto.batch.jobs import Job, Report, do
from impasto.errors import StoppedError
from impasto.images.reading import MAX_PIXELS
from impasto.progress import Progress, silent

T = TypeVar("T")
R = TypeVar("R")


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
        max_pixels: photos that claim more pixels are refused before they are read, and pictures that would get more.
        progress: is told of every tile of a large picture, so it suits a single job.

    Yields:
        The reports, in the order in which jobs are finished.
    """
    one = partial(do, overwrite=overwrite, max_pixels=max_pixels)
    return in_threads(lambda job, watched: one(job, progress=watched), jobs, workers, progress)


def in_threads(
    function: Callable[[T, Progress], R], items: Iterable[T], workers: int, progress: Progress = silent
) -> Generator[R, None, None]:
    """Call a function for every item, several at once. Items are taken as they are needed, however many there are.

    Args:
        function: takes an item, and whom it is to tell of its progress: closing the iterator ends what does.
        items: what to do.
        workers: how many calls run at once.
        progress: is told.

    Yields:
        What the function returns, in the order in which calls end.
    """
    closed = threading.Event()

    def watched(done: int, total: int, note: str) -> None:
        if closed.is_set():
            raise StoppedError("stopped")
        progress(done, total, note)

    pool, waiting = ThreadPoolExecutor(workers), iter(items)
    running: list[Future[R]] = []
    try:
        while True:
            # Twice as many as can run: a thread that is free need not wait until the caller has taken a result.
            more = islice(waiting, 2 * workers - len(running))
            running += [pool.submit(function, item, watched) for item in more]
            if not running:
                return
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            ended = [future for future in running if future in done]  # those begun first, first
            running = [future for future in running if future not in done]
            for future in ended:
                yield future.result()
    finally:
        closed.set()
        pool.shutdown(cancel_futures=True)
