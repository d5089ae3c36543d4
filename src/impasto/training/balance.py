"""The weights of the style losses of paintings that have no slot."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from impasto.losses.targets import PhotoScores

_RATE = 0.1
"""By how much the logarithm of a factor changes, for each picture and each unit of content likeness."""
_STYLE = 20.0
"""What the style loss of untouched photos counts at first, in units of the content distance."""


class PaintingFactors:
    """A factor for the style loss of each painting. It falls while pictures in its style are less like their photos
    than they should be.

    Args:
        scores: what photos score on paintings.
        likeness: the content likeness that pictures should have.
        paintings: K, how many paintings there are.

    Attributes:
        logs: (K,) float32, the logarithms of the factors.
    """

    def __init__(self, scores: PhotoScores, likeness: float, paintings: int) -> None:
        self.scores = scores
        self.likeness = likeness
        self.logs = torch.full((paintings,), math.log(_STYLE), device=scores.another.device)

    def weights(self, terms: Tensor, index: Tensor) -> Tensor:
        """The weights (N,L) of the style losses of paintings ``index`` (N,), by layer.

        Args:
            terms: (N,L), what photos score on the paintings; divided by it, all layers count the same.
            index: (N,).
        """
        return self.scores.another * self.logs[index].exp()[:, None] / (terms.shape[1] * terms)

    def adapt(self, index: Tensor, likeness: Tensor) -> None:
        """Move the factors of paintings ``index`` (M,), given the content likeness (M,) of pictures in their style. NaN
        moves nothing."""
        closer = (likeness - self.likeness).nan_to_num()
        # What one painting teaches holds in part for the others.
        self.logs += _RATE * closer.mean()
        self.logs.index_add_(0, index, 4 * _RATE * closer)
