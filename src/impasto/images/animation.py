"""The frames of an animated WebP file, which FFmpeg does not read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from PIL import Image

from impasto.images.arrays import Array
from impasto.images.reading import open_image


def read_animation(path: str | os.PathLike[str], max_pixels: int | None = None) -> Iterator[tuple[Array, Fraction]]:
    """Every frame of an animation (H,W,3) uint8, on white, and for how many seconds it is shown.

    Raises:
        ImpastoError: it cannot be read.
    """
    with open_image(path, max_pixels) as image:
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            image.load()
            frame = image.convert("RGBA")
            array = np.asarray(Image.alpha_composite(Image.new("RGBA", frame.size, "white"), frame).convert("RGB"))
            yield array, Fraction(image.info.get("duration") or 40).limit_denominator(1000) / 1000
