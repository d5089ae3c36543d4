"""OpenVINO: the default, and the fastest on processors."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import numpy.typing as npt
import openvino
import platformdirs
from openvino import opset13 as opset

from impasto.images.arrays import Pixels
from impasto.models.model import GRAPHS, Graph, Model
from impasto.runtime.base import Row, Runtime

_POOL = ThreadPoolExecutor(1)
"""Compiles networks while the first photo is read."""


_STREAMS = 4
"""Pictures computed at once at most: each takes as much memory again."""


def _config(precision: str, at_once: int) -> dict[str, str]:
    # Several pictures, each on cores of its own, do not wait for one another at the end of every layer.
    config = {"NUM_STREAMS": str(min(at_once, _STREAMS))} if at_once > 1 else {"PERFORMANCE_HINT": "LATENCY"}
    # Left alone, OpenVINO computes in bfloat16 on processors that can. What is not in 8 bits had better be in 16 there,
    # too: next to the others it matters little.
    return config | ({"INFERENCE_PRECISION_HINT": precision} if precision in ("f32", "bf16") else {})


def _cache() -> dict[str, str]:
    """A folder for compiled networks, which load three times as fast, where there is room for one."""
    cache = platformdirs.user_cache_path("impasto") / "openvino"
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError:
        return {}
    return {"CACHE_DIR": str(cache)} if os.access(cache, os.W_OK) else {}


@functools.cache
def _core() -> openvino.Core:
    """The one of this process, which outlives every network."""
    return openvino.Core()


class OpenVINORuntime(Runtime):
    """See :class:`impasto.runtime.base.Runtime`."""

    def __init__(self, model: Model, precision: str = "auto", at_once: int = 1) -> None:
        core = _core()

        # Shared with the function below, which must not hold the runtime itself: networks in a reference circle are
        # freed in any order. Tests ended in segmentation faults while there was one, and no core that outlives them.
        used: dict[Graph, openvino.CompiledModel] = {}

        @functools.cache
        def compiling(graph: Graph) -> Future[openvino.CompiledModel]:
            # Read first: named by its path alone, the cache would know a network by its place and date only.
            network = core.read_model(model.graph(graph))
            # A row is computed once, and decides everything; what corrects it is compared with what it came from.
            config = _config("f32" if graph in (Graph.PREDICTOR, Graph.GRAMS) else precision, at_once)
            return _POOL.submit(core.compile_model, network, "CPU", config | _cache())

        def compiled(graph: Graph) -> openvino.CompiledModel:
            return used.setdefault(graph, compiling(graph).result())

        @functools.lru_cache(maxsize=2)
        def folded(style: bytes, statistics: bytes) -> openvino.CompiledModel:
            network = core.read_model(model.graph(Graph.FROZEN))
            for name, row in (("style", style), ("statistics", statistics)):
                _give(network, name, np.frombuffer(row, np.float32)[None])
            if precision == "int8":
                from impasto.runtime.quantization import quantized

                network = quantized(network, model.info.input_noise)
            return core.compile_model(network, "CPU", _config(precision, at_once))

        self._used = used
        self._compiled = compiled
        self._folded = folded
        compiling(Graph.WHOLE)

    def infer(self, graph: Graph, *inputs: npt.NDArray[np.float32]) -> Sequence[npt.NDArray[np.float32]]:
        names, outputs = GRAPHS[graph]
        results = _infer(self._compiled(graph), dict(zip(names, inputs, strict=True)))
        return [results[name] for name in outputs]

    def release(self) -> None:
        """As in :class:`Runtime`: compiled networks keep the memory of their largest picture."""
        self._folded.cache_clear()
        for network in list(self._used.values()):
            with suppress(RuntimeError):  # another thread is using it
                network.release_memory()

    def run_frozen(self, image: Pixels, style: Row, statistics: Row) -> Pixels:
        """As in :class:`Runtime`; for a batch of one style, scales go into the weights and shifts become biases."""
        if len(style) > 1:
            return super().run_frozen(image, style, statistics)
        return _infer(self._folded(style.tobytes(), statistics.tobytes()), {"image": image})["picture"]


def _infer(
    network: openvino.CompiledModel, inputs: dict[str, npt.NDArray[np.float32]]
) -> openvino.utils.data_helpers.OVDict:
    # A request of its own for each call makes calls from several threads independent, and its memory, which nobody else
    # will write to, needs not be copied.
    return network.create_infer_request().infer(inputs, share_inputs=True, share_outputs=True)


def _give(network: openvino.Model, name: str, value: npt.NDArray[np.float32]) -> None:
    """Make an input of the network a constant, with which OpenVINO computes ahead what it can."""
    parameter = network.input(name).get_node()
    constant = opset.constant(value)
    for target in parameter.output(0).get_target_inputs():
        target.replace_source_output(constant.output(0))
    network.remove_parameter(parameter)


def load(model: Model, precision: str, at_once: int) -> Runtime:
    return OpenVINORuntime(model, precision, at_once)
