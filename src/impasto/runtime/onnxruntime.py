"""The runtime that uses ONNX Runtime, on processors and on NVIDIA GPUs."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import onnxruntime

from impasto.models.model import GRAPHS, Graph, Model
from impasto.runtime.base import Runtime

_PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")
"""What ONNX Runtime may compute on, the fastest first. The first one comes with the package onnxruntime-gpu."""


class ONNXRuntime(Runtime):
    """Runs the graphs of a model with ONNX Runtime. A graph is loaded when it is first needed."""

    def __init__(self, model: Model, precision: str = "auto", at_once: int = 1, cores: int | None = None) -> None:
        super().__init__(model, precision, at_once, cores)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = cores or 0  # 0: all
        providers = [name for name in _PROVIDERS if name in onnxruntime.get_available_providers()]

        @functools.cache
        def session(graph: Graph) -> onnxruntime.InferenceSession:
            return onnxruntime.InferenceSession(model.graph(graph), options, providers=providers)

        self._session = session
        session(Graph.WHOLE)

    def infer(self, graph: Graph, *inputs: npt.NDArray[np.float32]) -> Sequence[npt.NDArray[np.float32]]:
        names, outputs = GRAPHS[graph]
        return self._session(graph).run(outputs, dict(zip(names, inputs, strict=True)))


def load(model: Model, precision: str, at_once: int, cores: int | None) -> Runtime:
    """What :func:`impasto.runtime.load_runtime` calls."""
    return ONNXRuntime(model, precision, at_once, cores)
