"""Sliced Wasserstein distances between the distributions of what a loss network sees in pictures and in paintings.

A Gram matrix is a second moment: a picture can have all of a painting's and still lack its darks, lights and accents. A
sliced Wasserstein distance compares whole distributions (Heitz, Vanhoey, Chambon & Belcour, *A Sliced Wasserstein Loss
for Neural Texture Synthesis*, CVPR 2021). The activations at one place of a map are a vector. The vectors of all places
are projected onto a random direction, and the projected values are sorted. Then those of picture and painting are
compared: smallest with smallest, largest with largest. Where things are in the picture does not matter.

Pictures are seen in several octaves: full size, half, quarter and so on. So large forms count as well as strokes
(Snelgrove, *High-resolution multi-scale neural texture synthesis*, SIGGRAPH Asia 2017 Technical Briefs).
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.losses.gram import STYLE_LAYERS
from impasto.losses.perceptual import LossNetwork

_COLORS_OCTAVE = 2
"""The octave in which colours are compared: a quarter of the picture's size, at which grain is gone."""
_BLUR = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)
"""The filter by which a pyramid is blurred before every second pixel is left out (Burt & Adelson 1983)."""

Maps = Mapping[str, Tensor]
"""Name -> maps (N,C,H,W) whose distributions are compared, see :func:`see`. Sizes differ from name to name."""
Slices = Mapping[str, Tensor]
"""Name -> the quantiles (N,P,Q) of the maps of that name along P directions, see :func:`slices_of`."""


@dataclass(frozen=True)
class DistributionOptions:
    """How distributions are compared.

    Attributes:
        projections: P, the number of random directions for the maps of each name.
        quantiles: Q, the number of values that stand for all projections onto one direction. Each is the mean of its
            share of the sorted projections, so pictures and paintings of any size can be compared.
        octaves: the number of sizes at which a picture is seen, each half of the one before.
        places: the largest number of places of one map that are projected. If it has more, they are drawn at random.
            None projects all of them.
    """

    projections: int = 48
    quantiles: int = 1024
    octaves: int = 3
    places: int | None = 6000


def pyramid(picture: Tensor, octaves: int) -> list[Tensor]:
    """The Gaussian pyramid of pictures (N,C,H,W): as they are, half as large, and so on. Odd sizes are rounded up."""
    levels = [picture]
    across = picture.new_tensor(_BLUR)
    kernel = torch.outer(across, across).expand(picture.shape[1], 1, -1, -1)
    for _ in range(octaves - 1):
        padded = F.pad(levels[-1], (2, 2, 2, 2), mode="replicate")
        levels.append(F.conv2d(padded, kernel, stride=2, groups=picture.shape[1]))
    return levels


def see(loss_network: LossNetwork, picture: Tensor, octaves: int) -> dict[str, Tensor]:
    """What a loss network sees in pictures, in several octaves.

    Args:
        loss_network: the network whose activations are taken.
        picture: (N,3,H,W), RGB in [0,1]. In the last octave its sides must be at least 8 pixels.
        octaves: the number of octaves.

    Returns:
        Name -> (N,C,H',W'), in the dtype of the network. The names are ``relu1_2/1`` and so on at full size,
        ``relu1_2/2`` and so on at half the size, and so on.
    """
    maps: dict[str, Tensor] = {}
    for octave, level in enumerate(pyramid(picture, octaves)):
        seen = loss_network(level, STYLE_LAYERS)
        maps |= {f"{layer}/{2**octave}": seen[layer] for layer in STYLE_LAYERS}
    return maps


def colors(picture: Tensor) -> dict[str, Tensor]:
    """The colours of pictures without their grain: (N,3,H,W) -> ``color``, (N,3,H/4,W/4)."""
    return {"color": pyramid(picture, _COLORS_OCTAVE + 1)[-1]}


def random_directions(count: int, channels: int, generator: torch.Generator) -> Tensor:
    """(count,channels), float32: random vectors of length 1.

    Up to ``channels`` of them at a time are orthogonal to one another. That makes means over directions steadier
    (Rowland et al., *Orthogonal estimation of Wasserstein distances*, AISTATS 2019).
    """
    each = min(count, channels)
    bases = torch.randn(-(-count // each), channels, each, generator=generator)
    return torch.linalg.qr(bases).Q.mT.flatten(0, 1)[:count]


def sample(maps: Tensor, places: int | None, generator: torch.Generator) -> Tensor:
    """The activations at M = ``places`` random places, the same in all maps: (N,C,H,W) -> (N,M,C), float32.

    If there are no more places than that, or ``places`` is None, it is those at all places.
    """
    vectors = maps.permute(0, 2, 3, 1).flatten(1, 2)
    if places is not None and vectors.shape[1] > places:
        drawn = torch.randperm(vectors.shape[1], generator=generator)[:places]
        vectors = vectors.index_select(1, drawn.to(vectors.device))
    return vectors.float()


def projected_quantiles(samples: Tensor, directions: Tensor, quantiles: int) -> Tensor:
    """The quantiles of samples along directions.

    Args:
        samples: (N,M,C).
        directions: (P,C), vectors of length 1.
        quantiles: Q. Each quantile is the mean of its share of the M sorted values; if Q = M, they are these values.

    Returns:
        (N,P,Q), in rising order.
    """
    with torch.autocast(samples.device.type, enabled=False):  # bfloat16 has too few digits to sort by
        projected = directions @ samples.mT
    return F.adaptive_avg_pool1d(projected.gather(2, _order(projected.detach())), quantiles)


def _order(values: Tensor) -> Tensor:
    """The indices that sort ``values`` along the last axis. NumPy takes a quarter of the time of PyTorch on a CPU."""
    if values.device.type != "cpu":
        return values.argsort(dim=-1)
    return torch.from_numpy(np.argsort(values.numpy(), axis=-1))


def slices_of(maps: Maps, options: DistributionOptions, seed: int) -> dict[str, Tensor]:
    """The quantiles of maps along random directions.

    Only slices with the same projections, quantiles and seed can be compared with one another. With one seed for all
    steps, those of a painting are made once. With another seed for each step, keep the painting :func:`thinned`.

    Args:
        maps: name -> (N,C,H,W), of N pictures or paintings.
        options: how distributions are compared.
        seed: what directions, and then places, are drawn from.

    Returns:
        Name -> (N,P,Q), float32.
    """
    slices = {}
    for name, seen in maps.items():
        generator = torch.Generator().manual_seed(zlib.crc32(f"{name} {seed}".encode()))
        directions = random_directions(options.projections, seen.shape[1], generator).to(seen.device)
        slices[name] = projected_quantiles(sample(seen, options.places, generator), directions, options.quantiles)
    return slices


def thinned(maps: Maps, places: int) -> dict[str, Tensor]:
    """Maps with no more than ``places`` places each, drawn at random: (N,C,H,W) -> (N,C,M,1), float32."""
    generator = torch.Generator().manual_seed(0)
    return {name: sample(seen, places, generator).mT[..., None] for name, seen in maps.items()}


def distribution_terms(slices: Slices, targets: Slices) -> Tensor:
    """The squared sliced Wasserstein distances of order 2 between pictures and paintings.

    They are estimates, by a number of directions and quantiles. If a painting is the picture with d added to each
    vector (C,) of a map, the distance is |d|²/C in the mean over directions.

    Args:
        slices: T names -> (N,P,Q), of pictures.
        targets: the same names -> (N,P,Q) or (1,P,Q), of paintings.

    Returns:
        (N,T), the mean squared difference of quantiles for each name, in the order of ``slices``.
    """
    terms = [(quantiles - targets[name]).square().mean(dim=(1, 2)) for name, quantiles in slices.items()]
    return torch.stack(terms, dim=1)


def distribution_gap_closed(terms: Tensor, photo_terms: Tensor) -> Tensor:
    """How much nearer pictures are to paintings than photos are: 1 - picture / photo, in the mean over names.

    Args:
        terms: (N,T), the :func:`distribution_terms` of pictures.
        photo_terms: (N,T) or (1,T), those of their photos.

    Returns:
        (N,): 0 for the photo itself, and 1 for a picture whose distributions are the painting's. Below 0, it is farther
        from the painting than the photo is.
    """
    return 1 - (terms / photo_terms).mean(dim=1)
