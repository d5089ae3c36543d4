"""Pictures as arrays.

A whole picture is (H,W,3) uint8, or uint16 if it is to be written with 16 bits. Where networks compute, it is (1,3,H,W)
float32, RGB in [0,1].
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.float32]
"""What networks see and paint: (N,3,H,W) float32, RGB in [0,1]."""
Array = npt.NDArray[np.uint8]
"""A picture (H,W,3), RGB, or a mask or alpha channel (H,W), both uint8."""
Levels = npt.NDArray[np.unsignedinteger[Any]]
"""A picture (H,W,3) of 8 or 16 bits: uint8 or uint16. White is the largest value of the type."""
Depth = TypeVar("Depth", bound=np.unsignedinteger[Any])
"""uint8 or uint16."""
_RESAMPLING = Image.Resampling.LANCZOS
"""The filter by which pictures are scaled."""
_ENLARGING = Image.Resampling.BICUBIC
"""The filter by which parts of pictures are enlarged."""
_GAP = 1.9
"""What is reduced by more than twice this factor is first averaged over squares of pixels, to at least so many times
its new size."""
_STRIP = 256
"""Height, in pixels, of the strips in which large pictures are scaled."""


def white(array: Levels) -> int:
    """The largest value of a picture's type, which is white."""
    return int(np.iinfo(array.dtype).max)


def to_pixels(array: Levels) -> Pixels:
    """(H,W,3) -> (1,3,H,W) float32 in [0,1]."""
    return np.multiply(array.transpose(2, 0, 1)[None], np.float32(1 / white(array)), dtype=np.float32, order="C")


def to_array(pixels: Pixels, dtype: type[Depth] = np.uint8) -> npt.NDArray[Depth]:  # type: ignore[assignment]
    """(1,3,H,W) float32 -> (H,W,3), clipped to [0,1] and rounded."""
    return np.rint(np.clip(pixels[0], 0, 1) * np.float32(np.iinfo(dtype).max)).astype(dtype).transpose(1, 2, 0)


def in_depth_of(picture: npt.NDArray[Depth], array: Array) -> npt.NDArray[Depth]:
    """An array of 8 bits in the depth of a picture: exact, as 65535 is 257 · 255."""
    return array.astype(picture.dtype) * picture.dtype.type(white(picture) // 255)


def in_8_bits(array: Levels) -> Array:
    """A picture (H,W,3) in 8 bits."""
    return array if array.dtype == np.uint8 else (array >> 8).astype(np.uint8)


def resize(array: npt.NDArray[Depth], height: int, width: int) -> npt.NDArray[Depth]:
    """(H,W) uint8, or (H,W,3) uint8 or uint16 -> the same at another size."""
    if array.shape[:2] == (height, width):
        return array
    if array.dtype != np.uint8:
        return _resized_in_strips(array, height, width)
    if (factor := int(min(array.shape[0] / height, array.shape[1] / width) / _GAP)) > 1:
        ends = array.shape[1] / factor, array.shape[0] / factor
        small = Image.fromarray(_means(array, factor))
        return np.asarray(small.resize((width, height), _RESAMPLING, (0, 0, *ends)))
    if array.ndim == 2:
        return np.asarray(Image.fromarray(array).resize((width, height), _RESAMPLING))
    # Channel by channel: Pillow keeps colours in 4 bytes a pixel, and large photos fill the memory.
    resized = np.empty((height, width, array.shape[2]), array.dtype)
    for channel in range(array.shape[2]):
        resized[..., channel] = resize(np.ascontiguousarray(array[..., channel]), height, width)
    return resized


def _means(array: npt.NDArray[Depth], factor: int) -> npt.NDArray[Depth]:
    """The means of squares of ``factor`` × ``factor`` pixels, of (H,W) or (H,W,3) uint8."""
    height = -(-_STRIP // factor) * factor
    strips = (array[top : top + height] for top in range(0, len(array), height))
    return np.concatenate([np.asarray(Image.fromarray(strip).reduce(factor)) for strip in strips])


def _resized_in_strips(array: npt.NDArray[Depth], height: int, width: int) -> npt.NDArray[Depth]:
    """:func:`resize` for (H,W,3) uint16, which Pillow does not know."""
    resized = np.empty((height, width, array.shape[2]), array.dtype)
    for top in range(0, height, _STRIP):
        count = min(_STRIP, height - top)
        resized[top : top + count] = resized_part(array, (height, width), (top, 0, count, width))
    return resized


def mixed(first: Array, second: Levels, share: float) -> Levels:
    """Two pictures (H,W,3), one laid over the other: a share of 0 is the first, which is uint8, 1 the second."""
    if second.dtype != np.uint8:
        laid = second.copy()
        for top in range(0, len(laid), _STRIP):
            below = in_depth_of(second, first[top : top + _STRIP]).astype(np.float32)
            laid[top : top + _STRIP] = np.rint(below + np.float32(share) * (second[top : top + _STRIP] - below))
        return laid
    return np.asarray(Image.blend(Image.fromarray(first), Image.fromarray(second), share))


def scaled(array: npt.NDArray[Depth], *, longer: int | None = None, shorter: int | None = None) -> npt.NDArray[Depth]:
    """Scale (H,W) or (H,W,3) so that its longer, or its shorter, side has the given length in pixels."""
    height, width = array.shape[:2]
    scale = longer / max(height, width) if longer is not None else (shorter or 1) / min(height, width)
    return resize(array, max(1, round(height * scale)), max(1, round(width * scale)))


def resized_part(
    array: npt.NDArray[Depth], size: tuple[int, int], window: tuple[int, int, int, int]
) -> npt.NDArray[Depth]:
    """A part of a scaled picture, without scaling the rest.

    Args:
        array: (H,W,3).
        size: height and width that the whole would be scaled to.
        window: top, left, height and width of the part, in pixels of the scaled picture.

    Returns:
        (height,width,3). Parts agree where they overlap, but for what Pillow rounds and clips: a level or two, a few
        in hard noise.
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
    near = array[first[0] : last[0], first[1] : last[1]]
    if near.dtype == np.uint8:
        return np.asarray(Image.fromarray(near).resize((window[3], window[2]), _ENLARGING, box))
    near = near.astype(np.float32)
    maps = [Image.fromarray(np.ascontiguousarray(near[..., channel])) for channel in range(near.shape[2])]
    part = np.dstack([np.asarray(each.resize((window[3], window[2]), _RESAMPLING, box)) for each in maps])
    return np.clip(np.rint(part), 0, white(array)).astype(array.dtype)
