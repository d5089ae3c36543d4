"""What networks paint that no painting has: checkerboards, blocks, periodic artifacts, speckle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

ArtifactLoss = Callable[[Tensor, Tensor], Tensor]
"""Pictures (N,3,H,W) and their photos (N,3,H,W), RGB in [0,1] -> (N,)."""

_NEAREST, _FARTHEST = 4, 32


_ACROSS, _CHANCE = 0.42, 0.06
"""Of directions, the sine from which they are not in line; of autocorrelations, what is no raster yet."""


_SMOOTH, _ENOUGH = 1.0, 0.25
"""Grey levels that a smooth photo is away from its blur; the least part of a photo that is looked at."""


_GRAIN = 18.0
"""Grey levels that pixels of a painting's grain are away from their neighbours at most."""


_CELL, _CELLS = 8, 8
"""Side of a cell, in pixels, and of the window that a cell's mean is taken over, in cells."""


_INVISIBLE = 1e-2
"""Squared difference of neighbours, on the 0..255 scale, that nobody sees."""


def grid_pattern(image: Tensor) -> Tensor:
    """How much of a picture is a pattern in step with the strides of networks: checkerboards, canvas.

    Networks draw in cells, and can draw the same in all of them (Odena et al., Distill 2016). The mean cell of each
    window of 64 pixels, less its mean and slope, is such a pattern; strokes leave next to nothing in it. A cell is
    two places of the maps in residual blocks, 8 pixels, wide: what alternates from place to place is a pattern, too.

    Args:
        image: (N,3,H,W), RGB in [0,1]; H and W multiples of 8, at least 64.

    Returns:
        (N,), its mean square on the 0..255 scale.
    """
    cells = F.pixel_unshuffle(255 * image, _CELL).unflatten(1, (3, _CELL**2))
    means = F.avg_pool3d(cells, (1, _CELLS, _CELLS), stride=(1, _CELLS // 2, _CELLS // 2))
    across = torch.linspace(-1, 1, _CELL, device=image.device)
    functions = (torch.ones_like(across), across, across[:, None])
    planes = torch.stack([function.expand(_CELL, _CELL) for function in functions])
    planes = F.normalize(planes.flatten(1).to(image), dim=1)
    plane = torch.einsum("ncphw,kp,kq->ncqhw", means, planes, planes)
    return (means - plane).square().mean(dim=(1, 2, 3, 4))


def blockiness(image: Tensor) -> Tensor:
    """How much of a picture is drawn in cells of 2 × 2 pixels: edges between cells, next to none within them.

    A network that paints four pixels at once can give them all the same colour, and has the contrast of a painting's
    grain by it; no cell need be like another, so that :func:`grid_pattern` does not see it. As measures of JPEG's
    blocks (Wang, Sheikh & Bovik, ICIP 2002), it compares differences of neighbours across cells with those within.

    Args:
        image: (N,3,H,W), RGB in [0,1]; H and W at least 3, the first cell in the corner.

    Returns:
        (N,), the mean over both directions of ((across - within) / (across + within))², of mean squared differences: 0
        for photos, 1 where all pixels of a cell are the same.
    """
    return (_blocks_in_a_row(image) + _blocks_in_a_row(image.transpose(2, 3))) / 2


def _blocks_in_a_row(image: Tensor) -> Tensor:
    differences = (255 * image).diff(dim=3).square()
    within, across = (part.mean(dim=(1, 2, 3)) for part in (differences[..., ::2], differences[..., 1::2]))
    return ((across - within) / (across + within + _INVISIBLE)).square()


def raster_energy(image: Tensor, photo: Tensor) -> Tensor:
    """How much of a raster lies over what was smooth in the photo: dots and dashes in rows and columns.

    Like :func:`impasto.evaluation.raster`, which is a peak, but with a gradient: the squares of the texture's
    autocorrelation at all distances from 4 to 32 pixels that are not in line with its best one, along which strokes may
    run.

    Args:
        image: (N,3,H,W), RGB in [0,1].
        photo: (N,3,H,W), RGB in [0,1], without noise.

    Returns:
        (N,), 0 to about 10; 0 where less than a quarter of the photo is smooth.
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
    """How many light and dark specks lie over what was smooth in the photo, as of a brush that spatters.

    Grain counts for nothing, however much of it there is; a few pixels far from their neighbours count by the square
    of what is beyond it. Style losses like specks: they have the contrast that the edges of a painting have.

    Args:
        image: (N,3,H,W), RGB in [0,1].
        photo: (N,3,H,W), RGB in [0,1], without noise.

    Returns:
        (N,), the mean square, over smooth places, of grey levels by which pixels are more than 18 from the mean of the
        9 × 9 about them; 0 where less than a quarter of the photo is smooth.
    """
    smooth = _smooth(photo)
    away = 255 * (image - _box(image, 9)).mean(dim=1, keepdim=True).abs()
    beyond = (F.relu(away - _GRAIN).square() * smooth).sum(dim=(1, 2, 3)) / smooth.sum(dim=(1, 2, 3)).clamp(min=1)
    return beyond * (smooth.mean(dim=(1, 2, 3)) > _ENOUGH)


def _smooth(photo: Tensor) -> Tensor:
    """(N,1,H,W), 1 where ``photo`` (N,3,H,W) in [0,1] is smooth, else 0."""
    return (_box(_box(255 * photo, 9).sub(255 * photo).abs().mean(1, keepdim=True), 9) < _SMOOTH).float()


def _box(image: Tensor, side: int) -> Tensor:
    for window in ((side, 1), (1, side)):
        padding = (window[0] // 2, window[1] // 2)
        image = F.avg_pool2d(image, window, stride=1, padding=padding, count_include_pad=False)
    return image


def _autocorrelation(texture: Tensor) -> Tensor:
    """Sums of products with itself, (N,C,H,W) -> (N,2·32+1,2·32+1), no distance in the middle."""
    size = [length + _FARTHEST for length in texture.shape[2:]]
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
    "raster": raster_energy,
    "specks": specks,
}


def artifact_terms(
    *, grid: float = 0.0, blocks: float = 0.0, raster: float = 0.0, specks: float = 0.0
) -> list[ArtifactTerm]:
    """The losses whose weights are not 0.

    Args:
        grid: the weight of :func:`grid_pattern`.
        blocks: the weight of :func:`blockiness`.
        raster: the weight of :func:`raster_energy`.
        specks: the weight of :func:`specks`.
    """
    weights = {"grid": grid, "blocks": blocks, "raster": raster, "specks": specks}
    return [ArtifactTerm(weight, _LOSSES[name]) for name, weight in weights.items() if weight]


def artifact_loss(terms: Sequence[ArtifactTerm], picture: Tensor, photo: Tensor) -> Tensor:
    """The weighted sum of ``terms`` for pictures (N,3,H,W) and their photos (N,3,H,W), RGB in [0,1]: (N,)."""
    total = picture.new_zeros(len(picture))
    for term in terms:
        total = total + term.weight * term.loss(picture, photo)
    return total
