"""Runtimes: the one contract that every backend implements."""

from __future__ import annotations

import abc
import importlib
import importlib.util
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from impasto.errors import ImpastoError, unknown
from impasto.images import Pixels
from impasto.model import Graph, Model

RUNTIMES = {
    "openvino": "impasto",
    "onnxruntime": "impasto[onnxruntime]",
    "torch": "impasto[train]",
}
"""Name -> what to install for it; each is the module of the same name beside this file."""


PRECISIONS = ("auto", "f32", "bf16", "int8")
"""What a network computes in; ``auto`` is bfloat16 where the processor has it. Other than f32 with OpenVINO only."""

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
        """The outputs of ``graph`` for ``inputs``, both in the order of :data:`impasto.model.GRAPHS`."""

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


def load_runtime(name: str, model: Model, precision: str = "auto", at_once: int = 1) -> Runtime:
    """The runtime of that name, with the model's network in it, for as many threads ``at_once``.

    Raises:
        ImpastoError: there is no such runtime or precision, it is not installed, or it cannot load the network.
    """
    if name not in RUNTIMES:
        raise unknown("runtime", name, RUNTIMES)
    if precision not in PRECISIONS:
        raise unknown("precision", precision, PRECISIONS)
    if name != "openvino" and precision not in ("auto", "f32"):
        raise ImpastoError(f"precision {precision}: the runtime {name} computes in f32; take openvino")
    if precision == "int8" and importlib.util.find_spec("nncf") is None:
        raise ImpastoError("precision int8: nncf is not installed; pip install 'impasto[int8]'")
    try:
        module = importlib.import_module(f"impasto.runtime.{name}")
    except ModuleNotFoundError as error:
        raise ImpastoError(f"runtime {name}: {error.name} is not installed; pip install '{RUNTIMES[name]}'") from None
    try:
        return module.load(model, precision, at_once)
    except ImpastoError:
        raise
    except Exception as error:  # each library has errors of its own for a file that it cannot read
        reason = str(error).strip().splitlines()[-1]
        raise ImpastoError(f"model {model.path}: {name} cannot load its network ({reason})") from None
