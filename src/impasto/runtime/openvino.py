"""The runtime that uses OpenVINO: the default one, and the fastest on processors."""

from __future__ import annotations

import functools
import os
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import openvino
import platformdirs
from openvino import opset13 as opset

from impasto.files import digest
from impasto.images.arrays import Depth, Pixels
from impasto.models.model import GRAPHS, Graph, Model
from impasto.runtime.base import Row, Runtime, View
from impasto.runtime.levels import AMOUNT, NOISE, PHOTO, in_levels, replace
from impasto.runtime.private_import import private_imports
from impasto.styles.rows import without_palette

_POOL = ThreadPoolExecutor(1)
"""The thread that compiles networks while the caller reads the first photo."""
_STREAMS = 4
"""The largest number of pictures that are computed at once. Each needs as much memory as the first."""
_SHAPES = "8"
"""For how many shapes of inputs a network keeps what it has prepared. OpenVINO's own bound is so high that a process
that paints pictures of ever new sizes grows by about a megabyte with each. With 8, sizes that alternate are as fast."""

_FOLDED = 4
"""How many networks with a style and statistics in their weights are kept, at least. The frames of a film are painted
by as many, in turn."""
_PREPARED = 32
"""How many styles' networks in 8 bits are kept in memory: about a megabyte each."""

# OpenVINO makes its table of dtypes at the first call. Two threads that both call first wait for each other for ever.
openvino.Type.f32.to_dtype()


def _config(precision: str, at_once: int, cores: int | None) -> dict[str, str]:
    """OpenVINO's settings for a precision, a number of threads that call it at once, and one of cores."""
    # Several pictures that have cores of their own do not wait for one another at the end of every layer.
    # Pinned, the streams of several networks would lie on the same cores, and the others be idle.
    several = {"NUM_STREAMS": str(min(at_once, _STREAMS)), "ENABLE_CPU_PINNING": "NO"}
    config = several if at_once > 1 else {"PERFORMANCE_HINT": "LATENCY"}
    # Without a hint OpenVINO computes in bfloat16 on processors that can. That is right for int8 as well: the layers
    # that are not quantized lose little by it compared with those that are.
    config |= {"CPU_RUNTIME_CACHE_CAPACITY": _SHAPES} | ({"INFERENCE_NUM_THREADS": str(cores)} if cores else {})
    return config | ({"INFERENCE_PRECISION_HINT": precision} if precision in ("f32", "bf16") else {})


def _folder(kind: str = "openvino") -> Path:
    """The folder where networks that took time to make are kept for other processes."""
    return platformdirs.user_cache_path("impasto") / kind


def _cache() -> dict[str, str]:
    """The setting for a folder of compiled networks, from which they load three times as fast.

    It is empty where that folder cannot be made or written.
    """
    cache = _folder()
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError:
        return {}
    return {"CACHE_DIR": str(cache)} if os.access(cache, os.W_OK) else {}


@functools.cache
def _core() -> openvino.Core:
    """The only OpenVINO core of this process. It must outlive every network.

    It reads weights into memory. By default it maps their file. If somebody copied another model over it while a
    network is compiled, that network would be kept in the cache as the one of before.
    """
    core = openvino.Core()
    core.set_property({"ENABLE_MMAP": False})
    return core


class OpenVINORuntime(Runtime):
    """Runs the graphs of a model with OpenVINO. A graph is compiled when it is first needed."""

    def __init__(self, model: Model, precision: str = "auto", at_once: int = 1, cores: int | None = None) -> None:
        super().__init__(model, precision, at_once, cores)
        # The functions below share this and must not refer to ``self``: networks in a reference cycle are freed in any
        # order. Tests ended in segmentation faults when there was a cycle and no core that outlived the networks.
        used: dict[tuple[Graph, bool], openvino.CompiledModel] = {}
        compiling = _compiling(model, precision, at_once, cores)

        def compiled(graph: Graph, *, levels: bool = False) -> openvino.CompiledModel:
            return used.setdefault((graph, levels), compiling(graph, levels).result())

        styled = _styling(model, precision, compiled)
        folds: weakref.WeakValueDictionary[int, openvino.CompiledModel] = weakref.WeakValueDictionary()

        # Threads that paint large pictures have one each, and ask for it at every tile.
        @functools.lru_cache(maxsize=max(_FOLDED, at_once))
        def folded(style: bytes, statistics: bytes, levels: bool = False) -> openvino.CompiledModel:
            # OpenVINO computes beforehand whatever depends on constants alone.
            network = _with_constant(styled(style).clone(), "statistics", statistics)
            network = in_levels(network) if levels else network
            fold = _core().compile_model(network, "CPU", _config(precision, at_once, cores))
            return folds.setdefault(id(fold), fold)

        self._precision = precision
        self._used = used
        self._compiled = compiled
        self._folded = folded
        self._folds = folds
        compiling(Graph.WHOLE, True)

    @property
    def precision(self) -> str:
        """What it computes in; ``auto`` is what OpenVINO then chooses for this processor."""
        if self._precision != "auto":
            return self._precision
        return "bf16" if "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32"

    def infer(self, graph: Graph, *inputs: npt.NDArray[np.float32]) -> Sequence[npt.NDArray[np.float32]]:
        names, outputs = GRAPHS[graph]
        results = _infer(self._compiled(graph), dict(zip(names, inputs, strict=True)))
        return [results[name] for name in outputs]

    def release(self) -> None:
        """Free the memory of earlier calls: a compiled network keeps what its largest picture needed."""
        if self.at_once == 1:  # otherwise another thread would compile its network anew for the next tile
            self._folded.cache_clear()
        for network in [*self._used.values(), *(reference() for reference in self._folds.valuerefs())]:
            with suppress(RuntimeError):  # another thread is using it
                if network is not None:
                    network.release_memory()

    def paint(
        self,
        view: View,
        styles: Row,
        shares: Pixels | None = None,
        statistics: Row | None = None,
        depth: type[Depth] = np.uint8,  # type: ignore[assignment]
        *,
        fold: bool = True,
    ) -> npt.NDArray[Depth]:
        """Paint a part of a photo; what has 8 bits is converted by the network."""
        if depth is not np.uint8 or view.photo.dtype != np.uint8:
            return super().paint(view, styles, shares, statistics, depth, fold=fold)
        given = _given(view)
        if shares is not None:
            graph = Graph.REGIONS if statistics is None else Graph.REGIONS_FROZEN
            network, given = self._compiled(graph, levels=True), given | {"styles": styles, "masks": shares}
            given |= {} if statistics is None else {"statistics": statistics}
        elif statistics is None:
            network, given = self._compiled(Graph.WHOLE, levels=True), given | {"style": styles}
        elif fold:
            network = self._folded(styles.tobytes(), statistics.tobytes(), levels=True)
        else:
            network = self._compiled(Graph.FROZEN, levels=True)
            given |= {"style": styles, "statistics": statistics}
        return cast("npt.NDArray[Depth]", _infer(network, given)["picture"][0])

    def measure_view(self, view: View, styles: Row, shares: Pixels | None = None) -> Row:
        if view.photo.dtype != np.uint8:
            return super().measure_view(view, styles, shares)
        graph = Graph.STATISTICS if shares is None else Graph.REGIONS
        names = {"style": styles} if shares is None else {"styles": styles, "masks": shares}
        return _infer(self._compiled(graph, levels=True), names | _given(view))["statistics"]

    def run_frozen(self, image: Pixels, style: Row, statistics: Row) -> Pixels:
        """Paint parts of photos with given statistics.

        For one style, a network is compiled in which its scales are part of the weights and its shifts are biases. That
        network is kept for the next call.
        """
        if len(style) > 1:
            return super().run_frozen(image, style, statistics)
        return _infer(self._folded(style.tobytes(), statistics.tobytes()), {"image": image})["picture"]


def _compiling(
    model: Model, precision: str, at_once: int, cores: int | None
) -> Callable[[Graph, bool], Future[openvino.CompiledModel]]:
    """What compiles the graphs of a model, each once, in a thread of its own."""

    @functools.cache
    def compiling(graph: Graph, levels: bool) -> Future[openvino.CompiledModel]:
        # The graph is read first. Given a path only, OpenVINO's cache would tell networks apart by path and date.
        network = _core().read_model(model.graph(graph))
        network = in_levels(network) if levels else network
        # A predicted row is computed once and decides about all pictures, so it is worth full precision.
        config = _config("f32" if graph is Graph.PREDICTOR else precision, at_once, cores)
        return _POOL.submit(_core().compile_model, network, "CPU", config | _cache())

    return compiling


def _styling(
    model: Model, precision: str, compiled: Callable[[Graph], openvino.CompiledModel]
) -> Callable[[bytes], openvino.Model]:
    """What makes the network that has a style in its weights, of the style's bytes."""

    @functools.lru_cache(maxsize=_PREPARED)
    def prepared(style: bytes) -> openvino.Model:
        def measure(image: Pixels) -> Row:
            return _infer(compiled(Graph.STATISTICS), {"image": image, "style": _row(style)})["statistics"]

        return _in_8_bits(model, style, measure)

    @functools.lru_cache(maxsize=2)
    def styled(style: bytes) -> openvino.Model:
        if precision != "int8":
            return _with_constant(_core().read_model(model.graph(Graph.FROZEN)), "style", style)
        # The colours of the last layer may be those of a photo. It is not quantized, so they can wait until here.
        row = without_palette(_row(style)[0], model.info.fold)
        return _with_other_constant(prepared(row.tobytes()).clone(), "style", style)

    return styled


def _in_8_bits(model: Model, style: bytes, measure: Callable[[Pixels], Row]) -> openvino.Model:
    """The frozen graph of a style with weights in 8 bits; it is kept for other processes."""
    with private_imports():
        from impasto.runtime import quantization

    network = _with_constant(_core().read_model(model.graph(Graph.FROZEN)), "style", style)
    key = digest(b"".join([style, *(model.info.files[name].encode() for name in sorted(model.info.files))]))
    make = functools.partial(quantization.quantized, network, model.info.input_noise, measure)
    return quantization.kept(_folder("int8"), key, make, _core())


def _row(style: bytes) -> Row:
    """A row (1,P) from its bytes, by which networks are remembered."""
    return np.frombuffer(style, np.float32)[None]


def _with_constant(network: openvino.Model, name: str, row: bytes) -> openvino.Model:
    """The network with a row in place of an input; it is changed in place."""
    replace(network, name, opset.constant(_row(row), name=name))
    return network


def _with_other_constant(network: openvino.Model, name: str, row: bytes) -> openvino.Model:
    """The network with a row in place of the constant that has this name; it is changed in place."""
    constant = opset.constant(_row(row), name=name)
    (before,) = (node for node in network.get_ops() if node.get_friendly_name() == name)
    for target in before.output(0).get_target_inputs():
        target.replace_source_output(constant.output(0))
    return network


def _infer(network: openvino.CompiledModel, inputs: dict[str, npt.NDArray[Any]]) -> openvino.utils.data_helpers.OVDict:
    # Each call has a request of its own, so calls from several threads do not disturb each other. Nobody else writes to
    # the result, so it need not be copied.
    return network.create_infer_request().infer(inputs, share_inputs=True, share_outputs=True)


def _given(view: View) -> dict[str, npt.NDArray[Any]]:
    """The inputs of networks in levels; see :mod:`impasto.runtime.levels`."""
    return {PHOTO: np.ascontiguousarray(view.photo)[None], NOISE: view.noise, AMOUNT: view.amount}


def load(model: Model, precision: str, at_once: int, cores: int | None) -> Runtime:
    """What :func:`impasto.runtime.load_runtime` calls."""
    return OpenVINORuntime(model, precision, at_once, cores)
