"""PyTorch, on the CPU or a GPU: the network as it was trained, not its exported graph."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse

from impasto.images import Pixels
from impasto.model import Model
from impasto.nn import StyleTransferNetwork
from impasto.runtime import Runtime


class TorchRuntime:
    """See :class:`impasto.runtime.Runtime`."""

    def __init__(self, model: Model) -> None:
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._network = load_network(model).to(self._device)

    @torch.inference_mode()
    def run(self, image: Pixels, style: npt.NDArray[np.float32]) -> Pixels:
        tensors = [torch.from_numpy(array).to(self._device) for array in (image, style)]
        return self._network.render(*tensors).cpu().numpy()


def load_network(model: Model) -> StyleTransferNetwork:
    """The model's network in float32, its style table filled in slot order.

    Raises:
        ValueError: the weights are not those of the architecture.
    """
    network = StyleTransferNetwork(model.info.architecture, len(model.styles))
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


def load(model: Model) -> Runtime:
    return TorchRuntime(model)
