"""One picture, optimised until it has a style: the method that networks stand in for (Gatys, Ecker & Bethge 2016)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from impasto.images.arrays import Array, to_array, to_pixels
from impasto.losses.perceptual import content_loss, describe, style_gap_closed, style_loss
from impasto.losses.targets import style_grams
from impasto.nn.vgg import VGG16
from impasto.progress import Progress, silent, write

_HISTORY = 20
"""The number of past steps from which L-BFGS estimates the curvature."""


@dataclass(frozen=True)
class Optimized:
    """The result of an optimisation.

    Attributes:
        picture: (H,W,3) uint8, the best picture.
        objective: content loss plus ``weight`` times style loss, after each evaluation.
        style_gap_closed: how much of the style gap the picture closes; 1 is all of it.
        interrupted: whether Ctrl-C ended it early.
    """

    picture: Array
    objective: list[float]
    style_gap_closed: float
    interrupted: bool


class PixelTarget:
    """The objective of one photo and one style image, as a function of a picture.

    Args:
        vgg: what sees the pictures.
        photo: (1,3,H,W), RGB in [0,1].
        style_image: RGB.
        weight: the style loss is multiplied by it.
    """

    def __init__(self, vgg: VGG16, photo: Tensor, style_image: Array, weight: float) -> None:
        self.vgg = vgg
        self.weight = weight
        self.grams = style_grams(vgg, style_image, photo.device)
        with torch.no_grad():
            seen = describe(vgg, photo)
            self.content = seen.content
            self.photo_loss = style_loss(seen.grams, self.grams)

    def __call__(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """Objective and style loss of ``picture`` (1,3,H,W), RGB in [0,1]."""
        seen = describe(self.vgg, picture)
        style = style_loss(seen.grams, self.grams)
        return (content_loss(seen.content, self.content) + self.weight * style).sum(), style


def optimize(
    photo: Array, style_image: Array, vgg: VGG16, *, weight: float = 1.0, steps: int = 300,
    progress: Progress = silent,
) -> Optimized:  # fmt: skip
    """Optimise the photo's pixels by L-BFGS. Ctrl-C ends it early, with the best picture so far.

    Args:
        photo: (H,W,3) uint8, at least 8 × 8; the optimisation begins with it.
        style_image: (H,W,3) uint8, at the size at which its strokes are as large as they should be in the picture.
        vgg: the loss network; see :mod:`impasto.losses.perceptual`.
        weight: the style loss is multiplied by it.
        steps: the number of evaluations of the objective and its gradient.
        progress: is told the evaluations done, ``steps`` and the style gap closed.
    """
    pixels = torch.from_numpy(to_pixels(photo))
    target = PixelTarget(vgg, pixels, style_image, weight)
    picture = pixels.clone().requires_grad_()
    optimizer = torch.optim.LBFGS(
        [picture], max_iter=steps, max_eval=steps, history_size=_HISTORY, line_search_fn="strong_wolfe",
        tolerance_grad=0, tolerance_change=0,
    )  # fmt: skip
    history: list[float] = []
    best = pixels

    def closure() -> Tensor:
        nonlocal best
        optimizer.zero_grad()
        objective, style = target(picture.clamp(0, 1))
        objective.backward()
        if objective.item() <= min(history, default=float("inf")):
            best = picture.detach().clamp(0, 1)
        history.append(objective.item())
        gap = 100 * style_gap_closed(style, target.photo_loss).item()
        progress(len(history), steps, f"style gap closed {gap:.1f} %")
        return objective

    interrupted = False
    try:
        optimizer.step(closure)
    except KeyboardInterrupt:
        interrupted = True
        write("impasto: interrupted; this is the best picture so far")
    with torch.no_grad():
        gap = style_gap_closed(target(best)[1], target.photo_loss).item()
    return Optimized(to_array(best.numpy()), history, gap, interrupted)
