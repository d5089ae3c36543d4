"""What photos score on a painting: the unit in which its style losses count, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from impasto.losses import STYLE_WEIGHT, Grams, LossNetwork, content_loss, describe


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
