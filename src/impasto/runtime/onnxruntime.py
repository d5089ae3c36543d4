"""ONNX Runtime."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import onnxruntime

from impasto.model import GRAPHS, Graph, Model
from impasto.runtime import Runtime


class ONNXRuntime(Runtime):
    """See :class:`impasto.runtime.Runtime`."""

    def __init__(self, model: Model, streams: int = 1, precision: str = "f32") -> None:
        options = onnxruntime.SessionOptions()
        if streams > 1:
            options.intra_op_num_threads = max(1, (os.cpu_count() or 1) // streams)

        @functools.cache
        def session(graph: Graph) -> onnxruntime.InferenceSession:
            return onnxruntime.InferenceSession(model.graph(graph), options, providers=["CPUExecutionProvider"])

        self._session = session
        session(Graph.WHOLE)

    def infer(self, graph: Graph, *inputs: npt.NDArray[np.float32]) -> Sequence[npt.NDArray[np.float32]]:
        names, outputs = GRAPHS[graph]
        return self._session(graph).run(outputs, dict(zip(names, inputs, strict=True)))


def load(model: Model, streams: int, precision: str) -> Runtime:
    return ONNXRuntime(model, streams, precision)
