"""The runtime that uses PyTorch, on a processor or a GPU. It runs the network itself, not its exported graphs."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from impasto.models.model import Graph, Model
from impasto.nn.load import load_network, load_predictor
from impasto.runtime.base import Runtime


class TorchRuntime(Runtime):
    """Runs the networks of a model with PyTorch. The predictor is loaded when it is first needed."""

    def __init__(self, model: Model, precision: str = "auto", at_once: int = 1, cores: int | None = None) -> None:
        super().__init__(model, precision, at_once, cores)
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._network = load_network(model).to(self._device)
        self._predictor = functools.cache(lambda: load_predictor(model).to(self._device))

    @torch.inference_mode()
    def infer(self, graph: Graph, *inputs: npt.NDArray[np.float32]) -> Sequence[npt.NDArray[np.float32]]:
        network, predictor = self._network, self._predictor
        renders: dict[Graph, Callable[..., Tensor | tuple[Tensor, Tensor]]] = {
            Graph.WHOLE: network.render,
            Graph.STATISTICS: network.statistics,
            Graph.FROZEN: network.render_frozen,
            Graph.REGIONS: network.render_regions,
            Graph.REGIONS_FROZEN: network.render_regions,
            Graph.PREDICTOR: lambda painting: predictor()(painting),
        }
        outputs = renders[graph](*[torch.from_numpy(array).to(self._device) for array in inputs])
        return [output.cpu().numpy() for output in (outputs if isinstance(outputs, tuple) else (outputs,))]


def load(model: Model, precision: str, at_once: int, cores: int | None) -> Runtime:
    """What :func:`impasto.runtime.load_runtime` calls."""
    return TorchRuntime(model, precision, at_once, cores)
