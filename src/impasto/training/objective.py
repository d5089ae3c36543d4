"""The training objective: photo, picture and slot in, losses out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from impasto.losses.artifacts import blockiness, grid_pattern, raster_energy
from impasto.losses.gram import Grams
from impasto.losses.perceptual import (
    CONTENT_LAYER,
    LossNetwork,
    content_likeness,
    content_loss,
    describe,
    likeness_lost,
    style_terms,
)
from impasto.losses.targets import PhotoScores, gap_weights
from impasto.training.balance import PaintingFactors
from impasto.training.recipe import Recipe

_RATE = 0.1
"""Change of a weight's logarithm per picture and unit of content likeness."""
_LIKENESS = 0.44
"""Of paintings without a slot, where the recipe has none."""
_EMPTY = 0.1
"""Share of the usual contrast of content below which a photo has no forms that a picture could keep."""
_PIXEL_WEIGHT = 100.0
"""Of the identity style's squared error, on the 0..255 scale."""
_GAP = 20.0
"""What the whole style gap counts where it is minimised, in units of the content distance."""


@dataclass(frozen=True)
class Losses:
    """Per photo, each (N,): the unweighted losses of docs/explanation/design.md, and what is minimised."""

    content: Tensor
    likeness: Tensor
    """Content likeness; NaN where a photo has no forms."""
    style: Tensor
    photo: Tensor
    """Style loss of photos on the same style: the loss at which no gap is closed."""
    objective: Tensor


class Objective:
    """Content loss plus weighted style loss.

    Args:
        loss_network: what sees the pictures.
        recipe: slots, and the weights of their losses.
        grams: slot -> :func:`style_grams` of the slot's style images, with ``shifts``.
        photos: (N,3,H,W), RGB in [0,1], by which losses are measured.
        paintings: how many there are without a slot.
        shifts: of shifted Gram matrices, see :func:`impasto.losses.perceptual.describe`.

    Attributes:
        targets: layer -> (S,C,C), row = slot; zero for slots that no style names.
        factors: (S,), of the style losses, which follow the content likeness.
        photo_loss: (S,), what photos score on each style: the loss at which no gap is closed.
        another: content loss of one photo against another, the unit of the content distance.
        paintings: the factors of those without a slot.
    """

    def __init__(
        self,
        loss_network: LossNetwork,
        recipe: Recipe,
        grams: Mapping[int, Grams],
        photos: Tensor,
        paintings: int = 0,
        shifts: Sequence[int] = (),
    ) -> None:
        device = photos.device
        self.loss_network = loss_network
        self.shifts = shifts
        self.scores = PhotoScores(loss_network, photos, self.shifts)
        first = next(iter(grams.values()))
        self.targets: Grams = {
            layer: torch.cat([grams[slot][layer] if slot in grams else torch.zeros_like(gram)
                              for slot in range(recipe.slots)])
            for layer, gram in first.items()
        }  # fmt: skip
        self.factors = torch.ones(recipe.slots, device=device)
        self._even = torch.zeros(recipe.slots, len(self.targets), device=device)
        self.likeness = torch.full((recipe.slots,), math.nan, device=device)
        for entry in recipe.styles:
            if entry.image:
                self._even[entry.slot] = entry.weight
                self.likeness[entry.slot] = entry.likeness or recipe.training.likeness or math.nan
        self.identity = recipe.identity
        self._pixels = _PIXEL_WEIGHT * next((entry.weight for entry in recipe.styles if not entry.image), 1.0)
        self._grid, self._blocks, self._raster = recipe.training.grid, recipe.training.blocks, recipe.training.raster
        self.another = self.scores.another
        self.photo_loss = torch.ones(recipe.slots, device=device)
        wanted = recipe.predictor.likeness if recipe.predictor else None
        self._predicted = wanted or recipe.training.likeness or _LIKENESS
        self.paintings = PaintingFactors(self.scores, self._predicted, paintings)
        self._gap = recipe.training.objective == "gap"
        self._evenly = recipe.training.evenly
        self._weight = (recipe.predictor.weight, recipe.predictor.evenly) if recipe.predictor else (None, 0.0)
        if self._gap:
            self._share_gaps()
        else:
            self._balance(recipe.training.balance, recipe.training.layer_balance)

    @torch.no_grad()
    def _balance(self, styles: float, layers: float) -> None:
        """Even the weights out by what photos score on each style.

        A style's weight is divided by (its photo loss / the median photo loss) ** ``styles``. A layer's is divided by
        (its term of the photo loss) ** ``layers``, and those of a style are scaled so that its photo loss stays.
        """
        named = torch.nonzero(self._even.sum(dim=1)).flatten()
        terms = self.scores.terms(self._of(named))
        self.photo_loss[named] = terms.sum(dim=1)
        even = terms ** (1 - layers)
        shares = even / even.sum(dim=1, keepdim=True) * terms.sum(dim=1, keepdim=True) / terms
        self._even[named] *= shares / (self.photo_loss[named] / self.photo_loss[named].median())[:, None] ** styles

    @torch.no_grad()
    def _share_gaps(self) -> None:
        """Weights by which what photos score on a style comes to 1, the whole gap."""
        named = torch.nonzero(self._even.sum(dim=1)).flatten()
        terms = self.scores.terms(self._of(named))
        self.photo_loss[named] = terms.sum(dim=1)
        self._even[named] *= gap_weights(terms, self._evenly)

    @property
    def weights(self) -> Tensor:
        """(S,L), times the style loss of each slot and layer."""
        return self.factors[:, None] * self._even

    @property
    def numbers(self) -> dict[str, Tensor]:
        """What training changes, by name."""
        return {"factors": self.factors, "paintings": self.paintings.logs}

    def share(self, numbers: Mapping[str, Tensor]) -> None:
        """Use the ``numbers`` of another objective, and change them with it."""
        self.factors, self.paintings.logs = numbers["factors"], numbers["paintings"]

    @torch.no_grad()
    def adapt(self, slot: Tensor, likeness: Tensor) -> None:
        """Move the factors of styles ``slot`` (N,), given the ``likeness`` (N,) of pictures; NaN tells nothing."""
        if self._gap:
            return
        closer = (likeness - self.likeness[slot]).nan_to_num()
        self.factors *= torch.exp(torch.zeros_like(self.likeness).index_add(0, slot, _RATE * closer))

    def __call__(
        self, picture: Tensor, photo: Tensor, slot: Tensor, parts: Tensor | None = None, index: Tensor | None = None
    ) -> Losses:
        """Losses of pictures as photos, the first ones in the styles of slots, the others in those of paintings.

        Args:
            picture: (N,3,H,W), RGB in [0,1].
            photo: (N,3,H,W), RGB in [0,1].
            slot: (N-M,).
            parts: (M,3,h,w), RGB in [0,1], of paintings.
            index: (M,), their numbers.
        """
        with torch.no_grad():
            target = self.loss_network(photo, [CONTENT_LAYER])[CONTENT_LAYER]
        seen = describe(self.loss_network, picture, self.shifts)
        content = content_loss(seen.content, target)
        grams, weights, scores = self._of(slot), self.weights[slot], self.photo_loss[slot]
        if parts is not None and index is not None:
            others, their_weights, their_scores = self._read(parts, index)
            grams = {layer: torch.cat([gram, others[layer]]) for layer, gram in grams.items()}
            weights, scores = torch.cat([weights, their_weights]), torch.cat([scores, their_scores])
        terms = style_terms(seen.grams, grams)
        likeness = self._likeness(seen.content, target)
        weighted = (weights * terms).sum(dim=1)
        objective = content + weighted
        if self._gap:
            as_gap = len(slot) if self._weight[0] else len(objective)
            wanted = torch.full_like(likeness, self._predicted)
            wanted[: len(slot)] = self.likeness[slot]
            gap = self._gap_left(weighted, likeness, wanted)
            objective = torch.cat([gap[:as_gap], objective[as_gap:]])
        if self._grid:
            objective = objective + self._grid * grid_pattern(picture)
        if self._blocks:
            objective = objective + self._blocks * blockiness(picture)
        if self._raster:
            objective = objective + self._raster * raster_energy(picture, photo)
        if self.identity is not None:
            named = slice(len(slot))
            pixels = (255 * (picture[named] - photo[named])).square().mean(dim=(1, 2, 3))
            same = content[named] + self._pixels * pixels
            objective = torch.cat([torch.where(slot == self.identity, same, objective[named]), objective[len(slot) :]])
        return Losses(content.detach(), likeness.detach(), terms.sum(dim=1).detach(), scores, objective)

    def _gap_left(self, left: Tensor, likeness: Tensor, wanted: Tensor) -> Tensor:
        """(N,), in units of the content loss: the style gap left, and the likeness lost, each (N,)."""
        # Photos without forms have nothing to lose.
        likeness = likeness.where(likeness.isfinite(), wanted)
        return _GAP * self.another * (left + likeness_lost(likeness, wanted))

    def _likeness(self, content: Tensor, target: Tensor) -> Tensor:
        contrast = target.float().var(dim=(2, 3)).mean(dim=1)
        return torch.where(contrast > _EMPTY * self.another / 2, content_likeness(content, target), math.nan)

    @torch.no_grad()
    def _read(self, parts: Tensor, index: Tensor) -> tuple[Grams, Tensor, Tensor]:
        """Gram matrices, weights (M,L) and photo losses (M,) of parts of paintings."""
        grams = describe(self.loss_network, parts, self.shifts).grams
        terms = self.scores.terms(grams)
        weight, evenly = self._weight
        if weight:
            weights = weight * gap_weights(terms, evenly) * terms.sum(dim=1, keepdim=True)
        else:
            weights = gap_weights(terms, self._evenly) if self._gap else self.paintings.weights(terms, index)
        return grams, weights, terms.sum(dim=1)

    def _of(self, slot: Tensor) -> Grams:
        return {layer: gram[slot] for layer, gram in self.targets.items()}
