"""Styles, and where in a picture each of them is."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field, replace

import numpy as np

from impasto.errors import ImpastoError
from impasto.images.arrays import Array, Pixels, resize
from impasto.images.masks import read_mask
from impasto.images.windows import Window, read
from impasto.styles.style import Row
from impasto.stylize.inputs import MaskLike, decoding, mask_source

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Mask:
    """A mask as it was read, for photos of any size.

    Attributes:
        name: what messages call it.
        array: (H,W) uint8, 255 where the style is.
    """

    name: str
    array: Array
    _told: set[tuple[int, int]] = field(default_factory=set, repr=False, compare=False)

    @classmethod
    def read(cls, given: MaskLike, name: str = "mask") -> Mask:
        """Read a mask.

        Args:
            given: the mask.
            name: what messages call one that is no file.

        Raises:
            ImpastoError: it is none, cannot be read, or is black everywhere.
        """
        source = mask_source(given, name)
        name = f"mask {source}" if isinstance(source, str | os.PathLike) else name
        with decoding(source, name):
            array = read_mask(source)
        if not array.any():
            raise ImpastoError(
                f"{name}: is black everywhere, so its style would not appear; paint white where it should"
            )
        return cls(name, array)

    def at(self, height: int, width: int) -> Array:
        """The mask for a photo of that size; if it has another size, it is resized, which is logged once."""
        if self.array.shape != (height, width) and (height, width) not in self._told:
            self._told.add((height, width))  # a film asks for each frame
            own = f"{self.array.shape[1]} × {self.array.shape[0]}"
            turned = (self.array.shape[0] - self.array.shape[1]) * (height - width) < 0
            doubt = "; one of the two is upright, the other is not: was it turned?" if turned else ""
            logger.warning("%s: resized from %s to the photo's %s × %s%s", self.name, own, width, height, doubt)
        return resize(self.array, height, width)


@dataclass(frozen=True)
class Regions:
    """Styles, and the part of the picture that each of them has.

    Attributes:
        styles: (R,P) float32. The first style is wherever the others leave room.
        masks: R-1 arrays (H,W) uint8, the share of every other style at each pixel. Where they add up to more than 255,
            they count in proportion.
        identity: for each style, the share of the identity style in it, from 0 to 1; empty if the model has none.
    """

    styles: Row
    masks: tuple[Array, ...] = ()
    identity: tuple[float, ...] = ()

    def resized(self, height: int, width: int) -> Regions:
        """The same for a picture of another size."""
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
