"""What a caller gives as a photo, a painting or a mask, made into what ``images`` reads.

Anything else is refused here, by the name of the parameter, and is never printed: it may be a file of many megabytes.
"""

from __future__ import annotations

import io
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Real
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image

from impasto.errors import ImpastoError, checked_path, kind_of, shown
from impasto.images import reading
from impasto.images.arrays import Array
from impasto.images.photo import Photo
from impasto.images.reading import check_pixels, read_photo

ImageLike = str | os.PathLike[str] | bytes | io.BytesIO | Image.Image | Photo
"""Every form of a photo that becomes a PIL image; an array becomes an array."""
PhotoLike = ImageLike | Array
"""A photo: its path, its file's bytes, a PIL image, a decoded photo, or an array (H,W), (H,W,3) or (H,W,4) uint8, RGB
or RGBA."""
T = TypeVar("T")
Batch = list[T] | tuple[T, ...]
"""Several photos, which become a list of pictures. Several in one array, (N,H,W,3) or (N,H,W,4), become an array."""
MaskLike = ImageLike | npt.NDArray[np.generic]
"""A mask, white where the style is: its path, the bytes of its file, a PIL image, or an array (H,W), (H,W,3) or
(H,W,4). An array is bool, floating point from 0 to 1, or whole numbers from 0 to 255, or of nothing but 0 and 1."""

_PHOTO = "a path, the bytes of a file, a PIL image, or an array (H,W,3) uint8"


class Given(io.BytesIO):
    """The bytes of a file, and the name of the parameter that they were given for, by which messages call them."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name


def source_of(given: object, name: str, kinds: str = _PHOTO) -> reading.PhotoLike:
    """What :func:`impasto.images.reading.read_photo` reads, from what was given.

    Args:
        given: anything.
        name: of the parameter.
        kinds: what the parameter takes, in words.

    Raises:
        ImpastoError: it is of another kind, or an array of another shape or dtype.
    """
    if isinstance(given, bytes | bytearray | memoryview):
        return Given(bytes(given), name)
    if isinstance(given, io.BytesIO) and not isinstance(given, Given):
        return Given(given.getvalue(), name)  # whole, wherever it was read or written to
    if isinstance(given, str | os.PathLike):
        checked_path(given, name, kinds)
        return given
    if isinstance(given, np.ndarray):
        return _array(given, name)
    if not isinstance(given, Image.Image | Photo | Given):
        raise ImpastoError(f"{name}: is {kind_of(given)}; give {kinds}")
    return given


@contextmanager
def decoding(source: reading.PhotoLike, name: str) -> Iterator[None]:
    """A context in which a source is read; a PIL image, which may read its file only then, is named if it cannot.

    Raises:
        ImpastoError: it cannot.
    """
    try:
        yield
    except (OSError, SyntaxError, ValueError) as error:
        if not isinstance(source, Image.Image):
            raise
        raise ImpastoError(f"{name}: this PIL image cannot be decoded ({error}); open its file again") from None


def photo_of(given: object, name: str, max_pixels: int, long_side: int | None = None) -> Photo:
    """Read a photo.

    Args:
        given: the photo.
        name: of the parameter.
        max_pixels: photos of more pixels are refused; their files are not even decoded.
        long_side: to which it will be scaled, in pixels, if that is known.

    Raises:
        ImpastoError: it is of no kind that can be read, cannot be read, or is too large.
    """
    source = source_of(given, name)
    if isinstance(source, Image.Image):
        check_pixels(name, source.width * source.height, max_pixels, does="has")
    with decoding(source, name):
        photo = read_photo(source, max_pixels, long_side=long_side)
    check_pixels(name, photo.array.size // 3, max_pixels, does="has")
    return photo


def pixels_allowed(max_megapixels: float) -> int:
    """How many pixels a number of megapixels is.

    Raises:
        ImpastoError: it is not a number above 0.
    """
    number = isinstance(max_megapixels, Real) and not isinstance(max_megapixels, bool)
    if not (number and 0 < max_megapixels < math.inf):
        raise ImpastoError(f"max_megapixels {shown(max_megapixels)}: must be a number above 0")
    return round(max_megapixels * 10**6)


def batch_of(given: object) -> list[tuple[object, str]] | None:
    """The photos of a batch, with names for messages; None for a single photo."""
    if isinstance(given, list | tuple) or (isinstance(given, np.ndarray) and given.ndim == 4 and len(given)):
        return [(each, f"photo[{number}]") for number, each in enumerate(given)]
    return None


def pairs_of(regions: object) -> list[tuple[Any, Any]]:
    """The pairs of a mask and a style that were given as regions.

    Raises:
        ImpastoError: they are no list of pairs.
    """
    if not isinstance(regions, list | tuple):
        raise ImpastoError(f"regions: is {kind_of(regions)}; give pairs of a mask and a style, [(mask, style)]")
    for number, pair in enumerate(regions):
        if not (isinstance(pair, list | tuple) and len(pair) == 2):
            raise ImpastoError(f"regions[{number}]: is {kind_of(pair)}; give a pair of a mask and a style")
    return [(mask, style) for mask, style in regions]


def mask_source(given: object, name: str) -> reading.PhotoLike:
    """What :func:`impasto.images.masks.read_mask` reads, from what was given as a mask.

    Raises:
        ImpastoError: it is of another kind, or an array of another shape or of other values.
    """
    if isinstance(given, np.ndarray):
        given = grey_levels(_plane(given), name)
    return source_of(given, name, "a path, the bytes of a file, a PIL image, or an array (H,W), bool, 0 to 1, or uint8")


def grey_levels(mask: npt.NDArray[Any], name: str) -> Array:
    """A mask as uint8, 255 where the style is.

    Args:
        mask: bool; floating point from 0 to 1; or whole numbers, from 0 to 255 or of nothing but 0 and 1.
        name: of the parameter.

    Raises:
        ImpastoError: it has other values.
    """
    most = {"b": 1, "f": 1, "i": 255, "u": 255}.get(mask.dtype.kind)
    if most is None or not ((mask >= 0) & (mask <= most)).all():
        raise ImpastoError(f"{name}: has other values than bool, floats from 0 to 1, or whole numbers from 0 to 255")
    if mask.dtype.kind == "f":
        return np.rint(mask.astype(np.float32) * 255).astype(np.uint8)
    levels = mask.astype(np.uint8, copy=False)
    return levels * np.uint8(255) if mask.size and levels.max() == 1 else levels


def _plane(mask: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """(1,H,W) and (H,W,1), which networks that find objects return, as (H,W)."""
    if mask.ndim != 3 or mask.shape[2] in (3, 4):
        return mask
    if mask.shape[2] == 1:
        return mask[..., 0]
    return mask[0] if len(mask) == 1 else mask


def _array(given: npt.NDArray[np.generic], name: str) -> Array:
    shape = given.shape
    if given.dtype != np.uint8 or len(shape) not in (2, 3) or (len(shape) == 3 and shape[2] not in (3, 4)):
        hint = "; (255 * array).round().astype('uint8') if it is from 0 to 1" if given.dtype.kind == "f" else ""
        raise ImpastoError(f"{name}: is {shape} {given.dtype}; give (H,W), (H,W,3) or (H,W,4) uint8, RGB or RGBA{hint}")
    if 0 in shape:
        raise ImpastoError(f"{name}: is {shape}, an array without pixels")
    return given.view(np.uint8)
