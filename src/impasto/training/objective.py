"""The training objective: photo, picture and slot in, losses out."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from impasto.errors import ImpastoError
from impasto.images import open_image
from impasto.losses import CONTENT_LAYER, Grams, LossNetwork, content_loss, describe, style_terms
from impasto.styles import Box
from impasto.training.config import Recipe

_RATE = 0.05
"""Change of a weight's logarithm per picture and unit of content distance."""
_PIXEL_WEIGHT = 100.0
"""Of the identity style's squared error, on the 0..255 scale."""


@dataclass(frozen=True)
class Losses:
    """Per photo, each (N,): the losses of docs/design.md without per-style weights, and what is minimised."""

    content: Tensor
    style: Tensor
    objective: Tensor


class Objective:
    """Content loss plus weighted style loss.

    Args:
        loss_network: what sees the pictures.
        recipe: slots, and the weights of their losses.
        grams: slot -> :func:`style_grams` of the slot's style images, with the recipe's ``shifts``.
        device: of all that it holds.

    Attributes:
        targets: layer -> (S,C,C), row = slot; zero for slots that no style names.
        factors: (S,), of the style losses, which follow the content distance.
        photo_loss: (S,), what photos score on each style: the loss at which no gap is closed.
        another: content loss of one photo against another, the unit of the content distance.
    """

    def __init__(
        self, loss_network: LossNetwork, recipe: Recipe, grams: Mapping[int, Grams], device: torch.device
    ) -> None:
        self.loss_network = loss_network
        self.shifts = recipe.training.shifts
        first = next(iter(grams.values()))
        self.targets: Grams = {
            layer: torch.cat([grams[slot][layer] if slot in grams else torch.zeros_like(gram)
                              for slot in range(recipe.slots)])
            for layer, gram in first.items()
        }  # fmt: skip
        self.factors = torch.ones(recipe.slots, device=device)
        self._even = torch.zeros(recipe.slots, len(self.targets), device=device)
        self.distance = torch.full((recipe.slots,), math.nan, device=device)
        for entry in recipe.styles:
            self._even[entry.slot] = entry.weight if entry.image else 0.0
            self.distance[entry.slot] = entry.distance or recipe.training.distance or math.nan
        self.identity = recipe.identity
        self.photo_loss = torch.ones(recipe.slots, device=device)
        self.another = torch.tensor(math.inf, device=device)

    @torch.no_grad()
    def balance(self, photos: Tensor, styles: float, layers: float) -> None:
        """Measure what ``photos`` (N,3,H,W) score on each style, and even the weights out by it.

        A style's weight is divided by (its photo loss / the median photo loss) ** ``styles``. A layer's is divided by
        (its term of the photo loss) ** ``layers``, and those of a style are scaled so that its photo loss stays.
        """
        seen = describe(self.loss_network, photos, self.shifts)
        grams = seen.grams
        self.another = content_loss(seen.content, seen.content.roll(1, dims=0)).mean()
        named = torch.nonzero(self._even.sum(dim=1)).flatten()
        terms = torch.stack([style_terms(grams, self._of(slot[None])).mean(dim=0) for slot in named])
        self.photo_loss[named] = terms.sum(dim=1)
        even = terms ** (1 - layers)
        shares = even / even.sum(dim=1, keepdim=True) * terms.sum(dim=1, keepdim=True) / terms
        relative = self.photo_loss[named] / self.photo_loss[named].median()
        self._even[named] *= shares / relative[:, None] ** styles

    @property
    def weights(self) -> Tensor:
        """(S,L), times the style loss of each slot and layer."""
        return self.factors[:, None] * self._even

    @torch.no_grad()
    def adapt(self, slot: Tensor, content: Tensor) -> None:
        """Move the factors of the styles in ``slot`` (N,) towards their content distance, given ``content`` (N,)."""
        farther = (content / self.another).clamp(max=2) - self.distance[slot]
        change = torch.zeros_like(self.distance).index_add(0, slot, _RATE * farther.nan_to_num())
        self.factors *= torch.exp(-change)

    def __call__(self, picture: Tensor, photo: Tensor, slot: Tensor) -> Losses:
        """Losses of ``picture`` (N,3,H,W) as ``photo`` (N,3,H,W) in the styles of ``slot`` (N,)."""
        with torch.no_grad():
            target = self.loss_network(photo, [CONTENT_LAYER])[CONTENT_LAYER]
        seen = describe(self.loss_network, picture, self.shifts)
        content = content_loss(seen.content, target)
        terms = style_terms(seen.grams, self._of(slot))
        weighted = (self.weights[slot] * terms).sum(dim=1)
        objective = content + weighted
        if self.identity is not None:
            pixels = (255 * (picture - photo)).square().mean(dim=(1, 2, 3))
            objective = objective + _PIXEL_WEIGHT * pixels * (slot == self.identity)
        return Losses(content.detach(), terms.sum(dim=1).detach(), objective)

    def _of(self, slot: Tensor) -> Grams:
        return {layer: gram[slot] for layer, gram in self.targets.items()}


def read_style_image(folder: Path, name: str, size: int | None = None, box: Box | None = None) -> Image.Image:
    """The style image ``name`` in ``folder``, RGB, or its part in ``box``, scaled to a long side of ``size`` pixels.

    Raises:
        ImpastoError: it is not there or is not a picture.
    """
    path = Path(folder) / name
    if not path.exists():
        raise ImpastoError(f"style image {path}: there is no such file; name its folder with --style-images")
    with open_image(path) as image:
        image = ImageOps.exif_transpose(image).convert("RGB")
    if box:
        left, top, right, bottom = (round(share * length) for share, length in zip(box, image.size * 2, strict=True))
        image = image.crop((left, top, right, bottom))
    if size:
        scale = size / max(image.size)
        image = image.resize([max(1, round(length * scale)) for length in image.size], Image.Resampling.LANCZOS)
    return image


def image_digest(folder: Path, name: str) -> str:
    """SHA-256 of a style image's file."""
    return hashlib.sha256((Path(folder) / name).read_bytes()).hexdigest()


@torch.no_grad()
def style_grams(
    loss_network: LossNetwork, image: Image.Image, device: torch.device, shifts: Sequence[int] = ()
) -> Grams:
    """Gram matrices of a style image, layer -> (1,C,C); more with ``shifts``, see :func:`describe`."""
    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].to(device)
    return describe(loss_network, pixels.float() / 255, shifts).grams
