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
from tqdm import tqdm

from impasto.data.crops import CropOptions, Crops
from impasto.losses.artifacts import blockiness, raster_energy, specks
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
from impasto.nn.precision import fastest_precision
from impasto.nn.slim import SlimVGG
from impasto.nn.vgg import VGG16
from impasto.styles.painting import Painting
from impasto.styles.style import Row

_SHIFTS = ((4,), (8,), (16,))
"""Of shifted Gram matrices, in turn: all of them in each step would double its time."""
_FLAT = 0.25
_EMPTY = 0.06
"""Standard deviation of colours in [0,1] below which a photo has no forms that a picture could keep."""
_LIKENESS = 0.44
_STEPS = 500
_EVENLY = 0.5
_RATE = 1e-1
_BETAS = (0.9, 0.99)
_WARMUP = 10
_KEEP = 0.9
"""Share that the mean of the rows keeps of itself each step."""
_CHECK_EVERY = 20
RASTER = 2.0
"""Weight of :func:`impasto.losses.artifacts.raster_energy`, in units of the gap."""
_BLOCKS = 1.0
_CHECKED = 8
_PATIENCE = 5
_BETTER = 0.01
_TIMED = 5
"""Steps after which it is known how long one takes."""


@dataclass(frozen=True)
class Score:
    """How a row does on photos that it is not fitted on."""

    style_gap_closed: float
    content_distance: float
    content_likeness: float


class _Target:
    """What a style's Gram matrices are, and what photos score on them."""

    def __init__(self, looks: SlimVGG | VGG16, seen: Sequence[Grams], photos: Tensor, shifts: tuple[int, ...]) -> None:
        self.shifts = shifts
        self.grams = {layer: torch.stack([grams[layer] for grams in seen]).mean(dim=0) for layer in seen[0]}
        scores = PhotoScores(looks, photos, shifts)
        self.photo_terms, self.another = scores.terms(self.grams), scores.another

    def gaps(self, distance: Tensor) -> Tensor:
        """Content distances as content losses in units of the style gap."""
        return distance * self.another / self.photo_terms.sum()


def _targets(looks: SlimVGG | VGG16, paintings: Sequence[Painting], photos: Tensor) -> list[_Target]:
    """A target for each of the shifts; of several paintings, their mean."""
    views = zip(*(style_views(looks, each.array, photos.device, _SHIFTS) for each in paintings), strict=True)
    return [_Target(looks, seen, photos, shifts) for seen, shifts in zip(views, _SHIFTS, strict=True)]


class Fit:
    """The fitting of one row.

    Args:
        model: whose network stays as it is.
        paintings: in the style.
        photos: files to fit on.
        looks: the loss network.
        likeness: the content likeness that pictures shall have.
        weight: times the style loss, next to the content loss, in place of a likeness: networks for any style are
            trained so (Ghiasi et al. 2017), and pictures of calm paintings stay nearer to their photos.
        crop: side of the crops, in pixels.
        batch_size: crops a step.
        steps: that it takes at most.
        rate: the highest learning rate.
        blocks: weight of :func:`impasto.losses.artifacts.blockiness`, in units of the gap; only where the
            network folds photos.
        raster: weight of :func:`impasto.losses.artifacts.raster_energy`, in units of the gap.
        specks: weight of :func:`impasto.losses.artifacts.specks`, in units of the gap.
        evenly: share of the gap in which all layers count the same; the rest is that of their sum, by which scores are.
        flat: share of crops that are a synthetic sky.
        starts: rows (P,) to begin at, the one of them with which pictures are nearest to the style; without any, the
            model's own.

    Attributes:
        row: (P,), the row that is being fitted.
        step: steps taken so far.
        best: the best row so far, and its score.
    """

    def __init__(
        self, model: Model, paintings: Sequence[Painting], photos: Sequence[Path], looks: SlimVGG | VGG16, *,
        likeness: float = _LIKENESS, crop: int = 160, batch_size: int = 2, steps: int = _STEPS, rate: float = _RATE,
        blocks: float = _BLOCKS, raster: float = RASTER, specks: float = 0.0, evenly: float = _EVENLY,
        weight: float | None = None, flat: float = _FLAT, starts: Sequence[Row] = (),
    ) -> None:  # fmt: skip
        self.looks = looks
        self.likeness = likeness
        self.batch_size = batch_size
        self.steps = steps
        self.rate = rate
        self.blocks = blocks if model.info.fold > 1 else 0.0
        self.raster = raster
        self.specks = specks
        self.weight = weight
        self.evenly = evenly
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.precision = fastest_precision(self.device)
        self.network: StyleTransferNetwork = load_network(model).to(self.device).requires_grad_(False)
        self.network.normalise = trained_instance_norm
        for module in (self.network, looks):
            module.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        noise = (0.0, 2 * model.info.input_noise)
        self.crops = Crops(list(photos), [0], CropOptions(crop=crop, least_scale=0.7, noise=noise, flat=flat))
        self.checked = self._crops(range(_CHECKED))
        measured = torch.stack([self.crops.photo(number) for number in range(_CHECKED)]).to(self.device).float() / 255
        self.targets = _targets(looks, paintings, measured.contiguous(memory_format=torch.channels_last))
        looks.to(self.precision)
        self.step = 0
        self._numbers = itertools.count(_CHECKED)
        rows = [torch.from_numpy(row).to(self.device) for row in starts]
        rows = rows or list(self.network.style(torch.arange(self.network.num_styles, device=self.device)))
        self._begin(self._nearest(rows) if len(rows) > 1 else rows[0])

    def _crops(self, numbers: Sequence[int] | range) -> tuple[Tensor, Tensor]:
        """Photos and network inputs (N,3,h,w) in [0,1], channels last."""
        parts = zip(*(self.crops[number][:2] for number in numbers), strict=True)
        photo, noisy = (
            (torch.stack(part).to(self.device).float() / 255).contiguous(memory_format=torch.channels_last)
            for part in parts
        )
        return photo, noisy

    def _render(self, noisy: Tensor, row: Tensor) -> Tensor:
        mixed = self.precision != torch.float32
        with torch.autocast(self.device.type, self.precision if mixed else None, enabled=mixed):
            return self.network.render(noisy, row.expand(len(noisy), -1)).float()

    def _see(self, photo: Tensor, picture: Tensor, target: _Target) -> tuple[Tensor, Tensor, Tensor]:
        """Content distances and likenesses (N,), style terms (N,L) of photos and what was painted of them."""
        with torch.no_grad():
            content = self.looks(photo, [CONTENT_LAYER])[CONTENT_LAYER]
        seen = describe(self.looks, picture, target.shifts)
        distance = content_loss(seen.content, content) / target.another
        return distance, content_likeness(seen.content, content), style_terms(seen.grams, target.grams)

    def _objective(self, photo: Tensor, noisy: Tensor, row: Tensor) -> Tensor:
        """The gap left, in part every layer's alike and in part in the sum that scores are of, the likeness lost, most
        of all what is below the one wanted, and rasters.

        A weight that follows the likeness, as in training, takes hundreds of steps to settle.
        """
        target, picture = self.targets[self.step % len(self.targets)], self._render(noisy, row)
        distance, likeness, terms = self._see(photo, picture, target)
        if self.weight:
            lost = target.gaps(distance) / self.weight
        else:
            # Photos without forms, synthetic skies, have nothing to lose.
            lost = likeness_lost(likeness.where(self._formed(photo), self.likeness), self.likeness)
        lost = lost + self._patterns(picture, photo)
        alike, summed = (terms / target.photo_terms).mean(), terms.sum(dim=1).mean() / target.photo_terms.sum()
        return summed.lerp(alike, self.evenly) + lost.mean()

    def _patterns(self, picture: Tensor, photo: Tensor) -> Tensor:
        """(N,), what style losses take for a painting's grain."""
        patterns = self.raster * raster_energy(picture, photo)
        if self.specks:
            patterns = patterns + self.specks * specks(picture, photo)
        return patterns + self.blocks * blockiness(picture) if self.blocks else patterns

    @staticmethod
    def _formed(photo: Tensor) -> Tensor:
        """(N,), which of photos (N,3,h,w) show anything."""
        return photo.std(dim=(2, 3)).mean(dim=1) > _EMPTY

    @torch.no_grad()
    def _nearest(self, rows: Sequence[Tensor]) -> Tensor:
        """That of ``rows``, each (P,), whose pictures are nearest to the style, all in all."""
        photo, noisy = (part[:2] for part in self.checked)
        return rows[int(torch.stack([self._objective(photo, noisy, row) for row in rows]).argmin())]

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
        distance, likeness, terms = self._see(photo, self._render(noisy, row), target)
        gap = style_gap_closed(terms.sum(dim=1).mean(), target.photo_terms.sum())
        return Score(gap.item(), distance.mean().item(), likeness[self._formed(photo)].mean().item())

    def take_step(self) -> None:
        """One step of Adam on one batch."""
        crops = self._crops([next(self._numbers) for _ in range(self.batch_size)])
        self.optimizer.zero_grad()
        self._objective(*crops, self.row).backward()
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate()
        # One crop whose gradient overflows must not cost all that was fitted before.
        if self.row.grad is not None and torch.isfinite(self.row.grad).all():
            self.optimizer.step()
        self.mean.lerp_(self.row.detach(), 1 - min(_KEEP, self.step / (self.step + 10)))
        self.step += 1

    def _rate(self) -> float:
        """The learning rate: rising, then falling along a cosine to the last step."""
        left = max(0.0, 1 - self.step / self.steps)
        return self.rate * min(1.0, (self.step + 1) / _WARMUP) * (0.5 - 0.5 * math.cos(math.pi * left))

    def check(self) -> bool:
        """Score the mean of the last rows, and tell whether there is anything left to gain."""
        score = self.score(self.mean)
        if self._miss(score) < (1 - _BETTER) * self._miss(self.best[1]):
            self.best, self.waited = (self.mean.clone(), score), 0
            return True
        self.waited += 1
        return self.waited < _PATIENCE

    def _miss(self, score: Score) -> float:
        """What is still missing: the gap left, and how far pictures are from what they shall keep of photos."""
        if self.weight:
            kept = self.targets[0].gaps(torch.tensor(score.content_distance)).item() / self.weight
        else:
            kept = max(0.0, self.likeness - score.content_likeness)
        return 1 - score.style_gap_closed + kept


def fit(fitting: Fit, *, seconds: float = math.inf, show: bool = False) -> None:
    """:func:`take_steps`; Ctrl-C ends it early, and the best row stays."""
    try:
        take_steps(fitting, seconds=seconds, show=show)
    except KeyboardInterrupt:
        tqdm.write("impasto: interrupted; this is the best so far")
    fitting.check()


def take_steps(
    fitting: Fit, *, seconds: float = math.inf, to_the_end: bool = False, show: bool = False,
    after: Callable[[], None] = lambda: None,
) -> None:  # fmt: skip
    """Take the steps of ``fitting``, fewer where they would take more than ``seconds``, or where nothing is gained any
    more unless they are to be taken ``to_the_end``; ``after`` is called after each."""
    began = time.monotonic()
    with tqdm(total=fitting.steps, unit="step", disable=None if show else True) as bar:
        while fitting.step < fitting.steps:
            fitting.take_step()
            bar.update()
            if fitting.step == _TIMED:
                each = (time.monotonic() - began) / _TIMED
                bar.total = fitting.steps = max(_TIMED, int(min(fitting.steps, seconds / each)))
            if fitting.step % _CHECK_EVERY == 0 and not fitting.check() and not to_the_end:
                break
            bar.set_postfix_str(f"style gap closed {100 * fitting.best[1].style_gap_closed:.1f} %")
            after()
