"""Style images: any picture in, a painting to learn from out. Nothing else reads them."""

from __future__ import annotations

import dataclasses
import os
import sys
from numbers import Integral
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image, ImageOps, ImageStat

from impasto.errors import ImpastoError, shown
from impasto.files import digest
from impasto.images.arrays import Array, Pixels, resize, scaled, to_pixels
from impasto.images.formats import READABLE
from impasto.images.photo import Photo
from impasto.images.reading import PhotoLike, check_pixels, read_photo
from impasto.images.writing import encode
from impasto.styles import LONG_SIDE
from impasto.styles.style import Box, StyleInfo

PREDICTED_SIDE = 256
"""Shorter side, in pixels, of the paintings that a predictor sees: what predictors are trained on."""
_LEAST_SIDE = 32
"""Shorter side, in pixels, that a painting must have."""
_LEAST_CONTRAST = 2.0
"""Standard deviation, in grey levels, that some channel of a painting must have."""
_LEAST_COLOR = 2.0
"""A painting whose pixels differ by less between their channels, in levels and in the mean, counts as without colour.
Scans without colour have 0, the palest paintings 9."""
_OPAQUE = 0.99
"""Mean alpha, of 1, below which a painting counts as partly transparent."""
_LONG = 3
"""From how many times as long as wide a painting is a scroll or frieze, and its shorter side decides how it is read."""
_SCROLL = 2_000_000
"""The most pixels at which a scroll is read, unless a size is given."""
_PARTS = 8
"""The most parts of a scroll that a predictor sees."""
_THUMBNAIL = (192, 192)
"""Most pixels of a thumbnail, width and height."""


@dataclasses.dataclass(frozen=True)
class Painting:
    """A style image as it is learned from.

    Attributes:
        array: (H,W,3) uint8, sRGB, upright; what was transparent is white.
        name: of its file, or empty.
        sha256: of its file, or empty.
        box: the part of the file's picture that it is, see :attr:`impasto.styles.style.StyleInfo.image_box`.
    """

    array: Array
    name: str = ""
    sha256: str = ""
    box: Box | None = None

    @property
    def size(self) -> int:
        """The long side, in pixels, at which it was read."""
        return max(self.array.shape[:2])

    def described_in(self, info: StyleInfo) -> StyleInfo:
        """``info`` with everything that tells which pixels of which file the style was learned from."""
        return msgspec.structs.replace(
            info, image=self.name, image_sha256=self.sha256, image_box=self.box, image_size=self.size
        )


def is_painting(name: str) -> bool:
    """Whether ``name`` is that of a picture file, and not of a style: by its ending alone."""
    return Path(name).suffix.lower() in READABLE


def read_painting(
    source: PhotoLike,
    size: int | None = None,
    box: Box | None = None,
    *,
    most: int | None = LONG_SIDE,
    as_is: bool = True,
) -> Painting:
    """Read a style image: the one way in for all that predicts, fits, trains and evaluates.

    Args:
        source: see :func:`impasto.images.reading.read_photo`.
        size: long side, in pixels, to which the painting (or its ``box``) is scaled: smaller makes finer strokes.
            Without one, the shorter side of a scroll has :data:`PREDICTED_SIDE`, if that makes it larger.
        box: the part to take: left, top, right and bottom, as shares of the picture's width and height.
        most: long side, in pixels, at which a larger painting that is no scroll is read, if no ``size`` is given; None
            takes any as it is.
        as_is: take a painting without colour, or a partly transparent one, too. Otherwise these, which are seldom
            meant, are refused.

    Raises:
        ImpastoError: it cannot be read, is too small, shows nothing (one colour, or all transparent), or is not to be
            taken as it is.
    """
    if size is not None and not (isinstance(size, Integral) and size >= _LEAST_SIDE):
        raise ImpastoError(f"size {shown(size)}: a style image must be read at {_LEAST_SIDE} pixels or more")
    name = Path(source).name if isinstance(source, str | os.PathLike) else ""
    called = name or "style image"
    photo = read_photo(source, long_side=None if box else size or most, short_side=PREDICTED_SIDE)
    array = _part(_on_white(photo), box)
    _check_shows_something(array, called)
    if not as_is and (doubt := _doubt(array, photo.origin.alpha)):
        raise ImpastoError(f"{called}: {doubt}; to take it as it is, ask for that (--as-is, as_is=True)")
    height, width = array.shape[:2]
    wanted = size or min(max(height, width), _longest(height, width, most))
    shorter = wanted * min(height, width) // max(height, width)  # in whole numbers, however large
    check_pixels(called, wanted * shorter, does="would get", advice="give a smaller size")
    return Painting(scaled(array, longer=wanted), name, _digest(source), box)


def _longest(height: int, width: int, most: int | None) -> int:
    """The long side at which a painting of this size is read, in pixels, if it has more."""
    if most is None or max(height, width) < _LONG * min(height, width):
        return most or sys.maxsize
    ratio = max(height, width) / min(height, width)
    return max(most, round(min(PREDICTED_SIDE * ratio, (_SCROLL * ratio) ** 0.5)))


def painting_of(info: StyleInfo, folder: str | os.PathLike[str]) -> Painting:
    """The painting that a style was learned from, with the same pixels.

    Args:
        info: what is known of the style; see its ``image_size`` for files that do not say the size.
        folder: where its file is.

    Raises:
        ImpastoError: the file is missing, cannot be read, or is another one.
    """
    path = style_image_path(folder, info.image)
    if _digest(path) != info.image_sha256:
        raise ImpastoError(f"style image {path}: is not the file that {info.slug!r} was trained on")
    return read_painting(path, info.image_size, info.image_box, most=None)


def style_image_path(folder: str | os.PathLike[str], name: str) -> Path:
    """The file ``name`` in a folder of style images.

    Raises:
        ImpastoError: it is not there.
    """
    path = Path(folder) / name
    if not path.is_file():
        raise ImpastoError(f"style image {path}: there is no such file; name its folder with --style-images")
    return path


def _on_white(photo: Photo) -> Array:
    """(H,W,3) uint8, what is transparent made white."""
    alpha = photo.origin.alpha
    if alpha is None:
        return photo.array
    opaque = alpha[..., None] / np.float32(255)
    return np.rint(photo.array * opaque + 255 * (1 - opaque)).astype(np.uint8)


def _part(array: Array, box: Box | None) -> Array:
    """The part of a picture (H,W,3) in ``box``, or all of it."""
    height, width = array.shape[:2]
    left, top, right, bottom = (
        round(share * length) for share, length in zip(box or (0, 0, 1, 1), (width, height) * 2, strict=True)
    )
    return array[top:bottom, left:right]


def _check_shows_something(array: Array, called: str) -> None:
    height, width = array.shape[:2]
    if min(height, width) < _LEAST_SIDE:
        raise ImpastoError(
            f"{called}: is {width} × {height} pixels; a style needs at least {_LEAST_SIDE} × {_LEAST_SIDE}"
        )
    image = Image.fromarray(np.ascontiguousarray(array))
    if max(ImageStat.Stat(image).stddev) < _LEAST_CONTRAST:  # NumPy takes twenty times as long
        raise ImpastoError(f"{called}: shows nothing but one colour; a style needs a painting")


def _doubt(array: Array, alpha: Array | None) -> str:
    """What is seldom meant in a painting (H,W,3) with this alpha (H,W), or nothing."""
    if alpha is not None and alpha.mean() < _OPAQUE * 255:
        return "is partly transparent, and would be painted on white"
    if np.ptp(array, axis=2).mean() < _LEAST_COLOR:
        return "has no colours, and pictures in its style would have none"
    return ""


def for_predictor(painting: Painting) -> list[Pixels]:
    """What a predictor sees: (1,3,h,w) float32 in [0,1], the painting whole; of a scroll, parts spread over its length.

    The shorter side is :data:`PREDICTED_SIDE`, and both are multiples of 8. Parts are twice as long as wide, so that
    memory is bounded.
    """
    height, width = painting.array.shape[:2]
    scale = PREDICTED_SIDE / min(height, width)
    size = [max(8, round(side * scale / 8) * 8) for side in (height, width)]
    whole = resize(painting.array, *size)
    if max(size) < _LONG * min(size):
        return [to_pixels(whole)]
    length, axis = 2 * PREDICTED_SIDE, int(width > height)
    starts = np.linspace(0, size[axis] - length, min(_PARTS, size[axis] // length)).astype(int)
    return [to_pixels(np.take(whole, range(start, start + length), axis)) for start in starts]


def _digest(source: PhotoLike) -> str:
    return digest(Path(source).read_bytes()) if isinstance(source, str | os.PathLike) else ""


def thumbnail(array: Array) -> bytes:
    """A small JPEG of a style image (H,W,3), for its style file."""
    image = ImageOps.contain(Image.fromarray(np.ascontiguousarray(array)), _THUMBNAIL, Image.Resampling.LANCZOS)
    return encode(image, "JPEG", quality=85, subsampling=-1)
