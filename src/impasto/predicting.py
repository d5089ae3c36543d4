"""The row of any painting: predicted, then corrected by what pictures in it look like."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np

from impasto.correction import GAINS, Correction
from impasto.images import Pixels, free_photos, read_photo, resize, to_pixels
from impasto.model import CORRECTION, Model
from impasto.noise import noise
from impasto.paintings import Painting, for_predictor
from impasto.runtime import Row, Runtime

EACH = 2
"""Photos that a step looks at."""
SIDE = 160
"""Of these photos, in pixels. At 128, the style loss of other photos is 2 % higher, and the time two thirds."""


class Predictor:
    """Reads styles off paintings.

    Args:
        model: with a predictor, or without one, when it raises what is wrong only once it is called.
        runtime: its networks, ready to run.
    """

    def __init__(self, model: Model, runtime: Runtime) -> None:
        self._model = model
        self._runtime = runtime
        self._correction = functools.cache(lambda: Correction.from_bytes(model.weights(CORRECTION)))

    def __call__(self, painting: Painting) -> Row:
        """The style (P,) of a painting.

        Raises:
            ImpastoError: the model predicts no styles, or one of its files is damaged.
        """
        pixels = for_predictor(painting)
        row: Row = self._runtime.predict(pixels)[0]
        if not self._model.corrects:
            return row
        return self._correction()(row, self._runtime.grams(pixels)[0], self._look)

    def _look(self, step: int, row: Row) -> Row:
        photos = photos_of(step, self._model.info.input_noise)
        pictures = self._runtime.run(photos, np.repeat(row[None], len(photos), axis=0))
        return np.asarray(self._runtime.grams(pictures).mean(axis=0))


@functools.lru_cache(maxsize=2 * len(GAINS))
def photos_of(step: int, deviation: float) -> Pixels:
    """(N,3,H,W), of those that come with the package, what pictures of a step are made of.

    Args:
        step: its number.
        deviation: of the noise on them, 0..255 scale.
    """
    paths = sorted(free_photos().glob("*.jpg"))[step * EACH : (step + 1) * EACH]
    return np.concatenate([square(path) for path in paths]) + np.float32(deviation / 255) * noise(SIDE, SIDE)


def square(path: Path) -> Pixels:
    """The middle of a photo, (1,3,SIDE,SIDE).

    Raises:
        ImpastoError: it cannot be read.
    """
    photo = read_photo(path).array
    height, width = photo.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return to_pixels(resize(photo[top : top + side, left : left + side], SIDE, SIDE))
