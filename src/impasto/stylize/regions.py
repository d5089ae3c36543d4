"""Styles and where in a picture each of them is."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from impasto.errors import ImpastoError
from impasto.images.arrays import Array, Pixels, resize
from impasto.images.io import read_mask
from impasto.images.windows import Window, read
from impasto.styles.style import Row

logger = logging.getLogger(__name__)

MaskLike = str | os.PathLike[str] | Image.Image | Array


@dataclass(frozen=True)
class Regions:
    """Styles, and the part of the picture that each has.

    Attributes:
        styles: (R,P). The first is wherever the others leave room.
        masks: R-1 arrays (H,W) uint8, the share of every other style at each pixel; where they add up to more than
            255, they count in proportion.
        identity: for each style, the share of the identity style in it; without it, none.
    """

    styles: Row
    masks: tuple[Array, ...] = ()
    identity: tuple[float, ...] = ()

    def resized(self, height: int, width: int) -> Regions:
        """For a picture of that size."""
        return replace(self, masks=tuple(resize(mask, height, width) for mask in self.masks))

    def identity_in(self, window: Window) -> Pixels:
        """The share of the identity style at each pixel of ``window``: float32, (1,1,h,w) or (1,1,1,1)."""
        if len(set(self.identity)) < 2:
            return np.full((1, 1, 1, 1), (*self.identity, 0.0)[0], np.float32)
        identity = np.array(self.identity, np.float32).reshape(1, -1, 1, 1)
        return np.asarray((self.shares(window) * identity).sum(axis=1, keepdims=True))

    def shares(self, window: Window) -> Pixels:
        """The share of each style at each pixel of ``window``: (1,R,h,w) float32, adding up to 1."""
        size = (len(self.masks), window.height, window.width)
        masks = np.array([read(mask, window) for mask in self.masks], np.float32).reshape(size) / np.float32(255)
        total = masks.sum(axis=0, keepdims=True)
        shares: Pixels = np.concatenate([np.maximum(0, 1 - total), masks])[None] / np.maximum(1, total)
        return shares


def check_mask(source: MaskLike) -> Array:
    """A mask (H,W) uint8: a file, PIL image or array, white where the style is.

    Raises:
        ImpastoError: it cannot be read, or is black all over.
    """
    mask = read_mask(source)
    if not mask.any():
        raise ImpastoError(f"{_name(source)}: is black all over, its style would be nowhere; paint it white there")
    return mask


def mask_for(photo: Array, source: MaskLike) -> Array:
    """:func:`check_mask`, resized to the photo (H,W,3) if it has another size, which is logged."""
    mask = check_mask(source)
    if mask.shape != photo.shape[:2]:
        sizes = " to the photo's ".join(f"{width} × {height}" for height, width in (mask.shape, photo.shape[:2]))
        logger.warning("%s: resized from %s", _name(source), sizes)
    return resize(mask, *photo.shape[:2])


def _name(source: MaskLike) -> str:
    return f"mask {source}" if isinstance(source, str | os.PathLike) else "a region's mask"
