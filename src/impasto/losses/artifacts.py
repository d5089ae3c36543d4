"""Losses on artifacts of style transfer networks: checkerboards, blocks of 2 × 2 pixels, periodic artifacts, speckle.

Style losses do not prevent them, because a picture with an artifact can have the same Gram matrices as the painting.
All measures take pictures in [0,1] and count in grey levels, on the 0..255 scale.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

ArtifactLoss = Callable[[Tensor, Tensor], Tensor]
"""Pictures (N,3,H,W) and their photos (N,3,H,W), RGB in [0,1] -> (N,)."""

GRID_CELL = 8
"""The side of a cell, in pixels, in which :func:`grid_pattern` looks for a checkerboard. It spans two places of the
maps in residual blocks, which are 4 pixels apart."""
_CELLS = 8
"""The side of the window over which cells are averaged, in cells."""
GRID_SIDE = GRID_CELL * _CELLS
"""The side of the smallest picture in which :func:`grid_pattern` looks, in pixels. Sides are multiples of a cell's."""
_INVISIBLE = 1e-2
"""A squared difference of neighbouring pixels that nobody sees, on the 0..255 scale. It is added to the denominator in
:func:`blockiness`, so that a picture of one colour has no blocks."""
_AXES = ((1 / 3, 1 / 3, 1 / 3), (1.0, -1.0, 0.0), (-0.5, -0.5, 1.0))
"""Light and two axes of colour, in RGB."""
_CHECKERS = 1 / 8
"""The share of checkerboards in the differences of neighbouring pixels that photos have."""
_NEAREST, _FARTHEST = 4, 32
"""The shortest and the longest period of a periodic artifact that :func:`raster_energy` looks for, in pixels."""
_ACROSS = 0.42
"""Two directions count as different when the sine of the angle between them is larger than this (25 degrees)."""
_CHANCE = 0.06
"""Autocorrelations up to this value occur by chance, without any periodic artifact."""
_SMOOTH = 1.0
"""A photo is smooth where its pixels are less than this far from their blur, in grey levels in the mean."""
_ENOUGH = 0.25
"""A photo is judged only if at least this share of it is smooth."""
_GRAIN = 18.0
"""The grain of a painting moves pixels at most this far from the mean around them, in grey levels; speckle moves them
farther."""


def grid_pattern(image: Tensor) -> Tensor:
    """How strong a checkerboard is in a picture: a pattern whose period follows from the strides of the network.

    Networks draw in cells, and may draw the same pattern in all of them (Odena et al., *Deconvolution and checkerboard
    artifacts*, Distill 2016). To find it, the cells of 8 × 8 pixels in each window of 64 × 64 are averaged. Strokes
    leave next to nothing in that average; neither do its mean and its slope count. A cell covers two places of the maps
    in residual blocks, so a pattern that alternates from place to place is found as well.

    Args:
        image: (N,3,H,W), RGB in [0,1]; H and W are multiples of 8 and at least 64.

    Returns:
        (N,), the mean square of the pattern, on the 0..255 scale; 0 where there is none.
    """
    cells = F.pixel_unshuffle(255 * image, GRID_CELL).unflatten(1, (3, GRID_CELL**2))
    means = F.avg_pool3d(cells, (1, _CELLS, _CELLS), stride=(1, _CELLS // 2, _CELLS // 2))
    across = torch.linspace(-1, 1, GRID_CELL, device=image.device)
    functions = (torch.ones_like(across), across, across[:, None])
    planes = torch.stack([function.expand(GRID_CELL, GRID_CELL) for function in functions])
    planes = F.normalize(planes.flatten(1).to(image), dim=1)
    plane = torch.einsum("ncphw,kp,kq->ncqhw", means, planes, planes)
    return (means - plane).square().mean(dim=(1, 2, 3, 4))


def blockiness(image: Tensor) -> Tensor:
    """How much of a picture consists of blocks of 2 × 2 pixels: edges between blocks, and next to none within them.

    A network that paints four pixels at once can give all four the same colour. In this way it reaches the contrast of
    a painting's grain. The blocks need not be like one another, so :func:`grid_pattern` does not see them. Like
    measures of JPEG's blocks (Wang, Sheikh & Bovik, *No-reference perceptual quality assessment of JPEG compressed
    images*, ICIP 2002), this one compares the differences of neighbours across blocks with those within blocks.

    Args:
        image: (N,3,H,W), RGB in [0,1]; H and W are at least 3. The first block lies in the upper left corner.

    Returns:
        (N,), the mean over both directions of ((across - within) / (across + within))², where ``across`` and ``within``
        are mean squared differences: 0 for photos, 1 where all pixels of a block are the same.
    """
    return (_blocks_in_a_row(image) + _blocks_in_a_row(image.transpose(2, 3))) / 2


def _blocks_in_a_row(image: Tensor) -> Tensor:
    """:func:`blockiness` in the horizontal direction alone."""
    differences = (255 * image).diff(dim=3).square()
    within, across = (part.mean(dim=(1, 2, 3)) for part in (differences[..., ::2], differences[..., 1::2]))
    return ((across - within) / (across + within + _INVISIBLE)).square()


def cell_noise(image: Tensor) -> Tensor:
    """How much of what is fine in a picture is noise from pixel to pixel, as it is in the cells of folding networks.

    A network that paints 2 × 2 pixels at once can give each of them a value of its own that follows nothing in the
    photo. Such noise is not seen by :func:`blockiness`, because neighbours differ as much within a cell as across. It
    has as much of a checkerboard as white noise. The share of checkerboards in the differences of neighbours is 1/4 in
    white noise, and about 1/8 in photos. Light and the two axes of colour are judged each by itself.

    Args:
        image: (N,3,H,W), RGB in [0,1].

    Returns:
        (N,), the mean over the three axes of (share - 1/8)², where the share is larger than 1/8; 1/64 in white noise.
    """
    axes = 255 * torch.einsum("ac,nchw->nahw", image.new_tensor(_AXES), image)
    across, down = axes.diff(dim=3), axes.diff(dim=2)
    checkers = across.diff(dim=2).square().mean(dim=(2, 3)) / 4
    fine = across.square().mean(dim=(2, 3)) + down.square().mean(dim=(2, 3)) + _INVISIBLE
    return F.relu(checkers / fine - _CHECKERS).square().mean(dim=1)


def raster_energy(image: Tensor, photo: Tensor) -> Tensor:
    """How strong a periodic artifact is where the photo is smooth: dots and dashes in rows and columns.

    :func:`impasto.evaluation.raster.raster` measures the same by one peak, without a gradient. This adds up the squares
    of the texture's autocorrelation at all distances from 4 to 32 pixels. Distances in line with the highest value are
    left out, because strokes may repeat along one direction.

    Args:
        image: (N,3,H,W), RGB in [0,1].
        photo: (N,3,H,W), RGB in [0,1], without noise.

    Returns:
        (N,), from 0 to about 10; 0 where less than a quarter of the photo is smooth.
    """
    smooth = _smooth(photo)
    texture = (image - _box(_box(image, 15), 15)) * smooth
    overlap = _autocorrelation(smooth).clamp(min=1)
    likeness = _autocorrelation(texture) / overlap
    likeness = likeness / (likeness[:, _FARTHEST, _FARTHEST, None, None] + 1e-8)
    places = torch.arange(-_FARTHEST, _FARTHEST + 1.0, device=image.device)
    y, x = places[:, None], places
    distance = torch.hypot(y, x)
    seen = likeness * ((distance >= _NEAREST) & (distance <= _FARTHEST))
    best = seen.detach().flatten(1).argmax(dim=1)
    v, u = (place[:, None, None] for place in (places[best // len(places)], places[best % len(places)]))
    across = (y * u - x * v).abs() > _ACROSS * distance * torch.hypot(v, u)
    energy = F.relu(seen * across - _CHANCE).square().sum(dim=(1, 2))
    return energy * (smooth.mean(dim=(1, 2, 3)) > _ENOUGH)


def specks(image: Tensor, photo: Tensor) -> Tensor:
    """How strong the speckle is where the photo is smooth: light and dark specks, as from a brush that spatters.

    A pixel's distance is taken from the mean of the 9 × 9 pixels around it. What is beyond 18 grey levels counts,
    squared. So grain counts for nothing, however much of it there is. Speckle lowers style losses, because it has the
    contrast of the edges in a painting.

    Args:
        image: (N,3,H,W), RGB in [0,1].
        photo: (N,3,H,W), RGB in [0,1], without noise.

    Returns:
        (N,), the mean of those squares over the smooth part of the photo, in squared grey levels; 0 where less than a
        quarter of the photo is smooth.
    """
    smooth = _smooth(photo)
    away = 255 * (image - _box(image, 9)).mean(dim=1, keepdim=True).abs()
    beyond = (F.relu(away - _GRAIN).square() * smooth).sum(dim=(1, 2, 3)) / smooth.sum(dim=(1, 2, 3)).clamp(min=1)
    return beyond * (smooth.mean(dim=(1, 2, 3)) > _ENOUGH)


def _smooth(photo: Tensor) -> Tensor:
    """Where a photo (N,3,H,W) in [0,1] is smooth: (N,1,H,W), 1 there and 0 elsewhere."""
    return (_box(_box(255 * photo, 9).sub(255 * photo).abs().mean(1, keepdim=True), 9) < _SMOOTH).float()


def _box(image: Tensor, side: int) -> Tensor:
    """The mean of the ``side`` × ``side`` pixels around each pixel, fewer at the border: (N,C,H,W) -> (N,C,H,W)."""
    for window in ((side, 1), (1, side)):
        padding = (window[0] // 2, window[1] // 2)
        image = F.avg_pool2d(image, window, stride=1, padding=padding, count_include_pad=False)
    return image


def _autocorrelation(texture: Tensor) -> Tensor:
    """Sums of products of a texture (N,C,H,W) with itself, shifted by -32 to 32 pixels: (N,65,65)."""
    size = [max(length, _FARTHEST + 1) + _FARTHEST for length in texture.shape[2:]]
    power = torch.fft.rfft2(texture, s=size).abs().square().sum(dim=1)
    sums = torch.fft.irfft2(power, s=size)
    return torch.roll(sums, (_FARTHEST, _FARTHEST), (1, 2))[:, : 2 * _FARTHEST + 1, : 2 * _FARTHEST + 1]


@dataclass(frozen=True)
class ArtifactTerm:
    """One of the losses of this module, with its weight in an objective."""

    weight: float
    loss: ArtifactLoss


_LOSSES: dict[str, ArtifactLoss] = {
    "grid": lambda picture, _: grid_pattern(picture),
    "blocks": lambda picture, _: blockiness(picture),
    "cells": lambda picture, _: cell_noise(picture),
    "raster": raster_energy,
    "specks": specks,
}


def artifact_terms(
    *, grid: float = 0.0, blocks: float = 0.0, cells: float = 0.0, raster: float = 0.0, specks: float = 0.0
) -> list[ArtifactTerm]:
    """The losses whose weights are not 0.

    Args:
        grid: the weight of :func:`grid_pattern`.
        blocks: the weight of :func:`blockiness`.
        cells: the weight of :func:`cell_noise`.
        raster: the weight of :func:`raster_energy`.
        specks: the weight of :func:`specks`.
    """
    weights = {"grid": grid, "blocks": blocks, "cells": cells, "raster": raster, "specks": specks}
    return [ArtifactTerm(weight, _LOSSES[name]) for name, weight in weights.items() if weight]


def artifact_loss(terms: Sequence[ArtifactTerm], picture: Tensor, photo: Tensor) -> Tensor:
    """The weighted sum of ``terms`` for pictures (N,3,H,W) and their photos (N,3,H,W), RGB in [0,1]: (N,)."""
    total = picture.new_zeros(len(picture))
    for term in terms:
        total = total + term.weight * term.loss(picture, photo)
    return total
