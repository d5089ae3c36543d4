"""The row of any painting: predicted, then corrected by what small pictures in it look like."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np

from impasto.assets import free_photos
from impasto.errors import ImpastoError
from impasto.images.arrays import Pixels
from impasto.images.noise import noise
from impasto.images.reading import square
from impasto.models.model import CORRECTION, Model
from impasto.runtime.base import Row, Runtime
from impasto.styles.painting import Painting, for_predictor, read_painting
from impasto.stylize.correction import Correction

PROBES = ("schwerinpalace.jpg", "berlincathedral.jpg")
"""The probes: photos that are painted, one in each step of the correction, to see what a row does. Of the photos that
come with the package, small pictures of these two tell most about large pictures of others."""
PROBE_SIDE = 96
"""Height and width of a probe, in pixels."""
_REMEMBERED = 32
"""Files of paintings whose rows are remembered: a folder of photos asks for the same painting again and again."""


class Predictor:
    """Reads styles off paintings.

    Args:
        model: has a predictor; if it has none, only a call raises the error that says so.
        runtime: has its networks, ready to run.
    """

    def __init__(self, model: Model, runtime: Runtime) -> None:
        self._model = model
        self._runtime = runtime
        self._correction = functools.cache(lambda: Correction.from_bytes(model.weights(CORRECTION)))
        self._remembered = functools.lru_cache(_REMEMBERED)(lambda path, _: self(read_painting(path)))

    def __call__(self, painting: Painting) -> Row:
        """The style (P,) float32 of a painting.

        Raises:
            ImpastoError: the model predicts no styles, predicts them in an old format, or one of its files is damaged.
        """
        if self._model.outdated:
            raise ImpastoError(f"model {self._model.path}: predicts styles in an old format; impasto correct renews it")
        predicted = [self._runtime.predict(part) for part in for_predictor(painting)]
        row, grams = (np.mean([each[0] for each in kind], axis=0) for kind in zip(*predicted, strict=True))
        return self._correction()(row, grams, self._probe) if self._model.corrects else row

    def of_file(self, path: Path) -> Row:
        """The style (P,) float32 of a painting's file, predicted once as long as the file is not changed.

        Raises:
            ImpastoError: the painting cannot be read or shows nothing, or see :meth:`__call__`.
        """
        return self._remembered(path, path.stat().st_mtime_ns if path.exists() else 0)

    def _probe(self, number: int, row: Row) -> Row:
        """The Gram matrices (S,) float32 of a probe painted in a row (P,)."""
        picture = self._runtime.run(probe(number, self._model.info.input_noise), row[None])
        return self._runtime.grams(picture)[0]


@functools.lru_cache(maxsize=2 * len(PROBES))
def probe(number: int, deviation: float) -> Pixels:
    """A probe, ready to be painted: (1,3,PROBE_SIDE,PROBE_SIDE) float32, RGB in [0,1] with noise on it.

    Args:
        number: index in :data:`PROBES`.
        deviation: standard deviation of the noise, on the 0..255 scale.
    """
    return square(free_photos() / PROBES[number], PROBE_SIDE) + np.float32(deviation / 255) * noise(
        PROBE_SIDE, PROBE_SIDE
    )
