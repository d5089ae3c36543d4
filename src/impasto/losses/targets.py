"""What style losses are measured against: Gram matrices of style images, and scores of photos."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from impasto.losses.gram import STYLE_LAYERS, Grams, layer_grams
from impasto.losses.perceptual import STYLE_WEIGHT, LossNetwork, content_loss, describe


class PhotoScores:
    """Mean style losses of photos against any painting, and their content losses against one another.

    Divided by them, every layer of every painting counts as much as the others, those of few colours too.
    One weight for all would stylize half of them too much or too little.

    Args:
        loss_network: what sees the pictures.
        photos: (N,3,H,W), RGB in [0,1].
        shifts: as in :func:`impasto.losses.perceptual.describe`.

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


def gap_weights(terms: Tensor, evenly: float) -> Tensor:
    """Weights by which what photos score on styles, by layer, ``terms`` (N,L), comes to 1, of which in the share
    ``evenly`` all layers count the same and in the rest as they do in the style loss: (N,L)."""
    return evenly / (terms.shape[1] * terms) + (1 - evenly) / terms.sum(dim=1, keepdim=True)


def style_grams(
    loss_network: LossNetwork, image: npt.NDArray[np.uint8], device: torch.device, shifts: Sequence[int] = ()
) -> Grams:
    """Gram matrices of a style image (H,W,3), RGB: layer -> (1,C,C).

    With ``shifts`` they are those of :func:`impasto.losses.perceptual.describe`.
    """
    return style_views(loss_network, image, device, [shifts])[0]


@torch.no_grad()
def style_views(
    loss_network: LossNetwork, image: npt.NDArray[np.uint8], device: torch.device, views: Sequence[Sequence[int]]
) -> list[Grams]:
    """:func:`style_grams` with each of several ``shifts``; the image is looked at once."""
    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].to(device)
    seen = loss_network(pixels.float() / 255, STYLE_LAYERS)
    return [layer_grams(seen, pixels.shape[3], shifts) for shifts in views]
