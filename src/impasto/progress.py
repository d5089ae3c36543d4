"""Progress: work reports to a function that it is given; a bar on a terminal is one such function.

tqdm is imported only where a bar is shown.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import closing, contextmanager
from typing import Any, TypeVar, cast

T = TypeVar("T")

Progress = Callable[[int, int, str], None]
"""Is called with the number of parts that are done, the number of all, and what is being done, in a few words."""


Tell = Callable[[str], None]
"""Is told in one line what is being done that takes a while."""


def quiet(line: str) -> None:
    """Tell nobody."""


def silent(done: int, total: int, note: str) -> None:
    """Report nothing."""


def reported(items: Iterable[T], progress: Progress, note: str = "", total: int | None = None) -> Iterator[T]:
    """Yield ``items``, and report before the first and after each of them; ``total`` is their number, if they have no
    length."""
    count = len(cast(Sized, items)) if total is None else total
    progress(0, count, note)
    for done, item in enumerate(items, 1):
        yield item
        progress(done, count, note)


@contextmanager
def bar(unit: str) -> Iterator[Progress]:
    """A bar on standard error with the time left, which the yielded function draws; silent where that is no terminal.

    Nothing is drawn before the first report. The bar begins anew when the total changes or when less is done than
    before, as for every size that a picture is painted at.

    Args:
        unit: what is counted: ``tile``, ``photo``.
    """
    if not sys.stderr.isatty():
        yield silent
        return
    with closing(_Bar(unit)) as shown:
        yield shown


class _Bar:
    """A tqdm bar that is made at the first report."""

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._shown: Any = None

    def __call__(self, done: int, total: int, note: str) -> None:
        if self._shown is None:
            from tqdm import tqdm

            self._shown = tqdm(total=total, unit=self._unit)
        if total != self._shown.total or done < self._shown.n:
            self._shown.reset(total)
        self._shown.set_description_str(note, refresh=False)
        self._shown.update(done - self._shown.n)

    def close(self) -> None:
        if self._shown is not None:
            self._shown.close()


def write(line: str) -> None:
    """Print a line on standard output, above the bar if there is one."""
    if "tqdm" not in sys.modules:
        print(line)
        return
    from tqdm import tqdm

    tqdm.write(line)
