"""The edge for style images: any picture in, a painting to learn from out."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import os
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, ImageStat

from impasto.errors import ImpastoError
from impasto.images.arrays import Array, Pixels, resize, to_pixels
from impasto.images.io import READABLE, Photo, PhotoLike, open_image, read_photo
from impasto.styles.style import Box

LONG_SIDE = 768
"""Pixels of a painting's long side where nothing else is asked for; smaller paintings are read at their own size."""
PREDICTED_SIDE = 256
"""Pixels of a painting's shorter side where its style is predicted: what predictors are trained on."""
_LEAST_SIDE = 32
_LEAST_CONTRAST = 2.0
_LEAST_COLOR = 2.0
"""Levels between the channels of a pixel, in the mean: scans without colour have 0, the palest paintings 9."""
_OPAQUE = 0.99
_THUMBNAIL = (192, 192)


@dataclasses.dataclass(frozen=True)
class Painting:
    """A style image.

    Attributes:
        array: (H,W,3) uint8, sRGB, upright; what was transparent is white.
        name: of its file, or empty.
        sha256: of its file, or empty.
    """

    array: Array
    name: str = ""
    sha256: str = ""


def is_painting(name: str) -> bool:
    """Whether ``name`` is that of a picture file, and not of a style."""
    return Path(name).suffix.lower() in READABLE


def read_painting(source: PhotoLike, size: int | None = None, *, as_is: bool = True) -> Painting:
    """Read a style image.

    Args:
        source: see :func:`impasto.images.io.read_photo`.
        size: long side to which it is scaled, in pixels: smaller makes finer strokes. Without it, at most
            :data:`LONG_SIDE`.
        as_is: take it without colour, or partly transparent, too; otherwise those, which are seldom meant, are refused.

    Raises:
        ImpastoError: it cannot be read, is animated, is too small, or shows nothing: one colour, or all transparent; or
            is not to be taken as it is.
    """
    name = Path(source).name if isinstance(source, str | os.PathLike) else ""
    called = name or "style image"
    _refuse_animation(source, called)
    photo = read_photo(source)
    alpha = photo.origin.alpha
    if alpha is not None:
        opaque = alpha[..., None] / np.float32(255)
        photo = dataclasses.replace(photo, array=np.rint(photo.array * opaque + 255 * (1 - opaque)).astype(np.uint8))
    height, width = photo.array.shape[:2]
    if min(height, width) < _LEAST_SIDE:
        raise ImpastoError(
            f"{called}: is {width} × {height} pixels; a style needs at least {_LEAST_SIDE} × {_LEAST_SIDE}"
        )
    if max(ImageStat.Stat(Image.fromarray(photo.array)).stddev) < _LEAST_CONTRAST:  # NumPy takes twenty times as long
        raise ImpastoError(f"{called}: shows nothing but one colour; a style needs a painting")
    if not as_is and (doubt := _doubt(photo)):
        raise ImpastoError(f"{called}: {doubt}; to take it as it is, ask for that (--as-is, as_is=True)")
    if size or max(height, width) > LONG_SIDE:
        photo = photo.resized(size or LONG_SIDE)
    return Painting(photo.array, name, _digest(source))


def _doubt(photo: Photo) -> str:
    """What is seldom meant in a painting."""
    if photo.origin.alpha is not None and photo.origin.alpha.mean() < _OPAQUE * 255:
        return "is partly transparent, and would be painted on white"
    if np.ptp(photo.array, axis=2).mean() < _LEAST_COLOR:
        return "has no colours, and pictures in its style would have none"
    return ""


def for_predictor(painting: Painting) -> Pixels:
    """(1,3,h,w) float32 in [0,1], the shorter side :data:`PREDICTED_SIDE`, both multiples of 8."""
    height, width = painting.array.shape[:2]
    scale = PREDICTED_SIDE / min(height, width)
    return to_pixels(resize(painting.array, *(max(8, round(side * scale / 8) * 8) for side in (height, width))))


def _refuse_animation(source: PhotoLike, called: str) -> None:
    if isinstance(source, str | os.PathLike | io.BytesIO):
        with open_image(source) as image:
            frames = getattr(image, "n_frames", 1) if getattr(image, "is_animated", False) else 1
    else:
        frames = getattr(source, "n_frames", 1)
    if frames > 1:
        raise ImpastoError(f"{called}: is animated, {frames} frames; save the one you mean as a picture of its own")


def _digest(source: PhotoLike) -> str:
    if isinstance(source, str | os.PathLike):
        return hashlib.sha256(Path(source).read_bytes()).hexdigest()
    return ""


def thumbnail(array: Array) -> bytes:
    """A small JPEG of a style image (H,W,3), for its style file."""
    image = ImageOps.contain(Image.fromarray(array), _THUMBNAIL, Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def read_style_image(folder: Path, name: str, size: int | None = None, box: Box | None = None) -> Image.Image:
    """The style image ``name`` in ``folder``, RGB, or its part in ``box``, scaled to a long side of ``size`` pixels.

    Raises:
        ImpastoError: it is not there or is not a picture.
    """
    path = Path(folder) / name
    if not path.exists():
        raise ImpastoError(f"style image {path}: there is no such file; name its folder with --style-images")
    with open_image(path) as image:
        image = ImageOps.exif_transpose(image).convert("RGB")
    if box:
        left, top, right, bottom = (round(share * length) for share, length in zip(box, image.size * 2, strict=True))
        image = image.crop((left, top, right, bottom))
    if size:
        scale = size / max(image.size)
        image = image.resize([max(1, round(length * scale)) for length in image.size], Image.Resampling.LANCZOS)
    return image


def image_digest(folder: Path, name: str) -> str:
    """SHA-256 of a style image's file."""
    return hashlib.sha256((Path(folder) / name).read_bytes()).hexdigest()
