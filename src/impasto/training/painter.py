"""What is trained: a network with its style table, and maybe the predictor that reads rows off paintings."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from impasto.errors import ImpastoError
from impasto.losses import STYLE_LAYERS
from impasto.model import Model, load_model
from impasto.nn import StyleTransferNetwork
from impasto.nn.predictor import StylePredictor, descriptor
from impasto.nn.slim import load_slim_vgg
from impasto.runtime.torch import load_network, load_predictor
from impasto.training.config import Recipe
from impasto.training.paintings import Paintings

_SEEN_FIRST = 64
"""Paintings by which the predictor's input is normalised."""
_LEAST_SPREAD = 0.05
"""Of the numbers of predicted rows, to begin with."""


class Painter(nn.Module):
    """A network and its predictor, trained as one: the convolutions learn from every painting the predictor sees.

    Args:
        network: with the style table.
        predictor: what paints in styles that have no row; or None.
    """

    def __init__(self, network: StyleTransferNetwork, predictor: StylePredictor | None = None) -> None:
        super().__init__()
        self.network = network
        self.predictor = predictor

    def forward(self, image: Tensor, slot: Tensor, parts: Tensor | None = None) -> Tensor:
        """Paint the first pictures in named styles, the others in those of paintings.

        Args:
            image: (N,3,H,W), RGB in [0,1].
            slot: (N-M,), of the first ones.
            parts: (M,3,h,w), RGB in [0,1], the paintings of the last ones.

        Returns:
            (N,3,H,W), RGB in [0,1].
        """
        rows = self.network.rows(image[: len(slot)], style_id=slot)
        if parts is not None and self.predictor is not None:
            rows = torch.cat([rows, self.predictor(parts).to(rows)])
        return self.network.render(image, rows)


def initial_painter(recipe: Recipe, paintings: Paintings | None, start: str | Path | None) -> Painter:
    """A painter to train: random, or on from the model folder ``start``.

    Styles begin as the model's of the same slug, new ones as the mean of its styles; the predictor as the model's, or
    where its styles lie.

    Raises:
        ImpastoError: ``start`` is no model of the recipe's network.
    """
    network = StyleTransferNetwork(recipe.network, recipe.slots, recipe.identity)
    model = load_model(start) if start is not None else None
    if model:
        _go_on(network, recipe, model)
    if not paintings:
        return Painter(network)
    if model and model.predicts:
        return Painter(network, load_predictor(model).train())
    return Painter(network, _predictor(network, paintings))


def _go_on(network: StyleTransferNetwork, recipe: Recipe, model: Model) -> None:
    """Take the model's convolutions, and its rows for the recipe's styles."""
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
def _predictor(network: StyleTransferNetwork, paintings: Paintings) -> StylePredictor:
    """A predictor that knows how paintings are described, and where the network's own styles lie."""
    predictor = StylePredictor(network.architecture.style_size)
    predictor.looks = load_slim_vgg()
    rows = network.style(torch.arange(network.num_styles))
    predictor.base.copy_(rows.mean(dim=0))
    predictor.spread.copy_(rows.std(dim=0, correction=0).clamp_min(_LEAST_SPREAD))
    seen = [predictor.looks(paintings[number][0][None].float() / 255, STYLE_LAYERS) for number in range(_SEEN_FIRST)]
    described = torch.cat([descriptor(each) for each in seen])
    predictor.mean.copy_(described.mean(dim=0))
    predictor.deviation.copy_(described.std(dim=0) + 1e-3 * described.std())
    return predictor
