"""The ways to normalise, scale and shift maps after each convolution.

One object serves one pass through a network. The network calls it after every convolution, in network order. Rows are
given to it in parts: γ of layer 1, β of layer 1, γ of layer 2, and so on. A row of statistics has μ and σ in the places
of γ and β.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch.nn.functional as F
from torch import Tensor

from impasto.nn.cin import EPS, conditional_instance_norm, map_statistics

Norms = Callable[[Tensor], Tensor]
"""What a network calls after a convolution: (N,C,H,W) -> (N,C,H,W)."""
Normalise = Callable[[Tensor, Tensor, Tensor], Tensor]
"""A way to compute conditional instance normalization: x (N,C,H,W), γ (N,C) and β (N,C) -> (N,C,H,W)."""
Parts = Iterator[Tensor]
"""The parts (N,C) of N rows, one after the other, where C is the number of maps of the part's layer."""


class Conditional:
    """Conditional instance normalization: each map is normalised by its own statistics, then gets the style's γ and β.

    Args:
        style: the parts (N,C) of the style rows.
        normalise: :func:`impasto.nn.cin.conditional_instance_norm`, or a function that computes the same faster.
        measure: whether to keep the statistics.

    Attributes:
        measured: the parts (N,C) of the statistics, if they are kept.
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
    """The same with given statistics. With those of a whole picture, any part of it is painted as in the whole.

    Normalising with given statistics is one scale and one shift of each map, which runtimes fold into the convolution.

    Args:
        style: the parts (N,C) of the style rows.
        statistics: the parts (N,C) of the statistics, μ and σ.
    """

    def __init__(self, style: Parts, statistics: Parts) -> None:
        self.style = style
        self.statistics = statistics

    def __call__(self, x: Tensor) -> Tensor:
        gamma, beta, mean, std = (_as_map(next(parts)) for parts in (self.style,) * 2 + (self.statistics,) * 2)
        scale = gamma / (std + EPS)
        return x * scale + (beta - mean * scale)


class Regional:
    """Several styles in one picture: each pixel gets the γ and β of the styles there, blended by the masks.

    Args:
        styles: the parts (R,C) of the rows of R styles.
        masks: (N,R,H,W) in [0,1], the share of each style at each pixel of the picture. At each pixel they add up to 1.
        statistics: the parts (N,C) of given statistics; without them each map is normalised by its own statistics,
            which are those of all regions together.

    Attributes:
        measured: the parts (N,C) of the statistics that were used.
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
        """The masks at the size of ``x``. They are halved as often as needed, by the mean of 2 × 2 pixels."""
        width = min(self.masks)
        while width > int(x.shape[3]):
            self.masks[width // 2] = F.avg_pool2d(self.masks[width], 2)
            width //= 2
        return self.masks[int(x.shape[3])]


def _as_map(part: Tensor) -> Tensor:
    """(N,C) -> (N,C,1,1)."""
    return part[:, :, None, None]
