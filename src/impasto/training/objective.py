"""The training objectives: pictures and the batch that they were painted from in, losses out."""

from __future__ import annotations

import abc
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from impasto.data.batch import Batch, Named, Predicted
from impasto.losses.artifacts import artifact_loss, artifact_terms
from impasto.losses.distribution import Slices
from impasto.losses.gram import Grams
from impasto.losses.perceptual import (
    CONTENT_LAYER,
    Description,
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
"""By how much the logarithm of a style's factor changes, for each picture and each unit of content likeness."""
_LIKENESS = 0.44
"""The content likeness of pictures in predicted styles, if the recipe names none."""
_EMPTY = 0.1
"""The share of the usual contrast of content features below which a photo has no forms that a picture could keep."""
_PIXEL_WEIGHT = 100.0
"""The weight of the identity style's squared error of pixels, on the 0..255 scale."""
GAP = 20.0
"""The weight of the style gap where it is minimised, in units of the content distance. Artifacts weigh the same
whatever the objective."""


@dataclass(frozen=True)
class Losses:
    """The losses of each of N pictures, without the weights of styles, and what is minimised. Each is (N,)."""

    content: Tensor
    likeness: Tensor
    """Content likeness; NaN where a photo has no forms."""
    style: Tensor
    photo: Tensor
    """The style loss of untouched photos on the same style: the loss at which no gap is closed."""
    objective: Tensor


@dataclass(frozen=True)
class Styles:
    """The styles that N pictures should have."""

    grams: Grams
    """Layer -> (N,C,C)."""
    weights: Tensor
    """(N,L), the weights of the style loss by layer."""
    photo: Tensor
    """(N,), the style loss of untouched photos."""
    likeness: Tensor
    """(N,), the content likeness that pictures should have; NaN where none is wanted."""
    slices: Slices = field(default_factory=dict)
    """Name -> (N,P,Q), the distributions of the paintings, where they are compared."""


@dataclass(frozen=True)
class Compared:
    """What N pictures have of their photos and their styles. Each is (N,)."""

    content: Tensor
    """Content loss."""
    likeness: Tensor
    """Content likeness; NaN where a photo has no forms."""
    style: Tensor
    """Style loss, by the weights of the style."""
    wanted: Tensor
    """The content likeness that the picture should have."""


class Objective(abc.ABC):
    """What all objectives share: the targets, what photos score on them, the identity style and the artifacts.

    Args:
        loss_network: what sees the pictures.
        recipe: slots, and the weights of their losses.
        grams: slot -> the Gram matrices of its style image (:func:`impasto.losses.targets.style_grams`) with
            ``shifts``.
        photos: (N,3,H,W), RGB in [0,1], by which losses are measured.
        paintings: how many paintings there are without a slot.
        shifts: of the Gram matrices, in pixels; see :func:`impasto.losses.perceptual.describe`.

    Attributes:
        targets: layer -> (S,C,C), a row for each slot; zeros for slots that no style names.
        scores: what photos score on any style.
        photo_loss: (S,), what photos score on each slot's style: the loss at which no gap is closed.
        another: the content loss of one photo against another, the unit of the content distance.
        likeness: (S,), the content likeness that pictures should have; NaN where none is wanted.
    """

    def __init__(
        self, loss_network: LossNetwork, recipe: Recipe, grams: Mapping[int, Grams], photos: Tensor,
        paintings: int = 0, shifts: Sequence[int] = (),
    ) -> None:  # fmt: skip
        options, device = recipe.training, photos.device
        self.options = options
        self.loss_network = loss_network
        self.shifts = shifts
        self.scores = PhotoScores(loss_network, photos, self.shifts)
        self.another = self.scores.another
        self.targets = _by_slot(grams, recipe.slots)
        self.likeness = torch.full((recipe.slots,), math.nan, device=device)
        entries = torch.zeros(recipe.slots, device=device)
        for entry in recipe.styles:
            if entry.image:
                entries[entry.slot] = entry.weight
                self.likeness[entry.slot] = entry.likeness or options.likeness or math.nan
        self.photo_loss = torch.ones(recipe.slots, device=device)
        self._fixed = entries[:, None].repeat(1, len(self.targets))
        named = torch.nonzero(entries).flatten()
        terms = self.scores.terms(self._of(named))
        self.photo_loss[named] = terms.sum(dim=1)
        self._fixed[named] *= self._balance(terms)
        self.identity = recipe.identity
        self._pixels = _PIXEL_WEIGHT * next((entry.weight for entry in recipe.styles if not entry.image), 1.0)
        self.artifacts = artifact_terms(
            grid=options.grid, blocks=options.blocks, cells=options.cells, raster=options.raster, specks=options.specks
        )
        predictor = recipe.predictor
        self._predicted_likeness = (predictor and predictor.likeness) or options.likeness or _LIKENESS
        self._predicted_weight = predictor and predictor.weight
        self._predicted_evenly = predictor.evenly if predictor else 0.0

    @abc.abstractmethod
    def _balance(self, terms: Tensor) -> Tensor:
        """Factors (K,L) for the weights of K named styles, given what photos score on them, ``terms`` (K,L)."""

    @abc.abstractmethod
    def _painting_weights(self, terms: Tensor, index: Tensor) -> Tensor:
        """Weights (M,L) of paintings ``index`` (M,), given what photos score on them, ``terms`` (M,L)."""

    @abc.abstractmethod
    def _of_named(self, compared: Compared) -> Tensor:
        """What is minimised for pictures in styles of the table, (N,), without artifacts."""

    def _of_predicted(self, compared: Compared) -> Tensor:
        """What is minimised for pictures in predicted styles, (M,), without artifacts."""
        # With a weight in the recipe, the objective is that of Ghiasi et al. 2017, whatever that of named styles is.
        return _content_and_style(compared) if self._predicted_weight else self._of_named(compared)

    @property
    def weights(self) -> Tensor:
        """(S,L), the weights of the style loss of each slot and layer."""
        return self._fixed

    @property
    def state(self) -> dict[str, Tensor]:
        """The tensors that training changes, by name."""
        return {}

    def share(self, state: Mapping[str, Tensor]) -> None:  # noqa: B027  # without a state there is nothing to do
        """Use the ``state`` of another objective of the same class, and change it with that one."""

    def adapt(self, slot: Tensor, likeness: Tensor) -> None:  # noqa: B027
        """Learn from the content likeness (N,) of pictures in the styles of slots (N,); NaN tells nothing."""

    def adapt_predicted(self, index: Tensor, likeness: Tensor) -> None:  # noqa: B027
        """Learn from the content likeness (M,) of pictures in the styles of paintings ``index`` (M,)."""

    def __call__(self, picture: Tensor, batch: Batch, taught: Tensor | None = None) -> Losses:
        """The losses of pictures.

        Args:
            picture: (N,3,H,W), RGB in [0,1].
            batch: what they were painted from, as pixels, too.
            taught: (N,3,H,W), RGB in [0,1], what a teacher painted from it. It takes the photos' place in the content
                loss.
        """
        photo = batch.photo
        with torch.no_grad():
            target = self.loss_network(photo if taught is None else taught, [CONTENT_LAYER])[CONTENT_LAYER]
        seen, slices = self._see(picture)
        styles = self._styles(batch)
        terms = style_terms(seen.grams, styles.grams)
        content, likeness = content_loss(seen.content, target), self._likeness(seen.content, target)
        compared = (content, likeness, self._style_left(terms, slices, styles), styles.likeness)
        named, predicted = (Compared(*half) for half in zip(*map(batch.halves, compared), strict=True))
        objective = self._of_named(named)
        if batch.predicted:
            objective = torch.cat([objective, self._of_predicted(predicted)])
        objective = objective + artifact_loss(self.artifacts, picture, photo)
        objective = self._with_identity(objective, picture, content, batch)
        return Losses(content.detach(), likeness.detach(), terms.sum(dim=1).detach(), styles.photo, objective)

    def _see(self, picture: Tensor) -> tuple[Description, Slices]:
        """What the loss network sees in pictures (N,3,H,W), and their distributions where they are compared."""
        return describe(self.loss_network, picture, self.shifts), {}

    def _style_left(self, terms: Tensor, slices: Slices, styles: Styles) -> Tensor:
        """How far pictures are from their styles, (N,), given their style terms (N,L) and their distributions."""
        return (styles.weights * terms).sum(dim=1)

    def _with_identity(self, objective: Tensor, picture: Tensor, content: Tensor, batch: Batch) -> Tensor:
        """The objective (N,), for pictures in the identity style replaced by content loss plus squared error."""
        if self.identity is None:
            return objective
        (named, predicted), slot = batch.halves(objective), batch.named.slot
        error = (255 * (batch.halves(picture)[0] - batch.named.photo)).square().mean(dim=(1, 2, 3))
        same = batch.halves(content)[0] + self._pixels * error
        return torch.cat([torch.where(slot == self.identity, same, named), predicted])

    def _likeness(self, content: Tensor, target: Tensor) -> Tensor:
        """The content likeness (N,) of pictures, NaN where the photo has no forms, given content features (N,C,H,W) of
        pictures and of photos."""
        contrast = target.float().var(dim=(2, 3)).mean(dim=1)
        return torch.where(contrast > _EMPTY * self.another / 2, content_likeness(content, target), math.nan)

    def _styles(self, batch: Batch) -> Styles:
        """The styles of both halves."""
        named = self._named_styles(batch.named)
        if batch.predicted is None:
            return named
        predicted = self._predicted_styles(batch.predicted)
        return Styles(
            {layer: torch.cat([gram, predicted.grams[layer]]) for layer, gram in named.grams.items()},
            torch.cat([named.weights, predicted.weights]),
            torch.cat([named.photo, predicted.photo]),
            torch.cat([named.likeness, predicted.likeness]),
            {name: torch.cat([slices, predicted.slices[name]]) for name, slices in named.slices.items()},
        )

    def _named_styles(self, half: Named) -> Styles:
        slot = half.slot
        return Styles(self._of(slot), self.weights[slot], self.photo_loss[slot], self.likeness[slot])

    @torch.no_grad()
    def _predicted_styles(self, half: Predicted) -> Styles:
        """The styles of the parts of paintings, which the loss network sees anew in each step."""
        seen, slices = self._see(half.parts)
        terms = self.scores.terms(seen.grams)
        photo = terms.sum(dim=1)
        if self._predicted_weight:
            weights = self._predicted_weight * gap_weights(terms, self._predicted_evenly) * photo[:, None]
        else:
            weights = self._painting_weights(terms, half.index)
        return Styles(seen.grams, weights, photo, torch.full_like(photo, self._predicted_likeness), slices)

    def _of(self, slot: Tensor) -> Grams:
        """The Gram matrices of slots (N,): layer -> (N,C,C)."""
        return {layer: gram[slot] for layer, gram in self.targets.items()}


class ContentObjective(Objective):
    """Content loss plus weighted style loss, as in the paper.

    A style's weight has a factor that follows the content likeness of its pictures, if the recipe wants one.

    Attributes:
        factors: (S,), the factors of the slots.
        paintings: the factors of paintings without a slot.
    """

    def __init__(
        self, loss_network: LossNetwork, recipe: Recipe, grams: Mapping[int, Grams], photos: Tensor,
        paintings: int = 0, shifts: Sequence[int] = (),
    ) -> None:  # fmt: skip
        super().__init__(loss_network, recipe, grams, photos, paintings, shifts)
        self.factors = torch.ones(recipe.slots, device=photos.device)
        self.paintings = PaintingFactors(self.scores, self._predicted_likeness, paintings)

    @torch.no_grad()
    def _balance(self, terms: Tensor) -> Tensor:
        """Even the weights out by what photos score on each style.

        A style's weight is divided by (its photo loss / the median photo loss) ** ``balance``. A layer's is divided by
        (its term of the photo loss) ** ``layer_balance``, and those of a style are scaled so that its photo loss stays.
        """
        photo, even = terms.sum(dim=1), terms ** (1 - self.options.layer_balance)
        shares = even / even.sum(dim=1, keepdim=True) * terms.sum(dim=1, keepdim=True) / terms
        return shares / (photo / photo.median())[:, None] ** self.options.balance

    def _painting_weights(self, terms: Tensor, index: Tensor) -> Tensor:
        return self.paintings.weights(terms, index)

    def _of_named(self, compared: Compared) -> Tensor:
        return _content_and_style(compared)

    @property
    def weights(self) -> Tensor:
        return self.factors[:, None] * self._fixed

    @property
    def state(self) -> dict[str, Tensor]:
        return {"factors": self.factors, "paintings": self.paintings.logs}

    def share(self, state: Mapping[str, Tensor]) -> None:
        self.factors, self.paintings.logs = state["factors"], state["paintings"]

    @torch.no_grad()
    def adapt(self, slot: Tensor, likeness: Tensor) -> None:
        """Move the factors of the styles: up where pictures are more like their photos than they should be, down where
        they are less."""
        closer = (likeness - self.likeness[slot]).nan_to_num()
        self.factors *= torch.exp(torch.zeros_like(self.likeness).index_add(0, slot, _RATE * closer))

    def adapt_predicted(self, index: Tensor, likeness: Tensor) -> None:
        """Move the factors of the paintings likewise."""
        self.paintings.adapt(index, likeness)


class GapObjective(Objective):
    """The share of the style gap that is left, plus what is lost of the content likeness
    (:func:`impasto.losses.perceptual.likeness_lost`), in units of the content loss.

    Every style's gap counts the same, so that no factors have to follow the likeness.
    """

    @torch.no_grad()
    def _balance(self, terms: Tensor) -> Tensor:
        return gap_weights(terms, self.options.evenly)

    def _painting_weights(self, terms: Tensor, index: Tensor) -> Tensor:
        return gap_weights(terms, self.options.evenly)

    def _of_named(self, compared: Compared) -> Tensor:
        # Photos without forms have nothing to lose.
        likeness = compared.likeness.where(compared.likeness.isfinite(), compared.wanted)
        return GAP * self.another * (compared.style + likeness_lost(likeness, compared.wanted))


def _content_and_style(compared: Compared) -> Tensor:
    return compared.content + compared.style


def _by_slot(grams: Mapping[int, Grams], slots: int) -> Grams:
    """Layer -> (S,C,C), from the Gram matrices (1,C,C) of some slots; zeros for the others."""
    first = next(iter(grams.values()))
    return {
        layer: torch.cat([grams[slot][layer] if slot in grams else torch.zeros_like(gram) for slot in range(slots)])
        for layer, gram in first.items()
    }
