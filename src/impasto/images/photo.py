"""A decoded photo, and everything that is needed to give a picture back in the form in which its photo came."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from impasto.images.arrays import Array, Pixels, in_depth_of, resize, scaled, to_pixels


@dataclass(frozen=True)
class DeepImage:
    """A picture of 16 bits a channel, of which PIL has no images.

    Attributes:
        array: (H,W,3) or (H,W,4) uint16, RGB or RGBA.
        info: what goes into its file, like ``info`` of a PIL image.
        format: Pillow's name of the photo's file format.
    """

    array: npt.NDArray[np.uint16]
    info: Mapping[str, Any]
    format: str | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, in pixels."""
        return self.array.shape[1], self.array.shape[0]


Picture = Image.Image | Array
"""A finished picture, in the form in which its photo came."""


@dataclass(frozen=True)
class Origin:
    """Everything about a photo but its colours, so that a picture can be given back in the form the photo came in.

    Attributes:
        alpha: (H,W) uint8, or None for an opaque photo.
        as_array: whether the caller gave an array, and gets one back.
        metadata: what goes into the picture's file, see :func:`impasto.images.metadata.metadata_of`.
        format: Pillow's name of the file format.
        deep: whether the file has more than 8 bits a channel, and is one that pictures of 16 bits are written to.
    """

    alpha: Array | None
    as_array: bool
    metadata: Mapping[str, Any]
    format: str | None = None
    deep: bool = False

    def picture(self, array: Array) -> Picture:
        """A picture (H,W,3) uint8 in the form that the photo came in, the photo's alpha beside it."""
        if self.alpha is not None:
            array = np.dstack([array, resize(self.alpha, *array.shape[:2])])
        if self.as_array:
            return np.ascontiguousarray(array)
        image = Image.fromarray(np.ascontiguousarray(array))
        image.info.update(self.metadata)
        image.format = self.format
        return image

    def deep_picture(self, array: npt.NDArray[np.uint16]) -> DeepImage:
        """A picture (H,W,3) uint16 with the photo's alpha beside it."""
        if self.alpha is not None:
            array = np.dstack([array, in_depth_of(array, resize(self.alpha, *array.shape[:2]))])
        return DeepImage(array, self.metadata, self.format)


@dataclass(frozen=True)
class Photo:
    """A decoded photo.

    Attributes:
        array: (H,W,3) uint8, sRGB, upright. Where the photo is transparent, its colours continue what is visible.
        origin: everything else about it.
    """

    array: Array
    origin: Origin

    @property
    def pixels(self) -> Pixels:
        """(1,3,H,W) float32, RGB in [0,1]."""
        return to_pixels(self.array)

    @property
    def image(self) -> Image.Image:
        """The photo as a PIL image, RGB or RGBA."""
        picture = dataclasses.replace(self.origin, as_array=False).picture(self.array)
        assert isinstance(picture, Image.Image)
        return picture

    def size_at(self, long_side: int | None) -> tuple[int, int]:
        """Width and height, in pixels, with a long side of so many; None is the photo's own."""
        height, width = self.array.shape[:2]
        scale = (long_side or max(height, width)) / max(height, width)
        return max(1, round(width * scale)), max(1, round(height * scale))

    def resized(self, long_side: int) -> Photo:
        """The photo scaled to a long side of so many pixels, at least 1."""
        return dataclasses.replace(self, array=scaled(self.array, longer=long_side))

    def without_metadata(self) -> Photo:
        """The photo without what its file says about it: when, where, by whom, with what. Its colour profile stays."""
        kept = {name: value for name, value in self.origin.metadata.items() if name == "icc_profile"}
        return dataclasses.replace(self, origin=dataclasses.replace(self.origin, metadata=kept))
