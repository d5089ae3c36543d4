"""How much the style losses of paintings count that no recipe names."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from impasto.losses import STYLE_WEIGHT, Grams, LossNetwork, content_loss, describe

_RATE = 0.1
"""Change of a factor's logarithm per picture and unit of content likeness."""
_STYLE = 20.0
"""What a photo's style loss comes to, in units of the content distance, to begin with."""


class PhotoScores:
    """Mean style losses of photos against any painting, and their content losses against one another.

    Divided by them, every layer of every painting counts as much as the others, those of few colours too (trap 4 of
    docs/design.md).

    Args:
        loss_network: what sees the pictures.
        photos: (N,3,H,W), RGB in [0,1].
        shifts: as in :func:`impasto.losses.describe`.

    Attributes:
        another: content loss of one photo against another, the unit of the content distance.
    """

    @torch.no_grad()
    def __init__(self, loss_network: LossNetwork, photos: Tensor, shifts: Sequence[int]) -> None:
        seen = describe(loss_network, photos, shifts)
        self.another = content_loss(seen.content, seen.content.roll(1, dims=0)).mean()
        self._mean = {layer: gram.mean(dim=0, keepdim=True) for layer, gram in seen.grams.items()}
        self._squares = torch.stack([gram.square().mean() for gram in seen.grams.values()])

    def terms(self, grams: Grams) -> Tensor:
        """Style losses of the photos by layer, (N,L), in the mean, given the Gram matrices of N paintings.

        From the mean Gram matrix of photos and the mean of their squares: E‖G - T‖² = E‖G‖² - 2⟨E G, T⟩ + ‖T‖².
        """
        crossed = [(gram.square() - 2 * gram * self._mean[layer]).mean(dim=(1, 2)) for layer, gram in grams.items()]
        return STYLE_WEIGHT * (self._squares + torch.stack(crossed, dim=1))


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
