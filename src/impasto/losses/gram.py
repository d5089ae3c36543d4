"""Gram matrices of feature maps, and of feature maps with shifted copies of themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

STYLE_LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")
"""The layers of VGG-16 whose Gram matrices make up a style, as in Johnson et al. 2016."""

Grams = Mapping[str, Tensor]
"""Layer name -> Gram matrices (N,C,C), or (N,C,(1+4·shifts)·C) with shifts; see :func:`shifted_grams`."""


def gram_matrix(features: Tensor) -> Tensor:
    """The Gram matrix FFᵀ/(H·W) of feature maps, not divided by C: (N,C,H,W) -> (N,C,C).

    Products are computed in the dtype of ``features``; the result is float32.
    """
    return shifted_grams(features, ())


def shifted_grams(features: Tensor, shifts: Sequence[int]) -> Tensor:
    """The Gram matrix, and beside it the products of the map with itself shifted along both axes and both diagonals.

    A Gram matrix knows nothing of positions, so a periodic artifact can have the Gram matrix of a painting. But its
    products with a shifted copy of itself are unlike those of any painting (Berger & Memisevic, *Incorporating
    long-range consistency in CNN-based texture generation*, ICLR 2017).

    Args:
        features: (N,C,H,W).
        shifts: distances, in positions of the map. A shift to the right past the end of a row goes on in the next row.

    Returns:
        (N,C,(1+4·shifts)·C), float32: the Gram matrix first, then four matrices for each shift.
    """
    width = features.shape[3]
    offsets = [0, *(by * step for by in shifts for step in (1, width - 1, width, width + 1))]
    places = features.permute(0, 2, 3, 1).flatten(1, 2)
    if places.is_cuda:  # a GPU would wait for hundreds of small products
        return products(places, offsets)
    return torch.stack([products(each, offsets) for each in places])


def products(places: Tensor, offsets: list[int]) -> Tensor:
    """Mean products of all positions with those that lie ``offsets`` after them.

    Args:
        places: (...,H·W,C), the feature vectors of all positions, row by row.
        offsets: distances along H·W.

    Returns:
        (...,C,offsets·C), float32.
    """
    products: Tensor = _Products.apply(places, offsets)
    return products


def _pairs(places: Tensor, offsets: list[int]) -> list[tuple[Tensor, Tensor]]:
    """For each offset, the positions that have one that far after them, and the latter; both are views."""
    count = places.shape[-2]
    return [(places[..., : count - by, :], places[..., by:, :]) for by in offsets]


class _Products(torch.autograd.Function):
    """:func:`products` with a gradient written by hand.

    PyTorch's own gradient of a slice is a whole map of zeros with the slice filled in. One such map is added up for
    every offset.
    """

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
    """The Gram matrices of all style layers.

    Args:
        seen: layer name -> (N,C,H',W'), the activations of a loss network for images.
        width: the width of those images, in pixels.
        shifts: as in :func:`shifted_grams`, but in pixels. A layer leaves out those that are not a whole number of its
            positions.
    """
    grams = {}
    for layer in STYLE_LAYERS:
        place = width // seen[layer].shape[3]
        grams[layer] = shifted_grams(seen[layer], [shift // place for shift in shifts if shift % place == 0])
    return grams
