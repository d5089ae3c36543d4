"""Pictures as arrays.

A whole picture is (H,W,3) uint8. Where networks compute, it is (1,3,H,W) float32, RGB in [0,1].
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.float32]
"""What networks see and paint: (N,3,H,W) float32, RGB in [0,1]."""
Array = npt.NDArray[np.uint8]
"""A picture (H,W,3), RGB, or a mask or alpha channel (H,W), both uint8."""
_RESAMPLING = Image.Resampling.LANCZOS
"""The filter by which pictures are scaled."""


def to_pixels(array: Array) -> Pixels:
    """(H,W,3) uint8 -> (1,3,H,W) float32 in [0,1]."""
    return np.multiply(array.transpose(2, 0, 1)[None], np.float32(1 / 255), dtype=np.float32, order="C")


def to_array(pixels: Pixels) -> Array:
    """(1,3,H,W) float32 -> (H,W,3) uint8, clipped to [0,1] and rounded."""
    return np.rint(np.clip(pixels[0], 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)


def resize(array: Array, height: int, width: int) -> Array:
    """(H,W) or (H,W,3) uint8 -> the same at another size."""
    if array.shape[:2] == (height, width):
        return array
    if array.ndim == 2:
        return np.asarray(Image.fromarray(array).resize((width, height), _RESAMPLING))
    # Channel by channel: Pillow keeps colours in 4 bytes a pixel, and large photos fill the memory.
    resized = np.empty((height, width, array.shape[2]), np.uint8)
    for channel in range(array.shape[2]):
        resized[..., channel] = resize(np.ascontiguousarray(array[..., channel]), height, width)
    return resized


def mixed(first: Array, second: Array, share: float) -> Array:
    """Two pictures (H,W,3) uint8, one laid over the other: a share of 0 is the first, 1 the second."""
    return np.asarray(Image.blend(Image.fromarray(first), Image.fromarray(second), share))


def scaled(array: Array, *, longer: int | None = None, shorter: int | None = None) -> Array:
    """Scale (H,W) or (H,W,3) uint8 so that its longer, or its shorter, side has the given length in pixels."""
    height, width = array.shape[:2]
    scale = longer / max(height, width) if longer is not None else (shorter or 1) / min(height, width)
    return resize(array, max(1, round(height * scale)), max(1, round(width * scale)))


def resized_part(array: Array, size: tuple[int, int], window: tuple[int, int, int, int]) -> Array:
    """A part of a scaled picture, without scaling the rest.

    Args:
        array: (H,W,3) uint8.
        size: height and width that the whole would be scaled to.
        window: top, left, height and width of the part, in pixels of the scaled picture.

    Returns:
        (height,width,3) uint8. Parts agree where they overlap.
    """
    if array.shape[:2] == size:
        return array[window[0] : window[0] + window[2], window[1] : window[1] + window[3]]
    (top, bottom), (left, right) = ends = [
        (first * length / made, (first + count) * length / made)
        for first, count, length, made in zip(window, window[2:], array.shape, size, strict=False)
    ]
    # The filter sees three pixels of the smaller picture on each side.
    reach = [4 * max(1, -(-length // made)) for length, made in zip(array.shape, size, strict=False)]
    first = [max(0, int(start) - far) for (start, _), far in zip(ends, reach, strict=True)]
    last = [int(stop) + far + 1 for (_, stop), far in zip(ends, reach, strict=True)]
    box = (left - first[1], top - first[0], right - first[1], bottom - first[0])
    # In floating point: what Pillow rounds and clips between its two passes over 8 bits depends on the window.
    near = array[first[0] : last[0], first[1] : last[1]].astype(np.float32)
    maps = [Image.fromarray(np.ascontiguousarray(near[..., channel])) for channel in range(near.shape[2])]
    part = np.dstack([np.asarray(each.resize((window[3], window[2]), _RESAMPLING, box)) for each in maps])
    return np.clip(np.rint(part), 0, 255).astype(np.uint8)
