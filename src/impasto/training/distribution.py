"""The training objective that compares whole distributions instead of Gram matrices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from impasto.data.batch import Named
from impasto.losses.distribution import DistributionOptions, Maps, Slices, distribution_terms, slices_of
from impasto.losses.gram import Grams, layer_grams
from impasto.losses.perceptual import CONTENT_LAYER, STYLE_LAYERS, Description, LossNetwork
from impasto.losses.targets import PhotoSlices, painting_slices, seen_with_colors
from impasto.training.objective import GAP, Compared, GapObjective, Styles
from impasto.training.recipe import Recipe

SEEDS = 4
"""The number of sets of random directions. Each step takes the next set. With a few fixed sets, the paintings'
quantiles stay in memory. They are too many for a picture to be right along these directions alone."""


class DistributionObjective(GapObjective):
    """The distances of distributions left, as a share of what photos have, plus the content distance by its weight.

    Distributions are compared in three octaves of a picture, and those of its colours at a quarter of its size
    (:mod:`impasto.losses.distribution`). Every style counts the same.

    Args:
        loss_network: what sees the pictures.
        recipe: slots, and the weights of their losses.
        grams: slot -> the Gram matrices of its style image, for the log.
        maps: slot -> what stands for its style image (:func:`impasto.losses.targets.painting_maps`).
        photos: (N,3,H,W), RGB in [0,1], by which losses are measured.
        seed: what the directions are drawn from.
    """

    def __init__(
        self, loss_network: LossNetwork, recipe: Recipe, grams: Mapping[int, Grams], maps: Mapping[int, Maps],
        photos: Tensor, seed: int,
    ) -> None:  # fmt: skip
        super().__init__(loss_network, recipe, grams, photos)
        self.distribution, self.seed = DistributionOptions(), seed
        self._content = self.options.content_weight
        with torch.no_grad():
            seen = [self._see(photo)[1] for photo in photos.split(1)]
        self.photo_slices = PhotoSlices({name: torch.cat([each[name] for each in seen]) for name in seen[0]})
        self.slices = self._slices_by_slot(maps, recipe.slots)

    def _slices_by_slot(self, maps: Mapping[int, Maps], slots: int) -> dict[str, Tensor]:
        """Name -> (S,P,Q), the distributions of the style images; zeros for slots that no style names."""
        known = {slot: painting_slices(each, self.distribution, self.seed) for slot, each in maps.items()}
        first = next(iter(known.values()))
        return {
            name: torch.cat([known[slot][name] if slot in known else torch.zeros_like(empty) for slot in range(slots)])
            for name, empty in first.items()
        }

    def _see(self, picture: Tensor) -> tuple[Description, Slices]:
        maps = seen_with_colors(self.loss_network, picture, self.distribution.octaves)
        layers = {layer: maps[f"{layer}/1"] for layer in STYLE_LAYERS}
        grams = layer_grams(layers, picture.shape[3], self.shifts)
        return Description(layers[CONTENT_LAYER], grams), slices_of(maps, self.distribution, self.seed)

    def _balance(self, terms: Tensor) -> Tensor:
        # Layers are not weighed here: every name of the distributions counts the same.
        return torch.ones_like(terms)

    def _painting_weights(self, terms: Tensor, index: Tensor) -> Tensor:
        return torch.ones_like(terms)

    def _named_styles(self, half: Named) -> Styles:
        slices = {name: quantiles[half.slot] for name, quantiles in self.slices.items()}
        return replace(super()._named_styles(half), slices=slices)

    def _style_left(self, terms: Tensor, slices: Slices, styles: Styles) -> Tensor:
        left = (distribution_terms(slices, styles.slices) / self.photo_slices.terms(styles.slices)).mean(dim=1)
        return styles.weights[:, 0] * left

    def _of_named(self, compared: Compared) -> Tensor:
        # Photos without forms have nothing to lose.
        distance = compared.content.where(compared.likeness.isfinite(), 0.0)
        return GAP * (self.another * compared.style + self._content * distance)
