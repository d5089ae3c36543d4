"""The contrast of a fitted row, set once the fit by distributions is done.

Rows that were fitted so paint with .84 of the paintings' light and dark, on the very crops that they were fitted on.
More brings distributions nearer, as VGG-16 sees them, and photos farther. It is measured on pictures that are painted
larger and reduced, as those of small photos are (:mod:`impasto.stylize.strokes`); that takes .01 to .02 of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from impasto.images.arrays import Array, resize, to_array, to_pixels
from impasto.images.color import to_cielab
from impasto.losses.contrast import Colors, chroma_contrast, colors_of, light_contrast

_ENLARGED = 1.6
"""Photos are painted at this many times their size, as a photo of 640 pixels is with a stroke of 1."""
_WANTED = 0.96
"""The light contrast that is aimed at. All of it, with a factor of 1.25, cost more of the photos and gained nothing."""
_MOST = 1.2
"""The largest factor of contrast."""
_COLORFUL = 1.4
"""The chroma contrast at which a picture has colour enough; it grows with the other."""
_ROUNDS = 2
"""The number of corrections: what is clipped at black and white makes the first one too small."""

Render = Callable[[Tensor, Tensor], Tensor]
"""Paints photos (N,3,H,W), RGB in [0,1], in the style of a row (P,)."""


def contrasted(render: Render, row: Tensor, maps: int, paintings: Sequence[Array], photos: Sequence[Array]) -> Tensor:
    """``row`` with the contrast that :func:`missing_contrast` finds."""
    return with_contrast(row, maps, missing_contrast(render, row, maps, paintings, photos))


@torch.no_grad()
def missing_contrast(
    render: Render, row: Tensor, maps: int, paintings: Sequence[Array], photos: Sequence[Array]
) -> float:
    """The factor by which a row's contrast must grow for pictures to be as light and as dark as the paintings.

    Args:
        render: the network.
        row: (P,). The γ of its last layer is the contrast of what is painted.
        maps: the number of maps of that layer.
        paintings: pictures of the style, (H,W,3) uint8.
        photos: what is painted, (H,W,3) uint8.

    Returns:
        Between 1 and 1.2.
    """
    wanted = [_colors(painting) for painting in paintings]
    scale, scaled = 1.0, row
    for _ in range(_ROUNDS):
        seen = [_colors(_picture(render, scaled, photo)) for photo in photos]
        scale = min(scale * _missing(seen, wanted), _MOST)
        scaled = with_contrast(row, maps, scale)
    return scale


def with_contrast(row: Tensor, maps: int, factor: float) -> Tensor:
    """``row`` (P,) with the γ of its last layer, which has that many ``maps``, multiplied."""
    scaled = row.clone()
    scaled[-2 * maps : -maps] *= factor
    return scaled


def _missing(seen: Sequence[Colors], wanted: Sequence[Colors]) -> float:
    """The factor, at least 1, by which contrast must grow to be the paintings' own."""
    pairs = [(picture, painting) for picture in seen for painting in wanted]
    light = np.mean([light_contrast(*pair) for pair in pairs])
    chroma = np.mean([chroma_contrast(*pair) for pair in pairs])
    return max(1.0, float(min(_WANTED / light, _COLORFUL / chroma)))


def _picture(render: Render, row: Tensor, photo: Array) -> Array:
    """A photo (H,W,3) uint8 painted larger, and reduced to its size."""
    height, width = (4 * round(_ENLARGED * side / 4) for side in photo.shape[:2])
    enlarged = torch.from_numpy(to_pixels(resize(photo, height, width))).to(row.device)
    return resize(to_array(render(enlarged, row).cpu().numpy()), *photo.shape[:2])


def _colors(picture: Array) -> Colors:
    return colors_of(torch.from_numpy(to_cielab(to_pixels(picture))))
