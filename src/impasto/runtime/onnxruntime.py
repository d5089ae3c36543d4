"""ONNX Runtime."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import onnxruntime

from impasto.models.model import GRAPHS, Graph, Model
from impasto.runtime.base import Runtime

_PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")
"""From the fastest on; the first comes with onnxruntime-gpu."""


class ONNXRuntime(Runtime):
    """See :class:`impasto.runtime.base.Runtime`."""

    def __init__(self, model: Model, precision: str = "auto", at_once: int = 1) -> None:
        providers = [name for name in _PROVIDERS if name in onnxruntime.get_available_providers()]

        @functools.cache
        def session(graph: Graph) -> onnxruntime.InferenceSession:
            return onnxruntime.InferenceSession(model.graph(graph), providers=providers)

        self._session = session
        session(Graph.WHOLE)

    def infer(self, graph: Graph, *inputs: npt.NDArray[np.float32]) -> Sequence[npt.NDArray[np.float32]]:
        names, outputs = GRAPHS[graph]
        return self._session(graph).run(outputs, dict(zip(names, inputs, strict=True)))


def load(model: Model, precision: str, at_once: int) -> Runtime:
    return ONNXRuntime(model, precision, at_once)
