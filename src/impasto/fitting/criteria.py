"""What a fit minimises: how far pictures are from a style and from their photos, and what artifacts they have.

There are two objectives. The *gap* is that of the paper's losses: the share of the style gap that is left. A
*distribution* objective compares whole distributions instead of second moments (:mod:`impasto.losses.distribution`), so
that a painting's darks, lights and accents count, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from impasto.fitting.options import FitOptions
from impasto.losses.artifacts import artifact_loss, artifact_terms
from impasto.losses.distribution import (
    DistributionOptions,
    Slices,
    distribution_gap_closed,
    distribution_terms,
    slices_of,
)
from impasto.losses.gram import Grams
from impasto.losses.perceptual import (
    CONTENT_LAYER,
    content_likeness,
    content_loss,
    describe,
    likeness_lost,
    style_gap_closed,
    style_terms,
)
from impasto.losses.targets import PhotoScores, painting_maps, painting_slices, seen_with_colors, style_views
from impasto.nn.slim import SlimVGG
from impasto.nn.vgg import VGG16
from impasto.styles.painting import Painting

Shifts = tuple[tuple[int, ...], ...]
_SHIFTS: Shifts = ((4,), (8,), (16,))
"""The shifts of the Gram matrices, in pixels. Each step takes the next of them; all at once would double its time."""
_EMPTY = 0.06
"""The standard deviation of a photo's colours, in [0,1], below which it has no forms that a picture could keep."""
_SEED = 0
"""The seed of the directions along which distributions are compared: the same in all steps."""


@dataclass(frozen=True)
class Score:
    """How good a row is, on photos that it is not fitted on."""

    style_gap_closed: float
    content_distance: float
    content_likeness: float
    distribution_gap_closed: float | None = None
    """None where the objective compares no distributions."""
    artifacts: float = 0.0
    """The weighted artifacts of the pictures, in shares of the gap."""

    @property
    def closed(self) -> float:
        """The share of the gap between photo and painting that is closed, by distributions where they are compared."""
        return self.style_gap_closed if self.distribution_gap_closed is None else self.distribution_gap_closed

    @property
    def losses(self) -> dict[str, float]:
        """What is known of the likeness to style and photo, for the style's file."""
        known = {name: value for name, value in asdict(self).items() if value is not None}
        return {name: value for name, value in known.items() if name != "artifacts"}


class StyleTarget:
    """The Gram matrices of a style, and what photos score on them.

    Args:
        loss_network: what sees the pictures.
        seen: the Gram matrices of each painting of the style; their mean is the target.
        photos: (N,3,H,W), RGB in [0,1], by which losses are measured.
        shifts: of the Gram matrices, in pixels.

    Attributes:
        grams: layer -> (1,C,C).
        photo_terms: (1,L), the style loss of photos by layer.
        another: the content loss of one photo against another, the unit of the content distance.
    """

    def __init__(
        self, loss_network: SlimVGG | VGG16, seen: Sequence[Grams], photos: Tensor, shifts: tuple[int, ...]
    ) -> None:
        self.shifts = shifts
        self.grams = {layer: torch.stack([grams[layer] for grams in seen]).mean(dim=0) for layer in seen[0]}
        scores = PhotoScores(loss_network, photos, shifts)
        self.photo_terms, self.another = scores.terms(self.grams), scores.another

    def gaps(self, distance: Tensor) -> Tensor:
        """Content distances, converted to content losses in units of the style gap."""
        return distance * self.another / self.photo_terms.sum()


def style_targets(
    loss_network: SlimVGG | VGG16, paintings: Sequence[Painting], photos: Tensor, shifts: Shifts = _SHIFTS
) -> list[StyleTarget]:
    """The target of each of the shifts, for ``paintings`` of one style and ``photos`` (N,3,H,W), RGB in [0,1]."""
    views = zip(*(style_views(loss_network, each.array, photos.device, shifts) for each in paintings), strict=True)
    return [StyleTarget(loss_network, seen, photos, each) for seen, each in zip(views, shifts, strict=True)]


class GapCriterion:
    """The style gap left, plus what is lost of the photos, plus artifacts.

    Args:
        loss_network: what sees the pictures.
        paintings: pictures of the style.
        photos: (N,3,H,W), RGB in [0,1], by which losses are measured.
        options: the weights.
        folds: whether the network folds photos; only then pictures can be drawn in cells of 2 × 2 pixels.

    Attributes:
        targets: each step takes the next of them.
    """

    shifts: ClassVar[Shifts] = _SHIFTS

    def __init__(
        self, loss_network: SlimVGG | VGG16, paintings: Sequence[Painting], photos: Tensor, options: FitOptions, *,
        folds: bool,
    ) -> None:  # fmt: skip
        self.loss_network = loss_network
        self.options = options
        self.targets = style_targets(loss_network, paintings, photos, self.shifts)
        cells = {"blocks": options.blocks, "cells": options.cells} if folds else {}
        self.artifacts = artifact_terms(**cells, raster=options.raster, specks=options.specks)

    def compare(self, photo: Tensor, picture: Tensor, target: StyleTarget) -> tuple[Tensor, Tensor, Tensor]:
        """Content distances (N,), content likenesses (N,) and style terms (N,L) of pictures of photos."""
        with torch.no_grad():
            content = self.loss_network(photo, [CONTENT_LAYER])[CONTENT_LAYER]
        seen = describe(self.loss_network, picture, target.shifts)
        distance = content_loss(seen.content, content) / target.another
        return distance, content_likeness(seen.content, content), style_terms(seen.grams, target.grams)

    def loss(self, photo: Tensor, picture: Tensor, step: int) -> Tensor:
        """What is minimised in a step, a scalar, for photos and their pictures (N,3,H,W), RGB in [0,1].

        A weight that follows the likeness, as in training, would take hundreds of steps to settle.
        """
        target = self.targets[step % len(self.targets)]
        distance, likeness, terms = self.compare(photo, picture, target)
        wanted = self.options.likeness
        if self.options.weight:
            lost = target.gaps(distance) / self.options.weight
        else:
            # Photos without forms, synthetic skies, have nothing to lose.
            lost = likeness_lost(likeness.where(_formed(photo), wanted), wanted)
        lost = lost + artifact_loss(self.artifacts, picture, photo)
        alike, summed = (terms / target.photo_terms).mean(), terms.sum(dim=1).mean() / target.photo_terms.sum()
        return summed.lerp(alike, self.options.evenly) + lost.mean()

    def score(self, photo: Tensor, picture: Tensor) -> Score:
        """The score of pictures (N,3,H,W) of photos (N,3,H,W), RGB in [0,1]."""
        target = self.targets[0]
        distance, likeness, terms = self.compare(photo, picture, target)
        gap = style_gap_closed(terms.sum(dim=1).mean(), target.photo_terms.sum())
        kept = likeness[_formed(photo)].mean().item()
        artifacts = artifact_loss(self.artifacts, picture, photo).mean().item()
        return Score(gap.item(), distance.mean().item(), kept, artifacts=artifacts)

    def missing(self, score: Score) -> float:
        """How far a score is from a perfect one. It is the gap left, plus what pictures lack of what they should keep
        of photos, plus artifacts."""
        if self.options.weight:
            lost = self.targets[0].gaps(torch.tensor(score.content_distance)).item() / self.options.weight
        else:
            lost = max(0.0, self.options.likeness - score.content_likeness)
        return 1 - score.style_gap_closed + lost + score.artifacts


class DistributionCriterion(GapCriterion):
    """The distances of distributions left, as shares of what photos have, plus the content distance, plus artifacts.

    Distributions are compared in three octaves of the picture, and those of its colours at a quarter of its size.
    """

    shifts: ClassVar[Shifts] = _SHIFTS[:1]  # Gram matrices are only scored

    def __init__(
        self, loss_network: SlimVGG | VGG16, paintings: Sequence[Painting], photos: Tensor, options: FitOptions, *,
        folds: bool,
    ) -> None:  # fmt: skip
        super().__init__(loss_network, paintings, photos, options, folds=folds)
        self.distribution = DistributionOptions()
        octaves = self.distribution.octaves
        maps = [painting_maps(loss_network, each.array, photos.device, octaves) for each in paintings]
        with torch.no_grad():
            seen = [painting_slices(each, self.distribution, _SEED) for each in maps]
            self.slices: Slices = {name: torch.stack([each[name] for each in seen]).mean(dim=0) for name in seen[0]}
            parts = [distribution_terms(self._slices(photo)[0], self.slices) for photo in photos.split(1)]
            self.photo_terms = torch.cat(parts).mean(dim=0)

    def _slices(self, picture: Tensor) -> tuple[Slices, Tensor]:
        """The distributions of pictures (N,3,H,W), and their content features (N,C,H',W')."""
        maps = seen_with_colors(self.loss_network, picture, self.distribution.octaves)
        return slices_of(maps, self.distribution, _SEED), maps[f"{CONTENT_LAYER}/1"]

    def loss(self, photo: Tensor, picture: Tensor, step: int) -> Tensor:
        """What is minimised in every step, a scalar; see :meth:`GapCriterion.loss`."""
        with torch.no_grad():
            content = self.loss_network(photo, [CONTENT_LAYER])[CONTENT_LAYER]
        slices, seen = self._slices(picture)
        left = (distribution_terms(slices, self.slices) / self.photo_terms).mean(dim=1)
        distance = content_loss(seen, content) / self.targets[0].another
        lost = self.options.content_weight * distance.where(_formed(photo), 0.0)
        return (left + lost + artifact_loss(self.artifacts, picture, photo)).mean()

    def score(self, photo: Tensor, picture: Tensor) -> Score:
        """See :meth:`GapCriterion.score`."""
        parts = [distribution_terms(self._slices(each)[0], self.slices) for each in picture.split(1)]
        closed = distribution_gap_closed(torch.cat(parts), self.photo_terms).mean().item()
        return replace(super().score(photo, picture), distribution_gap_closed=closed)

    def missing(self, score: Score) -> float:
        """The distances of distributions left, plus the content distance by its weight, plus artifacts."""
        assert score.distribution_gap_closed is not None
        lost = self.options.content_weight * score.content_distance
        return 1 - score.distribution_gap_closed + lost + score.artifacts


CRITERIA: dict[str, type[GapCriterion]] = {"gap": GapCriterion, "distribution": DistributionCriterion}
"""The objectives of a fit by their names in :class:`impasto.fitting.options.FitOptions`."""


def _formed(photo: Tensor) -> Tensor:
    """(N,) bool: which of the photos (N,3,H,W), RGB in [0,1], show anything."""
    return photo.std(dim=(2, 3)).mean(dim=1) > _EMPTY
