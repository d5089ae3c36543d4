"""The objective: content and style losses on VGG-16's activations.

Johnson et al. 2016 with Gatys et al. 2016's Gram matrices, as Dumoulin et al. 2017 train with them. The weights below
only mean something for VGG inputs on the 0..255 scale, not divided by a standard deviation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor

CONTENT_LAYER = "relu3_3"
STYLE_LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")
STYLE_WEIGHT = 1e-4
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

_LOST, _BELOW = 0.05, 10.0
"""In style gaps: the likeness lost, and the square of what is below the likeness wanted."""

Grams = Mapping[str, Tensor]
LossNetwork = Callable[[Tensor, Iterable[str]], dict[str, Tensor]]
"""(N,3,H,W) RGB in [0,1] and layer names -> layer name -> (N,C,H',W'): :class:`impasto.nn.vgg.VGG16`, or
:class:`impasto.nn.slim.SlimVGG` in its place."""
Number = TypeVar("Number", Tensor, float)


def gram_matrix(features: Tensor) -> Tensor:
    """FFᵀ/(H·W), not divided by C: (N,C,H,W) -> (N,C,C) float32, multiplied in the dtype of ``features``."""
    return shifted_grams(features, ())


def shifted_grams(features: Tensor, shifts: Sequence[int]) -> Tensor:
    """The Gram matrix, and beside it those of the map with itself shifted along both axes and both diagonals.

    A raster of dots can have a painting's Gram matrix, which knows nothing of places; its products with itself some
    places on are those of no painting (Berger & Memisevic, ICLR 2017).

    Args:
        features: (N,C,H,W).
        shifts: distances, in places of the map. What leaves a row at its end goes on in the next one.

    Returns:
        (N,C,(1+4·shifts)·C), float32.
    """
    width = features.shape[3]
    offsets = [0, *(by * step for by in shifts for step in (1, width - 1, width, width + 1))]
    places = features.permute(0, 2, 3, 1).flatten(1, 2)
    if places.is_cuda:  # a GPU would wait for hundreds of small products
        return _products(places, offsets)
    return torch.stack([_products(each, offsets) for each in places])


def _products(places: Tensor, offsets: list[int]) -> Tensor:
    """Mean products of each place (...,H·W,C) with those ``offsets`` on: (...,C,offsets·C), float32."""
    products: Tensor = _Products.apply(places, offsets)
    return products


def _pairs(places: Tensor, offsets: list[int]) -> list[tuple[Tensor, Tensor]]:
    count = places.shape[-2]
    return [(places[..., : count - by, :], places[..., by:, :]) for by in offsets]


class _Products(torch.autograd.Function):
    """Of its own because slices' gradients would each be a map of zeros with something in it, added up afterwards."""

    @staticmethod
    def forward(ctx: Any, places: Tensor, offsets: list[int]) -> Tensor:
        ctx.save_for_backward(places)
        ctx.offsets = offsets
        return torch.cat([(a.mT @ b).float() / a.shape[-2] for a, b in _pairs(places, offsets)], dim=-1)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (places,) = ctx.saved_tensors
        total = torch.zeros_like(places)
        parts = grads[0].split(places.shape[-1], dim=-1)
        pairs, totals = _pairs(places, ctx.offsets), _pairs(total, ctx.offsets)
        for (a, b), (to_a, to_b), part in zip(pairs, totals, parts, strict=True):
            part = (part / a.shape[-2]).to(places.dtype)
            _add_product(to_a, b, part.mT)
            _add_product(to_b, a, part)
        return total, None


def _add_product(total: Tensor, one: Tensor, other: Tensor) -> None:
    """``total += one @ other``, in place."""
    (total.baddbmm_ if total.ndim == 3 else total.addmm_)(one, other)


def content_loss(features: Tensor, target: Tensor) -> Tensor:
    """Squared difference, averaged over C, H and W: two (N,C,H,W) -> (N,)."""
    return (features.float() - target.float()).square().mean(dim=(1, 2, 3))


def content_likeness(features: Tensor, target: Tensor) -> Tensor:
    """Correlation over places, all maps together: two (N,C,H,W) -> (N,) in [-1,1], float32; 0 where one is constant.

    Of a picture with its photo, 1 where all forms are there, and 0.1 about where they could be another photo's. It does
    not see contrast, which the content loss mostly does: a grey card is nearer to a photo than most photos are.
    """
    one, other = (maps.float() - maps.float().mean(dim=(2, 3), keepdim=True) for maps in (features, target))
    energy = one.square().sum(dim=(1, 2, 3)) * other.square().sum(dim=(1, 2, 3))
    return (one * other).sum(dim=(1, 2, 3)) / (energy + 1e-12).sqrt()


def likeness_lost(likeness: Tensor, wanted: Tensor | float) -> Tensor:
    """What a :func:`content_likeness` (N,) costs next to the share of the style gap that is left: (N,).

    A little all the way, and much below the likeness ``wanted``, which settles at once; a weight of the style loss that
    follows the likeness takes hundreds of steps to.
    """
    return _LOST * (1 - likeness) + _BELOW * (wanted - likeness).clamp_min(0).square()


def style_terms(grams: Grams, targets: Grams) -> Tensor:
    """Squared difference of Gram matrices, averaged over C², times 1e-4, of each of the L layers.

    Args:
        grams: layer -> (N,C,C).
        targets: layer -> (N,C,C) or (1,C,C).

    Returns:
        (N,L), float32.
    """
    terms = [(gram - targets[layer]).square().mean(dim=(1, 2)) for layer, gram in grams.items()]
    return STYLE_WEIGHT * torch.stack(terms, dim=1)


def style_loss(grams: Grams, targets: Grams) -> Tensor:
    """:func:`style_terms`, summed over layers: (N,), float32."""
    return style_terms(grams, targets).sum(dim=1)


@dataclass(frozen=True)
class Description:
    """What the loss network sees in a batch: ``content`` (N,C,H,W) and ``grams``, layer -> (N,C,C)."""

    content: Tensor
    grams: Grams


def describe(loss_network: LossNetwork, image: Tensor, shifts: Sequence[int] = ()) -> Description:
    """Content features and style Grams of ``image`` (N,3,H,W), RGB in [0,1].

    With ``shifts``, in pixels, each layer's Gram matrix becomes :func:`shifted_grams`, by those that it can show.
    """
    seen = loss_network(image, STYLE_LAYERS)
    return Description(seen[CONTENT_LAYER], layer_grams(seen, image.shape[3], shifts))


def layer_grams(seen: Mapping[str, Tensor], width: int, shifts: Sequence[int] = ()) -> Grams:
    """The Gram matrices of :func:`describe`, from what the loss network saw in images ``width`` pixels wide."""
    grams = {}
    for layer in STYLE_LAYERS:
        place = width // seen[layer].shape[3]
        grams[layer] = shifted_grams(seen[layer], [shift // place for shift in shifts if shift % place == 0])
    return grams


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


def style_gap_closed(output: Number, photo: Number) -> Number:
    """1 - L_style(output) / L_style(photo): 0 is the photo, 1 has the style's exact Gram matrices."""
    return 1 - output / photo


def content_distance(output: Number, another: Number) -> Number:
    """L_content(output, photo) / L_content(another photo, photo): 0 is the photo, 1 as far as another photograph."""
    return output / another
