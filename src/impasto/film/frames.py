"""Frames of a film, and what is done to a stream of them, whatever they show."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from impasto.images.arrays import Array

T = TypeVar("T")
R = TypeVar("R")
_END = object()


@dataclass(frozen=True, eq=False)
class Frame:
    """A frame of a film.

    Attributes:
        array: (H,W,3) uint8, RGB, upright.
        time: when it is shown, in seconds from the start of the film.
        duration: how long, in seconds, as far as is known; the next frame ends it at the latest.
    """

    array: Array
    time: Fraction
    duration: Fraction = Fraction(0)


def at_rate(frames: Iterable[Frame], rate: Fraction) -> Iterator[Frame]:
    """The same film with ``rate`` frames a second: frames are left out, or shown again."""
    shown: Frame | None = None
    due = Fraction(0)
    for frame in frames:
        if shown is None:
            due = frame.time
        while shown is not None and due < frame.time:
            yield Frame(shown.array, due, 1 / rate)
            due += 1 / rate
        shown = frame
    while shown is not None and (due <= shown.time or due < shown.time + shown.duration):
        yield Frame(shown.array, due, 1 / rate)
        due += 1 / rate


def within(frames: Iterator[Frame], start: Fraction, end: Fraction | None) -> Iterator[Frame]:
    """The frames from a start to an end, in seconds."""
    for frame in frames:
        if end is not None and frame.time >= end:
            return
        if frame.time >= start:
            yield frame


def ahead(items: Iterable[T], count: int) -> Generator[T, None, None]:
    """Yield ``items``, which a thread of its own makes while the caller is busy, up to ``count`` in advance.

    What the iterator raises is raised here. If the caller stops early, the thread ends, and the iterator is closed.
    """
    ready: queue.Queue[object] = queue.Queue(count)
    stopped = threading.Event()
    thread = threading.Thread(target=_fill, args=(ready, items, stopped), daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not _END:
            if isinstance(item, _Raised):
                raise item.error
            yield item  # type: ignore[misc]
    finally:
        stopped.set()
        while thread.is_alive():
            _drain(ready)
            thread.join(0.01)


def in_order(function: Callable[[T], R], items: Iterable[T], threads: int) -> Generator[R, None, None]:
    """Yield what ``function`` makes of each item, in their order, while ``threads`` are busy with the next ones."""
    pool = ThreadPoolExecutor(threads)
    running: deque[Future[R]] = deque()
    try:
        for item in items:
            running.append(pool.submit(function, item))
            if len(running) > threads + 1:  # one waits, so that no thread does
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


@dataclass(frozen=True)
class _Raised:
    error: BaseException


def _fill(ready: queue.Queue[object], items: Iterable[object], stopped: threading.Event) -> None:
    iterator = iter(items)
    try:
        while not stopped.is_set() and (item := next(iterator, _END)) is not _END:
            ready.put(item)
        ready.put(_END)
    except BaseException as error:
        ready.put(_Raised(error))
    finally:
        if isinstance(iterator, Generator):
            iterator.close()


def _drain(ready: queue.Queue[object]) -> None:
    while not ready.empty():
        ready.get_nowait()
