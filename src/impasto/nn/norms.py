"""What follows each convolution: the ways to normalise, scale and shift a map.

One object serves one pass through a network and is called after every convolution, in network order. Rows come in
parts: γ, β of layer 1, γ, β of layer 2, …; a row of statistics has μ, σ in the same places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch.nn.functional as F
from torch import Tensor

from impasto.nn.cin import EPS, conditional_instance_norm, map_statistics

Norms = Callable[[Tensor], Tensor]
"""(N,C,H,W) -> (N,C,H,W)."""
Normalise = Callable[[Tensor, Tensor, Tensor], Tensor]
"""x (N,C,H,W), γ and β (N,C) -> (N,C,H,W)."""
Parts = Iterator[Tensor]
"""Parts (N,C) of a row, C that of the layer they belong to."""


class Conditional:
    """Conditional instance normalization: each map by its own statistics, then the style's γ and β.

    Args:
        style: parts (N,C).
        normalise: :func:`impasto.nn.cin.conditional_instance_norm`, or what was made of it.
        measure: keep the statistics.

    Attributes:
        measured: the statistics, parts (N,C).
    """

    def __init__(
        self, style: Parts, normalise: Normalise = conditional_instance_norm, *, measure: bool = False
    ) -> None:
        self.style = style
        self.normalise = normalise
        self.measure = measure
        self.measured: list[Tensor] = []

    def __call__(self, x: Tensor) -> Tensor:
        if self.measure:
            self.measured += map_statistics(x)
        return self.normalise(x, next(self.style), next(self.style))


class Frozen:
    """The same with statistics that are given, so that any part of a picture is painted as the whole would be.

    Normalising by given numbers is one scale and one shift a map, which runtimes fold into the convolution.
    """

    def __init__(self, style: Parts, statistics: Parts) -> None:
        self.style = style
        self.statistics = statistics

    def __call__(self, x: Tensor) -> Tensor:
        gamma, beta, mean, std = (_as_map(next(parts)) for parts in (self.style,) * 2 + (self.statistics,) * 2)
        scale = gamma / (std + EPS)
        return x * scale + (beta - mean * scale)


class Regional:
    """Several styles in one picture: at each pixel the γ and β of the styles there, blended by the masks.

    Args:
        styles: parts (R,C) of R styles.
        masks: (N,R,H,W) in [0,1], the share of each style at each pixel of the picture; they add up to 1.
        statistics: given statistics; without them each map is normalised by its own, over all regions.

    Attributes:
        measured: the statistics in use, parts (N,C).
    """

    def __init__(self, styles: Parts, masks: Tensor, statistics: Parts | None = None) -> None:
        self.styles = styles
        self.masks = {int(masks.shape[3]): masks}
        self.statistics = statistics
        self.measured: list[Tensor] = []

    def __call__(self, x: Tensor) -> Tensor:
        mean, std = (next(self.statistics), next(self.statistics)) if self.statistics else map_statistics(x)
        self.measured += [mean, std]
        masks = self._masks_for(x).flatten(2)
        gamma, beta = ((next(self.styles).T @ masks).unflatten(2, x.shape[2:]) for _ in range(2))
        return (x - _as_map(mean)) / (_as_map(std) + EPS) * gamma + beta

    def _masks_for(self, x: Tensor) -> Tensor:
        """The masks at the size of ``x``: halved, by the mean of 2 × 2 pixels, as often as it takes."""
        width = min(self.masks)
        while width > int(x.shape[3]):
            self.masks[width // 2] = F.avg_pool2d(self.masks[width], 2)
            width //= 2
        return self.masks[int(x.shape[3])]


def _as_map(part: Tensor) -> Tensor:
    return part[:, :, None, None]
