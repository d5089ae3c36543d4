"""The row of any painting, as a model's predictor reads it."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np

from impasto.runtime.base import Row, Runtime
from impasto.styles.painting import Painting, for_predictor, read_painting

_REMEMBERED = 32
"""Files of paintings whose rows are remembered: a folder of photos asks for the same painting again and again."""


class Predictor:
    """Reads styles off paintings.

    Args:
        runtime: has a model's networks, ready to run. If there is no predictor among them, only a call raises the error
            that says so.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._remembered = functools.lru_cache(_REMEMBERED)(lambda path, _: self(read_painting(path)))

    def __reduce__(self) -> tuple[type[Predictor], tuple[Runtime]]:
        return Predictor, (self._runtime,)  # what is remembered stays in this process

    def __call__(self, painting: Painting) -> Row:
        """The style (P,) float32 of a painting.

        Raises:
            ImpastoError: the model predicts no styles, or one of its files is damaged.
        """
        row: Row = np.mean([self._runtime.predict(part)[0] for part in for_predictor(painting)], axis=0)
        return row

    def of_file(self, path: Path) -> Row:
        """The style (P,) float32 of a painting's file, predicted once as long as the file is not changed.

        Raises:
            ImpastoError: the painting cannot be read or shows nothing, or see :meth:`__call__`.
        """
        return self._remembered(path, path.stat().st_mtime_ns if path.exists() else 0)
