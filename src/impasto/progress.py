"""Progress bars, with the time left; silent where nobody looks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")


def progress(items: Iterable[T], *, total: int | None = None, unit: str = "it", show: bool = True) -> Iterator[T]:
    """Yield ``items``, with a bar on standard error if it is a terminal and ``show`` is true."""
    return iter(tqdm(items, total=total, unit=unit, disable=None if show else True))
