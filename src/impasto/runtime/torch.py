"""PyTorch, on the CPU or a GPU: the network as it was trained, not its exported graph."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse
from torch import Tensor

from impasto.model import PREDICTOR_WEIGHTS, Graph, Model
from impasto.nn import StyleTransferNetwork
from impasto.nn.predictor import PaintingGrams, StylePredictor
from impasto.runtime import Runtime
from impasto.styles import IDENTITY


class TorchRuntime(Runtime):
    """See :class:`impasto.runtime.Runtime`."""

    def __init__(self, model: Model, precision: str = "auto", at_once: int = 1) -> None:
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
            Graph.PREDICTOR: lambda painting: predictor().read(painting),
            Graph.GRAMS: lambda picture: PaintingGrams(predictor().looks)(picture),
        }
        outputs = renders[graph](*[torch.from_numpy(array).to(self._device) for array in inputs])
        return [output.cpu().numpy() for output in (outputs if isinstance(outputs, tuple) else (outputs,))]


def load_network(model: Model) -> StyleTransferNetwork:
    """The model's network in float32, its style table filled in slot order.

    Raises:
        ValueError: the weights are not those of the architecture.
    """
    slugs = list(model.styles)
    identity = slugs.index(IDENTITY) if IDENTITY in slugs else None
    network = StyleTransferNetwork(model.info.architecture, len(slugs), identity)
    try:
        weights = {name: tensor.float() for name, tensor in parse(model.weights()).items()}
        missing = network.load_state_dict(weights, strict=False)
    except (SafetensorError, RuntimeError) as error:
        raise ValueError(str(error)) from None
    if missing.unexpected_keys or any(name.endswith("conv.weight") for name in missing.missing_keys):
        raise ValueError(f"its weights are not those of {model.info.architecture!r}")
    for slot, style in enumerate(model.styles.values()):
        network.set_style(slot, torch.from_numpy(style.row))
    return network.eval()


def load_predictor(model: Model) -> StylePredictor:
    """The model's style predictor in float32.

    Raises:
        ImpastoError: the model has none.
    """
    model.graph(Graph.PREDICTOR)
    weights = parse(model.weights(PREDICTOR_WEIGHTS))
    hidden, bottleneck = weights["hidden.weight"].shape[0], weights["bottleneck.weight"].shape[0]
    predictor = StylePredictor(model.info.style_size, hidden, bottleneck)
    predictor.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    return predictor.eval()


def load(model: Model, precision: str, at_once: int) -> Runtime:
    return TorchRuntime(model, precision, at_once)
