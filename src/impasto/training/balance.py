"""How much the style losses of paintings count that no recipe names."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from impasto.losses.targets import PhotoScores

_RATE = 0.1
"""Change of a factor's logarithm per picture and unit of content likeness."""
_STYLE = 20.0
"""What a photo's style loss comes to, in units of the content distance, to begin with."""


class PaintingFactors:
    """Factors of the style losses of paintings: those whose pictures are less like their photos than ``likeness`` come
    to count less.

    Attributes:
        logs: (K,), of each painting's factor.
    """

    def __init__(self, scores: PhotoScores, likeness: float, paintings: int) -> None:
        self.scores = scores
        self.likeness = likeness
        self.logs = torch.full((paintings,), math.log(_STYLE), device=scores.another.device)

    def weights(self, terms: Tensor, index: Tensor) -> Tensor:
        """(N,L) of paintings ``index`` (N,), given the photos' ``terms`` (N,L): all layers count the same."""
        return self.scores.another * self.logs[index].exp()[:, None] / (terms.shape[1] * terms)

    def adapt(self, index: Tensor, likeness: Tensor) -> None:
        """Move the factors of paintings ``index`` (M,), given the likeness (M,) of pictures; NaN tells nothing."""
        closer = (likeness - self.likeness).nan_to_num()
        # What one painting teaches holds for the others by a part.
        self.logs += _RATE * closer.mean()
        self.logs.index_add_(0, index, 4 * _RATE * closer)
