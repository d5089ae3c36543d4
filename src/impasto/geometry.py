"""Sizes: what a network can take, and the way there and back."""

from __future__ import annotations

import numpy as np

from impasto.images import Pixels

MULTIPLE = 4
"""Networks halve the picture twice; height and width must be multiples of this."""
LEAST = 32
"""Shorter side below which pictures are padded: reflection needs pixels to reflect, statistics some to count."""


def pad(pixels: Pixels) -> Pixels:
    """(N,3,H,W) -> (N,3,H',W'), H' and W' the next sizes that a network can take, filled by mirroring at the edges."""
    extra = [max(LEAST, -(-length // MULTIPLE) * MULTIPLE) - length for length in pixels.shape[2:]]
    if not any(extra):
        return pixels
    return np.pad(pixels, [(0, 0), (0, 0), *((missing // 2, missing - missing // 2) for missing in extra)], "symmetric")


def crop(pixels: Pixels, height: int, width: int) -> Pixels:
    """The inverse of :func:`pad`: the middle ``height`` × ``width`` of (N,3,H',W')."""
    top, left = (pixels.shape[2] - height) // 2, (pixels.shape[3] - width) // 2
    return pixels[:, :, top : top + height, left : left + width]
