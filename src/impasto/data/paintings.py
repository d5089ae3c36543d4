"""Paintings to learn from without naming them: what the predictor reads styles off."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, ImageEnhance, ImageOps
from torch import Tensor
from torch.utils.data import Dataset

from impasto.data.synthetic import ramp
from impasto.errors import ImpastoError
from impasto.styles.painting import PREDICTED_SIDE, read_painting

logger = logging.getLogger(__name__)

LEAST_PART = 0.6
"""The side of the smallest part, as a share of the painting's shorter side."""
DARKEST = 0.1
"""The standard deviation of grey levels, in [0,1], below which a part shows too little to be a style."""
SEAM = (0.3, 0.7)
"""The least and the largest share of the way across the picture at which two parts meet."""


class Part(NamedTuple):
    """A square part of a painting."""

    picture: Tensor
    """(3,256,256) uint8, RGB."""
    painting: int
    """The painting's index among all paintings of all folders."""


class Paintings(Dataset[Part]):
    """Endless parts of paintings by number.

    Each folder is drawn from as often as the others. Colours vary, so that there are more styles than paintings. Part
    number ``i`` depends on the seed and ``i`` alone.

    Args:
        folders: the files of each folder.
        seed: the seed of the run.
        mixed: the share of parts that are mixed with another part. One half of them get the colours of the other
            (:func:`in_colors_of`); one half stand side by side with it.
    """

    def __init__(self, folders: Sequence[Sequence[Path]], seed: int, mixed: float = 0.0) -> None:
        self.folders = folders
        self.seed = seed
        self.mixed = mixed
        self.first = np.cumsum([0, *map(len, folders)])

    @property
    def count(self) -> int:
        """How many paintings there are."""
        return int(self.first[-1])

    def __getitem__(self, number: int) -> Part:
        rng = np.random.default_rng((self.seed, number, 0xA27))
        part, painting = self._draw(rng)
        if self.mixed and rng.random() < self.mixed:
            part = _mixed(part, self._draw(rng)[0], rng)
        return Part(part, painting)

    def _draw(self, rng: np.random.Generator) -> tuple[Tensor, int]:
        """A part of a painting, and the painting's index. If the painting cannot be read, the next one in its folder is
        taken."""
        folder = int(rng.integers(len(self.folders)))
        paintings = self.folders[folder]
        drawn = int(rng.integers(len(paintings)))
        for index in (*range(drawn, len(paintings)), *range(drawn)):
            try:
                part = random_part(Image.fromarray(read_painting(paintings[index], most=None).array), rng)
            except ImpastoError as error:
                logger.warning("painting %s; left out", error)
            else:
                return torch.from_numpy(varied(part, rng).transpose(2, 0, 1).copy()), int(self.first[folder] + index)
        raise ImpastoError(f"{paintings[0].parent}: none of the paintings can be read")


def _mixed(part: Tensor, other: Tensor, rng: np.random.Generator) -> Tensor:
    """Join two parts (3,H,W) uint8: one in the colours of the other, or both side by side."""
    if rng.random() < 0.5:
        return in_colors_of(part[None].float(), other[None].float())[0].round().clamp(0, 255).to(torch.uint8)
    return torch.where(torch.from_numpy(ramp(rng, part.shape[1])) < rng.uniform(*SEAM), part, other)


def in_colors_of(part: Tensor, other: Tensor) -> Tensor:
    """Parts with the mean and the covariance of the colours of others: two (N,3,H,W) -> (N,3,H,W), unclipped.

    Of all linear maps that do so, the one that moves colours least (Monge-Kantorovich; Pitié & Kokaram, *The linear
    Monge-Kantorovitch linear colour mapping for example-based colour transfer*, CVMP 2007).
    """
    (mean, spread), (its_mean, its_spread) = _colors(part), _colors(other)
    root = _power(spread, 0.5)
    back = _power(spread, -0.5)
    map_ = back @ _power(root @ its_spread @ root, 0.5) @ back
    return (map_ @ (part.flatten(2) - mean) + its_mean).unflatten(2, part.shape[2:])


def _colors(part: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (N,3,1) and covariance (N,3,3), plus the identity so that it can be inverted, of colours in 0..255."""
    pixels = part.flatten(2)
    mean = pixels.mean(dim=2, keepdim=True)
    apart = pixels - mean
    return mean, apart @ apart.transpose(1, 2) / pixels.shape[2] + torch.eye(3, device=part.device)


def _power(matrix: Tensor, exponent: float) -> Tensor:
    """Raise symmetric positive matrices (N,3,3) to a power."""
    values, vectors = torch.linalg.eigh(matrix)
    return (vectors * values.clamp_min(1e-3).pow(exponent)[:, None]) @ vectors.transpose(1, 2)


def random_part(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A random square of an image, scaled to 256 × 256. Up to four are tried, until one has contrast."""
    for _ in range(4):
        side = max(1, round(min(image.size) * np.exp(rng.uniform(np.log(LEAST_PART), 0))))
        left, top = (rng.integers(0, length - side + 1) for length in image.size)
        box = (left, top, left + side, top + side)
        part = image.resize((PREDICTED_SIDE, PREDICTED_SIDE), Image.Resampling.BICUBIC, box=box)
        if np.asarray(part.convert("L")).std() > 255 * DARKEST:
            break
    return part


def varied(part: Image.Image, rng: np.random.Generator) -> np.ndarray:
    """The part in other colours, in half of the cases, and mirrored in half of them: (H,W,3) uint8."""
    if rng.random() < 0.5:
        part = ImageOps.mirror(part)
    if rng.random() < 0.5:
        for enhance in (ImageEnhance.Color, ImageEnhance.Brightness, ImageEnhance.Contrast):
            part = enhance(part).enhance(float(rng.uniform(0.6, 1.5)))
        hue, *others = part.convert("HSV").split()
        turn = int(rng.integers(256))
        part = Image.merge("HSV", (hue.point(lambda value: (value + turn) % 256), *others)).convert("RGB")
    return np.asarray(part)
