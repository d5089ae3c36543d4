"""The one contract that every runtime implements."""

from __future__ import annotations

import abc
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from impasto.images.arrays import Pixels
from impasto.models.model import Graph, Model

Row = npt.NDArray[np.float32]


class Runtime(abc.ABC):
    """A network, ready to run. Safe to call from several threads.

    In all methods ``image`` and picture are (N,3,H,W) float32, RGB in [0,1], H and W multiples of 4 and at least 32;
    ``style`` and ``statistics`` (N,P), ``styles`` (R,P), ``masks`` (N,R,H,W) in [0,1] with a sum of 1, all float32.
    """

    @abc.abstractmethod
    def __init__(self, model: Model, precision: str = "auto", at_once: int = 1) -> None:
        """``precision``: one of :data:`PRECISIONS`; ``at_once``: how many threads will call it at the same time."""

    @abc.abstractmethod
    def infer(self, graph: Graph, *inputs: npt.NDArray[np.float32]) -> Sequence[npt.NDArray[np.float32]]:
        """The outputs of ``graph`` for ``inputs``, both in the order of :data:`impasto.models.model.GRAPHS`."""

    def release(self) -> None:  # noqa: B027  # not every library can
        """Give back the memory of earlier calls, as far as it is not in use."""

    def run(self, image: Pixels, style: Row) -> Pixels:
        """Paint a whole picture in one style."""
        return self.infer(Graph.WHOLE, image, style)[0]

    def run_frozen(self, image: Pixels, style: Row, statistics: Row) -> Pixels:
        """Paint a part of a picture as :meth:`measure` saw the whole."""
        return self.infer(Graph.FROZEN, image, style, statistics)[0]

    def run_regions(self, image: Pixels, styles: Row, masks: Pixels) -> Pixels:
        """Paint a whole picture with several styles."""
        return self.infer(Graph.REGIONS, image, styles, masks)[0]

    def run_regions_frozen(self, image: Pixels, styles: Row, masks: Pixels, statistics: Row) -> Pixels:
        """Paint a part of a picture with several styles as :meth:`measure` saw the whole."""
        return self.infer(Graph.REGIONS_FROZEN, image, styles, masks, statistics)[0]

    def measure(self, image: Pixels, style: Row) -> Row:
        """Statistics of all maps, (N,P): μ and σ in the places of γ and β."""
        return self.infer(Graph.STATISTICS, image, style)[0]

    def measure_regions(self, image: Pixels, styles: Row, masks: Pixels) -> Row:
        """Statistics of all maps of a picture with several styles, (N,P)."""
        return self.infer(Graph.REGIONS, image, styles, masks)[1]

    def predict(self, painting: Pixels) -> tuple[Row, Row]:
        """The style (N,P) of a painting (N,3,H,W), and its :meth:`grams`; for models that have a predictor."""
        style, grams = self.infer(Graph.PREDICTOR, painting)
        return style, grams

    def grams(self, picture: Pixels) -> Row:
        """Gram matrices (N,S) of pictures; see :func:`impasto.nn.predictor.painting_grams`."""
        return self.infer(Graph.GRAMS, picture)[0]
