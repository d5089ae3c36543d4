"""What losses are measured against: the Gram matrices of style images, and the losses of untouched photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from impasto.losses.distribution import DistributionOptions, Maps, Slices, colors, see, slices_of, thinned
from impasto.losses.gram import STYLE_LAYERS, Grams, layer_grams
from impasto.losses.perceptual import STYLE_WEIGHT, LossNetwork, content_loss, describe

_PLACES = 24_000
"""The number of places of each map that stand for a painting: enough that accents on a thousandth of it count."""


class PhotoScores:
    """The mean style losses of untouched photos against any painting, and their content losses against one another.

    Style losses are divided by those of photos. Then every layer of every painting counts the same, and so do paintings
    in few colours. With one weight for all paintings, half of them would be stylized too much or too little.

    Args:
        loss_network: the network whose activations are compared.
        photos: (N,3,H,W), RGB in [0,1].
        shifts: as in :func:`impasto.losses.perceptual.describe`.

    Attributes:
        another: the mean content loss of one photo against another. It is the unit of the content distance.
    """

    @torch.no_grad()
    def __init__(self, loss_network: LossNetwork, photos: Tensor, shifts: Sequence[int]) -> None:
        seen = describe(loss_network, photos, shifts)
        self.another = content_loss(seen.content, seen.content.roll(1, dims=0)).mean()
        self._mean = {layer: gram.mean(dim=0, keepdim=True) for layer, gram in seen.grams.items()}
        self._squares = torch.stack([gram.square().mean() for gram in seen.grams.values()])

    def terms(self, grams: Grams) -> Tensor:
        """The style losses of the photos against N paintings, in the mean over photos, by layer.

        They follow from the mean of the photos' Gram matrices G and the mean of their squares, for a painting's Gram
        matrix T: E‖G - T‖² = E‖G‖² - 2⟨E G, T⟩ + ‖T‖².

        Args:
            grams: layer -> (N,C,C), the Gram matrices of the paintings.

        Returns:
            (N,L), float32.
        """
        crossed = [(gram.square() - 2 * gram * self._mean[layer]).mean(dim=(1, 2)) for layer, gram in grams.items()]
        return STYLE_WEIGHT * (self._squares + torch.stack(crossed, dim=1))


class PhotoSlices:
    """The mean distances of distributions between untouched photos and any painting.

    Args:
        slices: name -> (N,P,Q), those of the photos, see :func:`impasto.losses.distribution.slices_of`.
    """

    def __init__(self, slices: Slices) -> None:
        self._mean = {name: quantiles.mean(dim=0, keepdim=True) for name, quantiles in slices.items()}
        self._squares = {name: quantiles.square().mean() for name, quantiles in slices.items()}

    def terms(self, targets: Slices) -> Tensor:
        """The distribution terms of the photos against N paintings, (N,P,Q) each, in the mean over photos: (N,T).

        They follow from the photos' mean quantiles, as in :meth:`PhotoScores.terms`.
        """
        crossed = [(each.square() - 2 * each * self._mean[name]).mean(dim=(1, 2)) for name, each in targets.items()]
        return torch.stack([self._squares[name] + term for name, term in zip(targets, crossed, strict=True)], dim=1)


def gap_weights(terms: Tensor, evenly: float) -> Tensor:
    """Weights of the style losses of single layers, with which the style loss of an untouched photo is 1.

    Args:
        terms: (N,L), the style losses of photos by layer, see :meth:`PhotoScores.terms`.
        evenly: from 0 to 1. With 1, each layer of a photo counts the same. With 0, layers count as in the style loss.
            Values in between mix the two.

    Returns:
        (N,L). For each of the N styles, the sum of weights times ``terms`` is 1.
    """
    return evenly / (terms.shape[1] * terms) + (1 - evenly) / terms.sum(dim=1, keepdim=True)


def as_pixels(image: Any, device: torch.device | None = None) -> Tensor:
    """An image (H,W,3) uint8, RGB, an array or a PIL image, as loss networks see it: (1,3,H,W) float32 in [0,1]."""
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].to(device).float() / 255


def style_grams(
    loss_network: LossNetwork, image: npt.NDArray[np.uint8], device: torch.device, shifts: Sequence[int] = ()
) -> Grams:
    """The Gram matrices of a style image.

    Args:
        loss_network: the network whose activations are taken.
        image: (H,W,3), uint8, RGB.
        device: where the loss network is.
        shifts: as in :func:`impasto.losses.perceptual.describe`.

    Returns:
        Layer -> (1,C,C).
    """
    return style_views(loss_network, image, device, [shifts])[0]


@torch.no_grad()
def style_views(
    loss_network: LossNetwork, image: npt.NDArray[np.uint8], device: torch.device, views: Sequence[Sequence[int]]
) -> list[Grams]:
    """The :func:`style_grams` with each of several lists of shifts, ``views``, by one pass of the loss network."""
    pixels = as_pixels(image, device)
    seen = loss_network(pixels, STYLE_LAYERS)
    return [layer_grams(seen, pixels.shape[3], shifts) for shifts in views]


def seen_with_colors(loss_network: LossNetwork, picture: Tensor, octaves: int) -> dict[str, Tensor]:
    """All maps of pictures (N,3,H,W), RGB in [0,1], whose distributions are compared: name -> (N,C,H',W')."""
    return see(loss_network, picture, octaves) | colors(picture)


@torch.no_grad()
def painting_maps(
    loss_network: LossNetwork, image: npt.NDArray[np.uint8], device: torch.device, octaves: int
) -> dict[str, Tensor]:
    """What stands for a painting (H,W,3) uint8 where distributions are compared: name -> (1,C,M,1), at most 24,000
    places M of each map."""
    return thinned(seen_with_colors(loss_network, as_pixels(image, device), octaves), _PLACES)


def painting_slices(maps: Maps, options: DistributionOptions, seed: int) -> dict[str, Tensor]:
    """The quantiles of :func:`painting_maps`, all places of them: name -> (1,P,Q)."""
    return slices_of(maps, replace(options, places=None), seed)
