"""Gram matrices of feature maps, and those of maps shifted against themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

STYLE_LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")


Grams = Mapping[str, Tensor]


def gram_matrix(features: Tensor) -> Tensor:
    """FFᵀ/(H·W), not divided by C: (N,C,H,W) -> (N,C,C) float32, multiplied in the dtype of ``features``."""
    return shifted_grams(features, ())


def shifted_grams(features: Tensor, shifts: Sequence[int]) -> Tensor:
    """The Gram matrix, and beside it those of the map with itself shifted along both axes and both diagonals.

    A raster of dots can have a painting's Gram matrix, which knows nothing of places; its products with itself some
    places on are those of no painting (Berger & Memisevic, ICLR 2017).

    Args:
        features: (N,C,H,W).
        shifts: distances, in places of the map. What leaves a row at its end goes on in the next one.

    Returns:
        (N,C,(1+4·shifts)·C), float32.
    """
    width = features.shape[3]
    offsets = [0, *(by * step for by in shifts for step in (1, width - 1, width, width + 1))]
    places = features.permute(0, 2, 3, 1).flatten(1, 2)
    if places.is_cuda:  # a GPU would wait for hundreds of small products
        return _products(places, offsets)
    return torch.stack([_products(each, offsets) for each in places])


def _products(places: Tensor, offsets: list[int]) -> Tensor:
    """Mean products of each place (...,H·W,C) with those ``offsets`` on: (...,C,offsets·C), float32."""
    products: Tensor = _Products.apply(places, offsets)
    return products


def _pairs(places: Tensor, offsets: list[int]) -> list[tuple[Tensor, Tensor]]:
    count = places.shape[-2]
    return [(places[..., : count - by, :], places[..., by:, :]) for by in offsets]


class _Products(torch.autograd.Function):
    """Of its own because slices' gradients would each be a map of zeros with something in it, added up afterwards."""

    @staticmethod
    def forward(ctx: Any, places: Tensor, offsets: list[int]) -> Tensor:
        ctx.save_for_backward(places)
        ctx.offsets = offsets
        return torch.cat([(a.mT @ b).float() / a.shape[-2] for a, b in _pairs(places, offsets)], dim=-1)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (places,) = ctx.saved_tensors
        total = torch.zeros_like(places)
        parts = grads[0].split(places.shape[-1], dim=-1)
        pairs, totals = _pairs(places, ctx.offsets), _pairs(total, ctx.offsets)
        for (a, b), (to_a, to_b), part in zip(pairs, totals, parts, strict=True):
            part = (part / a.shape[-2]).to(places.dtype)
            _add_product(to_a, b, part.mT)
            _add_product(to_b, a, part)
        return total, None


def _add_product(total: Tensor, one: Tensor, other: Tensor) -> None:
    """``total += one @ other``, in place."""
    (total.baddbmm_ if total.ndim == 3 else total.addmm_)(one, other)


def layer_grams(seen: Mapping[str, Tensor], width: int, shifts: Sequence[int] = ()) -> Grams:
    """The Gram matrices of :func:`describe`, from what the loss network saw in images ``width`` pixels wide."""
    grams = {}
    for layer in STYLE_LAYERS:
        place = width // seen[layer].shape[3]
        grams[layer] = shifted_grams(seen[layer], [shift // place for shift in shifts if shift % place == 0])
    return grams
