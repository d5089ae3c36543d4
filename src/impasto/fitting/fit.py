"""Fitting one row of γ and β, all convolutions frozen."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from impasto.data.crops import CropOptions, Crops
from impasto.fitting.options import ADD_STYLE, FitOptions
from impasto.losses.artifacts import artifact_loss, artifact_terms
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
from impasto.losses.targets import PhotoScores, style_views
from impasto.models.model import Model
from impasto.nn import StyleTransferNetwork
from impasto.nn.cin import trained_instance_norm
from impasto.nn.load import load_network
from impasto.nn.precision import autocast, fastest_precision
from impasto.nn.slim import SlimVGG
from impasto.nn.vgg import VGG16
from impasto.progress import Progress, silent, write
from impasto.styles.painting import Painting
from impasto.styles.style import Row

_SHIFTS = ((4,), (8,), (16,))
"""The shifts of the Gram matrices, in pixels. Each step takes the next of them; all at once would double its time."""
_EMPTY = 0.06
"""The standard deviation of a photo's colours, in [0,1], below which it has no forms that a picture could keep."""
_BETAS = (0.9, 0.99)
"""Adam's decay rates of the mean gradient and of the mean squared gradient."""
_WARMUP = 10
"""The number of steps in which the learning rate rises."""
_KEEP = 0.9
"""The share of itself that the mean of the rows keeps in each step."""
_CHECKED = 8
"""The number of crops that rows are scored on; rows are not fitted on them."""
_BETTER = 0.01
"""The share of what is missing by which a score must be better than the best one to count as a gain."""
_TIMED = 5
"""The number of steps after which it is known how long one step takes."""


@dataclass(frozen=True)
class Score:
    """How good a row is, on photos that it is not fitted on."""

    style_gap_closed: float
    content_distance: float
    content_likeness: float


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


def style_targets(loss_network: SlimVGG | VGG16, paintings: Sequence[Painting], photos: Tensor) -> list[StyleTarget]:
    """The target of each of the shifts, for ``paintings`` of one style and ``photos`` (N,3,H,W), RGB in [0,1]."""
    views = zip(*(style_views(loss_network, each.array, photos.device, _SHIFTS) for each in paintings), strict=True)
    return [StyleTarget(loss_network, seen, photos, shifts) for seen, shifts in zip(views, _SHIFTS, strict=True)]


class Fit:
    """The fitting of one row.

    Args:
        model: its network stays as it is.
        paintings: pictures of the style.
        photos: files to fit on.
        loss_network: what sees the pictures; it is converted to the fastest precision.
        options: how to fit.
        starts: rows (P,) to begin at; the fit begins at that one whose pictures are nearest to the style. Without any,
            these are the rows of the model's own styles.

    Attributes:
        row: (P,), the row that is being fitted.
        mean: (P,), the mean of the last rows.
        step: the number of steps taken so far.
        steps: the number of steps to take; less than in the options once it is known that time will run out.
        best: the best row so far, and its score.
    """

    def __init__(
        self, model: Model, paintings: Sequence[Painting], photos: Sequence[Path], loss_network: SlimVGG | VGG16,
        options: FitOptions = ADD_STYLE, starts: Sequence[Row] = (),
    ) -> None:  # fmt: skip
        self.options = options
        self.loss_network = loss_network
        self.artifacts = artifact_terms(
            blocks=options.blocks if model.info.fold > 1 else 0.0, raster=options.raster, specks=options.specks
        )
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.precision = fastest_precision(self.device)
        self.network: StyleTransferNetwork = load_network(model).to(self.device).requires_grad_(False)
        self.network.normalise = trained_instance_norm
        for module in (self.network, loss_network):
            module.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        noise = (0.0, 2 * model.info.input_noise)
        crops = CropOptions(crop=options.crop, least_scale=0.7, noise=noise, flat=options.flat)
        self.crops = Crops(list(photos), [0], crops)
        self.checked = self._pixels(range(_CHECKED))
        measured = torch.stack([self.crops.photo(number) for number in range(_CHECKED)]).to(self.device).float() / 255
        self.targets = style_targets(loss_network, paintings, measured.contiguous(memory_format=torch.channels_last))
        loss_network.to(self.precision)
        self.step, self.steps = 0, options.steps
        self._crop_ids = itertools.count(_CHECKED)
        rows = [torch.from_numpy(row).to(self.device) for row in starts]
        rows = rows or list(self.network.style(torch.arange(self.network.num_styles, device=self.device)))
        self._begin(self._nearest(rows) if len(rows) > 1 else rows[0])

    def _pixels(self, crop_ids: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Photos and network inputs (N,3,crop,crop), RGB in [0,1], channels last."""
        crops = [self.crops[crop_id] for crop_id in crop_ids]
        photo, noisy = (
            (torch.stack(part).to(self.device).float() / 255).contiguous(memory_format=torch.channels_last)
            for part in ([crop.photo for crop in crops], [crop.noisy for crop in crops])
        )
        return photo, noisy

    def render(self, noisy: Tensor, row: Tensor) -> Tensor:
        """Pictures of ``noisy`` photos (N,3,H,W), RGB in [0,1], in the style of ``row`` (P,): (N,3,H,W)."""
        with autocast(self.device, self.precision):
            return self.network.render(noisy, row.expand(len(noisy), -1)).float()

    def compare(self, photo: Tensor, picture: Tensor, target: StyleTarget) -> tuple[Tensor, Tensor, Tensor]:
        """Content distances (N,), content likenesses (N,) and style terms (N,L) of pictures of photos."""
        with torch.no_grad():
            content = self.loss_network(photo, [CONTENT_LAYER])[CONTENT_LAYER]
        seen = describe(self.loss_network, picture, target.shifts)
        distance = content_loss(seen.content, content) / target.another
        return distance, content_likeness(seen.content, content), style_terms(seen.grams, target.grams)

    def objective(self, photo: Tensor, noisy: Tensor, row: Tensor) -> Tensor:
        """What the next step minimises, a scalar: the style gap left, plus what is lost of the photos, plus artifacts.

        A weight that follows the likeness, as in training, would take hundreds of steps to settle.
        """
        target, picture = self.targets[self.step % len(self.targets)], self.render(noisy, row)
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

    @torch.no_grad()
    def _nearest(self, rows: Sequence[Tensor]) -> Tensor:
        """The one of ``rows``, each (P,), that has the lowest objective."""
        photo, noisy = (part[:2] for part in self.checked)
        return rows[int(torch.stack([self.objective(photo, noisy, row) for row in rows]).argmin())]

    def _begin(self, row: Tensor) -> None:
        self.row = row.clone().requires_grad_()
        self.mean = row.clone()
        self.optimizer = torch.optim.Adam([self.row], betas=_BETAS)
        self.waited = 0
        self.best = (row.clone(), self.score(row))

    @torch.no_grad()
    def score(self, row: Tensor) -> Score:
        """The score of ``row`` (P,)."""
        target = self.targets[0]
        photo, noisy = self.checked
        distance, likeness, terms = self.compare(photo, self.render(noisy, row), target)
        gap = style_gap_closed(terms.sum(dim=1).mean(), target.photo_terms.sum())
        return Score(gap.item(), distance.mean().item(), likeness[_formed(photo)].mean().item())

    def take_step(self) -> None:
        """Take one step of Adam on one batch."""
        crops = self._pixels([next(self._crop_ids) for _ in range(self.options.batch_size)])
        self.optimizer.zero_grad()
        self.objective(*crops, self.row).backward()
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate
        # One crop whose gradient overflows must not cost all that was fitted before.
        if self.row.grad is not None and torch.isfinite(self.row.grad).all():
            self.optimizer.step()
        self.mean.lerp_(self.row.detach(), 1 - min(_KEEP, self.step / (self.step + 10)))
        self.step += 1

    @property
    def rate(self) -> float:
        """The learning rate of the next step: rising at first, then falling along a cosine to the last step."""
        left = max(0.0, 1 - self.step / self.steps)
        return self.options.rate * min(1.0, (self.step + 1) / _WARMUP) * (0.5 - 0.5 * math.cos(math.pi * left))

    def check(self) -> bool:
        """Score the mean of the last rows, keep it if it is the best, and tell whether there is anything left to
        gain."""
        score = self.score(self.mean)
        if self.missing(score) < (1 - _BETTER) * self.missing(self.best[1]):
            self.best, self.waited = (self.mean.clone(), score), 0
            return True
        self.waited += 1
        return self.waited < self.options.patience

    def missing(self, score: Score) -> float:
        """How far a score is from a perfect one: the gap left, plus how much pictures lack of what they should keep of
        photos."""
        if self.options.weight:
            lost = self.targets[0].gaps(torch.tensor(score.content_distance)).item() / self.options.weight
        else:
            lost = max(0.0, self.options.likeness - score.content_likeness)
        return 1 - score.style_gap_closed + lost


def _formed(photo: Tensor) -> Tensor:
    """(N,) bool: which of the photos (N,3,H,W), RGB in [0,1], show anything."""
    return photo.std(dim=(2, 3)).mean(dim=1) > _EMPTY


def fit(fitting: Fit, *, progress: Progress = silent) -> None:
    """Call :func:`take_steps` and score the last row. Ctrl-C ends it early, and the best row stays."""
    try:
        take_steps(fitting, progress=progress)
    except KeyboardInterrupt:
        write("impasto: interrupted; this is the best so far")
    fitting.check()


def take_steps(
    fitting: Fit, *, to_the_end: bool = False, progress: Progress = silent, after: Callable[[], None] = lambda: None
) -> None:
    """Take the steps of ``fitting``, as many as there is time for.

    Args:
        fitting: it is changed.
        to_the_end: go on where nothing is gained any more.
        progress: is told the steps taken, the steps to take and the style gap closed.
        after: is called after each step.
    """
    options, began = fitting.options, time.monotonic()
    while fitting.step < fitting.steps:
        fitting.take_step()
        if fitting.step == _TIMED:
            each = (time.monotonic() - began) / _TIMED
            fitting.steps = max(_TIMED, int(min(fitting.steps, 60 * options.minutes / each)))
        if fitting.step % options.check_every == 0 and not fitting.check() and not to_the_end:
            break
        gap = 100 * fitting.best[1].style_gap_closed
        progress(fitting.step, fitting.steps, f"style gap closed {gap:.1f} %")
        after()
