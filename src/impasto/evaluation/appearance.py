"""What pictures and paintings look like to those who judge them: to VGG-16, and to the eye in CIE Lab."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from impasto.images.arrays import to_pixels
from impasto.images.color import to_cielab
from impasto.images.photo import Picture
from impasto.losses.contrast import Colors, colors_of
from impasto.losses.distribution import DistributionOptions, Slices, see, slices_of
from impasto.losses.gram import STYLE_LAYERS, Grams, gram_matrix
from impasto.losses.perceptual import CONTENT_LAYER
from impasto.losses.targets import as_pixels
from impasto.nn.vgg import VGG16

DISTRIBUTION = DistributionOptions(projections=256, quantiles=256, octaves=2, places=6000)
"""How distributions are compared when models are scored. With other seeds, the share of the gap that one picture closes
has a standard deviation of 0.01. With half as many projections it is larger; fewer places would do."""
_SEED = 0
"""What directions and places are drawn from: the same for all pictures, so that scores can be compared."""


@dataclass(frozen=True)
class StyleDescription:
    """What a picture looks like, wherever things are in it.

    Attributes:
        grams: layer -> (1,C,C), the Gram matrices of VGG-16's style layers.
        slices: name -> (1,P,Q), the distributions of the same layers at full and at half size.
        colors: the colours.
    """

    grams: Grams
    slices: Slices
    colors: Colors


@dataclass(frozen=True)
class Appearance:
    """What a picture looks like, and what it shows.

    Attributes:
        content: (1,C,H,W), the activations of VGG-16's content layer.
        style: everything else, which says nothing of where things are.
    """

    content: Tensor
    style: StyleDescription


@torch.no_grad()
def appearance(vgg: VGG16, picture: Picture) -> Appearance:
    """The appearance of a picture."""
    maps = see(vgg, as_pixels(picture), DISTRIBUTION.octaves)
    grams = {layer: gram_matrix(maps[f"{layer}/1"]) for layer in STYLE_LAYERS}
    colors = colors_of(torch.from_numpy(to_cielab(to_pixels(np.asarray(picture)))))
    style = StyleDescription(grams, slices_of(maps, DISTRIBUTION, _SEED), colors)
    return Appearance(maps[f"{CONTENT_LAYER}/1"], style)


@torch.no_grad()
def content_of(vgg: VGG16, picture: Picture) -> Tensor:
    """The activations (1,C,H,W) of VGG-16's content layer for a picture."""
    return vgg(as_pixels(picture), [CONTENT_LAYER])[CONTENT_LAYER]
