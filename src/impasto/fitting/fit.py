"""Fitting one row of γ and β, all convolutions frozen."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from impasto.data.crops import CropOptions, Crops
from impasto.fitting.contrast import contrasted
from impasto.fitting.criteria import CRITERIA, Score
from impasto.fitting.options import ADD_STYLE, FitOptions
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

_BETAS = (0.9, 0.99)
"""Adam's decay rates of the mean gradient and of the mean squared gradient."""
_WARMUP = 10
"""The number of steps in which the learning rate rises."""
_KEEP = 0.9
"""The share of itself that the mean of the rows keeps in each step."""
_CHECKED = 8
"""The number of crops that rows are scored on; rows are not fitted on them."""
_CONTRASTED = 4
"""The number of crops on which the contrast of a row is set."""
_BETTER = 0.01
"""The share of what is missing by which a score must be better than the best one to count as a gain."""
_TIMED = 5
"""The number of steps after which it is known how long one step takes."""


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
        paintings: the pictures of the style, (H,W,3) uint8.
        criterion: what is minimised, and by what rows are scored.
        row: (P,), the row that is being fitted.
        mean: (P,), the mean of the last rows.
        step: the number of steps taken so far.
        steps: the number of steps to take; less than in the options once it is known that time will run out.
        begun: the score of the row that the fit began at.
        best: the best row so far, and its score.
    """

    def __init__(
        self, model: Model, paintings: Sequence[Painting], photos: Sequence[Path], loss_network: SlimVGG | VGG16,
        options: FitOptions = ADD_STYLE, starts: Sequence[Row] = (),
    ) -> None:  # fmt: skip
        self.options = options
        self.paintings = [painting.array for painting in paintings]
        self.loss_network = loss_network
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
        measured = measured.contiguous(memory_format=torch.channels_last)
        kind = CRITERIA[options.objective]
        self.criterion = kind(loss_network, paintings, measured, options, folds=model.info.fold > 1)
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

    def objective(self, photo: Tensor, noisy: Tensor, row: Tensor) -> Tensor:
        """What the next step minimises, a scalar, for photos and network inputs (N,3,H,W) and a row (P,)."""
        return self.criterion.loss(photo, self.render(noisy, row), self.step)

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
        self.begun = self.score(row)
        self.best = (row.clone(), self.begun)

    @torch.no_grad()
    def score(self, row: Tensor) -> Score:
        """The score of ``row`` (P,)."""
        photo, noisy = self.checked
        return self.criterion.score(photo, self.render(noisy, row))

    def contrasted(self, row: Tensor) -> Tensor:
        """``row`` (P,) with the contrast of the paintings; see :func:`impasto.fitting.contrast.contrasted`.

        A fit by the losses of the paper minimises nothing else, so its rows stay as they are.
        """
        if self.options.objective == "gap":
            return row
        photos = [self.crops.photo(number).permute(1, 2, 0).numpy() for number in range(_CONTRASTED)]
        maps = self.network.norms[-1].num_features
        return contrasted(self.render, row, maps, self.paintings, photos)

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
        if self.criterion.missing(score) < (1 - _BETTER) * self.criterion.missing(self.best[1]):
            self.best, self.waited = (self.mean.clone(), score), 0
            return True
        self.waited += 1
        return self.waited < self.options.patience


def fit(fitting: Fit, *, progress: Progress = silent) -> None:
    """Call :func:`take_steps`, score the last row, and set the contrast of the best one.

    Ctrl-C ends it early, and the best row stays. The contrast is left where that would make the row worse than the one
    that the fit began at.
    """
    try:
        take_steps(fitting, progress=progress)
    except KeyboardInterrupt:
        write("impasto: interrupted; this is the best so far")
    fitting.check()
    if fitting.best[1] is fitting.begun:
        return
    row = fitting.contrasted(fitting.best[0])
    score = fitting.score(row)
    if fitting.criterion.missing(score) < fitting.criterion.missing(fitting.begun):
        fitting.best = (row, score)


def take_steps(
    fitting: Fit, *, to_the_end: bool = False, progress: Progress = silent, after: Callable[[], None] = lambda: None
) -> None:
    """Take the steps of ``fitting``, as many as there is time for.

    Args:
        fitting: it is changed.
        to_the_end: go on where nothing is gained any more.
        progress: is told the steps taken, the steps to take and how near the best row is.
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
        progress(fitting.step, fitting.steps, f"{100 * fitting.best[1].closed:.0f} % of the way to the painting")
        after()
