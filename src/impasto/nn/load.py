"""Load the networks of a model folder into PyTorch."""

from __future__ import annotations

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse

from impasto.models.model import PREDICTOR_WEIGHTS, Graph, Model, check_model
from impasto.nn import StyleTransferNetwork
from impasto.nn.predictor import StylePredictor
from impasto.styles.style import IDENTITY


def load_network(model: Model) -> StyleTransferNetwork:
    """Load the model's network, in float32. Its style table has the model's styles in the order of their slots.

    Raises:
        ImpastoError: this is no model.
        ValueError: the weights do not fit the architecture that the model names.
    """
    check_model(model)
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
    """Load the model's style predictor, in float32.

    Raises:
        ImpastoError: the model has no predictor, or its files are damaged.
    """
    check_model(model)
    model.graph(Graph.PREDICTOR)
    weights = parse(model.weights(PREDICTOR_WEIGHTS))
    hidden, bottleneck = weights["hidden.weight"].shape[0], weights["bottleneck.weight"].shape[0]
    predictor = StylePredictor(model.info.style_size, hidden, bottleneck)
    predictor.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    return predictor.eval()
