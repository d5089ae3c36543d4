"""Contrast and colours of a picture relative to its painting, in CIE Lab.

A dull picture can have the Gram matrices of a vivid painting nearly to the last percent. These numbers tell the two
apart. They are those of all pixels, so grain counts as contrast, too.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from impasto.losses.distribution import DistributionOptions, slices_of

_VISIBLE = 1.0
"""A standard deviation, in units of Lab, that people hardly see. Smaller ones count as this, so that the contrast of a
picture in black and white is 1 for a painting in black and white."""
_OPTIONS = DistributionOptions(projections=24, quantiles=256, places=40_000)
"""How colours are compared."""
_SEED = 0
"""The seed of directions and pixels: the same for all pictures, so that distances can be compared."""


@dataclass(frozen=True)
class Colors:
    """The colours of one picture, wherever they are in it.

    Attributes:
        light: the standard deviation of lightness L.
        chroma: the standard deviation of chroma, the root of a² + b².
        quantiles: (24,256), the quantiles of Lab along 24 directions.
    """

    light: float
    chroma: float
    quantiles: Tensor


def colors_of(lab: Tensor) -> Colors:
    """The colours of a picture (1,3,H,W) in CIE Lab: L in [0,100], then a and b."""
    (quantiles,) = slices_of({"lab": lab}, _OPTIONS, _SEED)["lab"]
    return Colors(lab[:, 0].std().item(), lab[:, 1:].norm(dim=1).std().item(), quantiles)


def light_contrast(picture: Colors, painting: Colors) -> float:
    """How strong light and dark are: 1 as in the painting, 0 near 0 in a picture of one lightness."""
    return _ratio(picture.light, painting.light)


def chroma_contrast(picture: Colors, painting: Colors) -> float:
    """The spread of chroma: 1 is the painting's, and near 0 all colours are equally strong, or equally grey."""
    return _ratio(picture.chroma, painting.chroma)


def _ratio(one: float, other: float) -> float:
    """``one / other`` for standard deviations in units of Lab, of which the smallest count as :data:`_VISIBLE`."""
    return max(one, _VISIBLE) / max(other, _VISIBLE)


def color_distance(one: Colors, other: Colors) -> float:
    """The sliced Wasserstein distance of order 2 between the colours of two pictures, in units of Lab.

    It is 0 where both have the same colours in the same shares of their area. If one is the other with d added to all
    colours, it is |d|/√3.
    """
    return (one.quantiles - other.quantiles).square().mean().sqrt().item()
