"""Content and style losses on the activations of VGG-16.

The losses are those of Johnson et al. 2016, with the Gram matrices of Gatys et al. 2016, as Dumoulin et al. 2017 train
with them. Weights of these losses depend on the scale of VGG-16's input. Here it is 0..255 with the mean taken away,
not divided by a standard deviation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from impasto.losses.gram import STYLE_LAYERS, Grams, layer_grams

CONTENT_LAYER = "relu3_3"
"""The layer of VGG-16 that content losses compare, as in Johnson et al. 2016."""
STYLE_WEIGHT = 1e-4
"""What style losses are multiplied by, so that they have the size of content losses."""
_LOST = 0.05
"""What a picture that has lost all likeness to its photo costs, in shares of the style gap."""
_BELOW = 10.0
"""The weight of the squared likeness that is missing below the one wanted, in shares of the style gap."""

LossNetwork = Callable[[Tensor, Iterable[str]], dict[str, Tensor]]
"""A network whose activations are compared: it takes images (N,3,H,W), RGB in [0,1], and names of layers, and returns
the activations (N,C,H',W') of each layer. It is :class:`impasto.nn.vgg.VGG16` or :class:`impasto.nn.slim.SlimVGG`."""
TensorOrFloat = TypeVar("TensorOrFloat", Tensor, float)


def content_loss(features: Tensor, target: Tensor) -> Tensor:
    """The squared difference of two activations, averaged over C, H and W: two (N,C,H,W) -> (N,), float32."""
    return (features.float() - target.float()).square().mean(dim=(1, 2, 3))


def content_likeness(features: Tensor, target: Tensor) -> Tensor:
    """The correlation of two activations over positions, all maps together.

    Between a picture and its photo it is 1 if all forms are kept. It is about 0.1 if they could be another photo's.
    It ignores contrast, which the content loss mostly measures. By the content loss, a plain grey picture is nearer to
    a photo than most other photos are.

    Args:
        features: (N,C,H,W).
        target: (N,C,H,W).

    Returns:
        (N,), float32, in [-1,1]; 0 where one of the two is constant.
    """
    one, other = (maps.float() - maps.float().mean(dim=(2, 3), keepdim=True) for maps in (features, target))
    energy = one.square().sum(dim=(1, 2, 3)) * other.square().sum(dim=(1, 2, 3))
    return (one * other).sum(dim=(1, 2, 3)) / (energy + 1e-12).sqrt()


def likeness_lost(likeness: Tensor, wanted: Tensor | float) -> Tensor:
    """The cost of a :func:`content_likeness`, to be added to the share of the style gap that is left.

    It grows slowly as likeness falls, and fast below the likeness ``wanted``. So the likeness settles at once. Where
    instead the weight of the style loss is adapted to the likeness, that takes hundreds of steps.

    Args:
        likeness: (N,), in [-1,1].
        wanted: (N,) or a number, in [-1,1].

    Returns:
        (N,), at least 0.
    """
    return _LOST * (1 - likeness) + _BELOW * (wanted - likeness).clamp_min(0).square()


def style_terms(grams: Grams, targets: Grams) -> Tensor:
    """The style loss of each of L layers: squared difference of Gram matrices, averaged over C², times 1e-4.

    Args:
        grams: layer -> (N,C,C), of pictures.
        targets: layer -> (N,C,C) or (1,C,C), of style images.

    Returns:
        (N,L), float32.
    """
    terms = [(gram - targets[layer]).square().mean(dim=(1, 2)) for layer, gram in grams.items()]
    return STYLE_WEIGHT * torch.stack(terms, dim=1)


def style_loss(grams: Grams, targets: Grams) -> Tensor:
    """The style loss: the sum of :func:`style_terms` over layers, (N,), float32."""
    return style_terms(grams, targets).sum(dim=1)


@dataclass(frozen=True)
class Description:
    """What a loss network sees in N images.

    Attributes:
        content: (N,C,H,W), the activations of the content layer.
        grams: layer -> (N,C,C), the Gram matrices of the style layers.
    """

    content: Tensor
    grams: Grams


def describe(loss_network: LossNetwork, image: Tensor, shifts: Sequence[int] = ()) -> Description:
    """Describe images by the activations of the content layer and the Gram matrices of the style layers.

    Args:
        loss_network: the network whose activations are taken.
        image: (N,3,H,W), RGB in [0,1].
        shifts: distances in pixels. With them Gram matrices are those of :func:`impasto.losses.gram.shifted_grams`;
            each layer takes the shifts that are a whole number of its positions.
    """
    seen = loss_network(image, STYLE_LAYERS)
    return Description(seen[CONTENT_LAYER], layer_grams(seen, image.shape[3], shifts))


def style_gap_closed(output: TensorOrFloat, photo: TensorOrFloat) -> TensorOrFloat:
    """1 - L_style(output) / L_style(photo): 0 for the photo itself, 1 for a picture with the style's Gram matrices."""
    return 1 - output / photo


def content_distance(output: TensorOrFloat, another: TensorOrFloat) -> TensorOrFloat:
    """L_content(output, photo) / L_content(another photo, photo).

    It is 0 for the photo itself, and 1 for a picture that is as far from the photo as another photo is.
    """
    return output / another
