"""The objective: content and style losses on VGG-16's activations.

Johnson et al. 2016 with Gatys et al. 2016's Gram matrices, as Dumoulin et al. 2017 train with them. The weights below
only mean something for VGG inputs on the 0..255 scale, not divided by a standard deviation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from impasto.losses.gram import STYLE_LAYERS, Grams, layer_grams

CONTENT_LAYER = "relu3_3"
STYLE_WEIGHT = 1e-4

_LOST, _BELOW = 0.05, 10.0
"""In style gaps: the likeness lost, and the square of what is below the likeness wanted."""

LossNetwork = Callable[[Tensor, Iterable[str]], dict[str, Tensor]]
"""(N,3,H,W) RGB in [0,1] and layer names -> layer name -> (N,C,H',W'): :class:`impasto.nn.vgg.VGG16`, or
:class:`impasto.nn.slim.SlimVGG` in its place."""
Number = TypeVar("Number", Tensor, float)


def content_loss(features: Tensor, target: Tensor) -> Tensor:
    """Squared difference, averaged over C, H and W: two (N,C,H,W) -> (N,)."""
    return (features.float() - target.float()).square().mean(dim=(1, 2, 3))


def content_likeness(features: Tensor, target: Tensor) -> Tensor:
    """Correlation over places, all maps together: two (N,C,H,W) -> (N,) in [-1,1], float32; 0 where one is constant.

    Of a picture with its photo, 1 where all forms are there, and 0.1 about where they could be another photo's. It does
    not see contrast, which the content loss mostly does: a grey card is nearer to a photo than most photos are.
    """
    one, other = (maps.float() - maps.float().mean(dim=(2, 3), keepdim=True) for maps in (features, target))
    energy = one.square().sum(dim=(1, 2, 3)) * other.square().sum(dim=(1, 2, 3))
    return (one * other).sum(dim=(1, 2, 3)) / (energy + 1e-12).sqrt()


def likeness_lost(likeness: Tensor, wanted: Tensor | float) -> Tensor:
    """What a :func:`content_likeness` (N,) costs next to the share of the style gap that is left: (N,).

    A little all the way, and much below the likeness ``wanted``, which settles at once; a weight of the style loss that
    follows the likeness takes hundreds of steps to.
    """
    return _LOST * (1 - likeness) + _BELOW * (wanted - likeness).clamp_min(0).square()


def style_terms(grams: Grams, targets: Grams) -> Tensor:
    """Squared difference of Gram matrices, averaged over C², times 1e-4, of each of the L layers.

    Args:
        grams: layer -> (N,C,C).
        targets: layer -> (N,C,C) or (1,C,C).

    Returns:
        (N,L), float32.
    """
    terms = [(gram - targets[layer]).square().mean(dim=(1, 2)) for layer, gram in grams.items()]
    return STYLE_WEIGHT * torch.stack(terms, dim=1)


def style_loss(grams: Grams, targets: Grams) -> Tensor:
    """:func:`style_terms`, summed over layers: (N,), float32."""
    return style_terms(grams, targets).sum(dim=1)


@dataclass(frozen=True)
class Description:
    """What the loss network sees in a batch: ``content`` (N,C,H,W) and ``grams``, layer -> (N,C,C)."""

    content: Tensor
    grams: Grams


def describe(loss_network: LossNetwork, image: Tensor, shifts: Sequence[int] = ()) -> Description:
    """Content features and style Grams of ``image`` (N,3,H,W), RGB in [0,1].

    With ``shifts``, in pixels, each layer's Gram matrix becomes :func:`shifted_grams`, by those that it can show.
    """
    seen = loss_network(image, STYLE_LAYERS)
    return Description(seen[CONTENT_LAYER], layer_grams(seen, image.shape[3], shifts))


def style_gap_closed(output: Number, photo: Number) -> Number:
    """1 - L_style(output) / L_style(photo): 0 is the photo, 1 has the style's exact Gram matrices."""
    return 1 - output / photo


def content_distance(output: Number, another: Number) -> Number:
    """L_content(output, photo) / L_content(another photo, photo): 0 is the photo, 1 as far as another photograph."""
    return output / another
