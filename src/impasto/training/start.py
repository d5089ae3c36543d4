"""The networks at the first step: one with a style table, and maybe the predictor that reads rows from paintings."""

from __future__ import annotations

from pathlib import Path

import msgspec
import torch

from impasto.data.paintings import Paintings
from impasto.errors import ImpastoError
from impasto.losses.gram import STYLE_LAYERS
from impasto.models.model import Model, load_model
from impasto.nn import StyleTransferNetwork
from impasto.nn.joint import JointNetwork
from impasto.nn.load import load_network, load_predictor
from impasto.nn.predictor import StylePredictor, descriptor
from impasto.nn.slim import load_slim_vgg
from impasto.training.recipe import Recipe

DESCRIBED = 64
"""The number of paintings by which the predictor's input is normalised."""
_LEAST_SPREAD = 0.05
"""The least standard deviation of each γ and β in predicted rows, at the first step."""


def initial_network(recipe: Recipe, paintings: Paintings | None, start: str | Path | None) -> JointNetwork:
    """The networks to train.

    Args:
        recipe: the network's architecture and slots.
        paintings: what the predictor will learn from; without them, there is no predictor.
        start: a model folder to begin from; without it, weights are random. Styles begin as the model's styles of the
            same slug, new ones as the mean of its styles. The predictor begins as the model's; if that has none, its
            rows begin about the mean of the named styles.

    Raises:
        ImpastoError: ``start`` is no model of the recipe's network.
    """
    network = StyleTransferNetwork(recipe.network, recipe.slots, recipe.identity)
    model = load_model(start) if start is not None else None
    if model:
        _go_on(network, recipe, model)
    if not paintings:
        return JointNetwork(network)
    if model and model.predicts:
        return JointNetwork(network, load_predictor(model).train())
    return JointNetwork(network, _new_predictor(network, paintings))


def teacher(recipe: Recipe, paintings: Paintings | None) -> JointNetwork | None:
    """The network that the recipe's one is taught by, with the same slots, frozen; None if the recipe names none.

    Raises:
        ImpastoError: it is no model, lacks one of the recipe's styles, or cannot predict while the recipe's shall.
    """
    if not recipe.training.teacher:
        return None
    model = load_model(recipe.training.teacher)
    for entry in recipe.styles:
        if entry.slug not in model.styles:
            raise ImpastoError(f"teacher {model.path}: has no style {entry.slug!r}; leave it out, or omit the teacher")
    if paintings and not model.predicts:
        raise ImpastoError(f"teacher {model.path}: predicts no styles; leave out [predictor], or omit the teacher")
    like = msgspec.structs.replace(recipe, network=model.info.architecture)
    return initial_network(like, paintings, model.path).requires_grad_(False).eval()


def _go_on(network: StyleTransferNetwork, recipe: Recipe, model: Model) -> None:
    """Give ``network`` the model's convolutions, and its rows for the recipe's styles."""
    if model.info.architecture != recipe.network:
        raise ImpastoError(
            f"model {model.path}: is {model.info.architecture!r}, the recipe asks for {recipe.network!r}"
        )
    trained = load_network(model)
    network.load_state_dict(
        {name: weight for name, weight in trained.state_dict().items() if "norm" not in name}, strict=False
    )
    mean = torch.stack([torch.from_numpy(style.row) for style in model.styles.values()]).mean(dim=0)
    for entry in recipe.styles:
        known = model.styles.get(entry.slug)
        network.set_style(entry.slot, torch.from_numpy(known.row) if known else mean)


@torch.no_grad()
def _new_predictor(network: StyleTransferNetwork, paintings: Paintings) -> StylePredictor:
    """A new predictor whose input is normalised by ``paintings``, and whose rows lie about the network's own."""
    predictor = StylePredictor(network.architecture.style_size)
    predictor.encoder = load_slim_vgg()
    rows = network.style(torch.arange(network.num_styles))
    predictor.base.copy_(rows.mean(dim=0))
    predictor.spread.copy_(rows.std(dim=0, correction=0).clamp_min(_LEAST_SPREAD))
    seen = [predictor.encoder(paintings[number][0][None].float() / 255, STYLE_LAYERS) for number in range(DESCRIBED)]
    described = torch.cat([descriptor(each) for each in seen])
    predictor.mean.copy_(described.mean(dim=0))
    predictor.deviation.copy_(described.std(dim=0) + 1e-3 * described.std())
    return predictor
