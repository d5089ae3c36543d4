"""The row of any painting: predicted, then corrected by what pictures in it look like."""

from __future__ import annotations

import functools

import numpy as np

from impasto.assets import free_photos
from impasto.errors import ImpastoError
from impasto.images.arrays import Pixels
from impasto.images.io import square
from impasto.images.noise import noise
from impasto.models.model import CORRECTION, Model
from impasto.runtime.base import Row, Runtime
from impasto.styles.painting import Painting, for_predictor
from impasto.stylize.correction import Correction

LOOKS = ("schwerinpalace.jpg", "berlincathedral.jpg")
"""Photos that are painted to see how a row is, one a look. Of those that come with the package, small pictures of these
tell most of large ones of others."""
SIDE = 96
"""Of these photos, in pixels."""


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
            ImpastoError: the model predicts no styles, or in a format of before, or one of its files is damaged.
        """
        if self._model.outdated:
            raise ImpastoError(f"model {self._model.path}: predicts styles in an old format; impasto correct renews it")
        pixels = for_predictor(painting)
        row, grams = self._runtime.predict(pixels)
        if not self._model.corrects:
            return row[0]
        return self._correction()(row[0], grams[0], self._look)

    def _look(self, number: int, row: Row) -> Row:
        picture = self._runtime.run(photo_of(number, self._model.info.input_noise), row[None])
        return self._runtime.grams(picture)[0]


@functools.lru_cache(maxsize=2 * len(LOOKS))
def photo_of(look: int, deviation: float) -> Pixels:
    """(1,3,SIDE,SIDE), what a look's picture is made of.

    Args:
        look: its number.
        deviation: of the noise on it, 0..255 scale.
    """
    return square(free_photos() / LOOKS[look], SIDE) + np.float32(deviation / 255) * noise(SIDE, SIDE)
