"""From whatever a file holds to (H,W,3) uint8, sRGB, upright, and alpha beside it.

A photo of 200 megapixels fills the memory. So everything is done strip by strip, and each strip goes to its place in
the one array that is returned.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, ImageCms, ImageFile

from impasto.images.arrays import Array
from impasto.images.transparency import fill

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
"""The sRGB profile, as it stands in a file."""
_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
"""How colours are converted to sRGB: as browsers do it, those that sRGB has stay exactly as they are."""
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
"""Black becomes black, whatever the black of the other profile is."""
_STRIP = 4_000_000
"""The most pixels of a strip."""
_BITS, _PHOTOMETRIC, _PLANES, _SAMPLE_FORMAT = 258, 262, 284, 339
"""Tags of TIFF files."""
_BEYOND_WHITE = 16
"""Floating-point pictures may have lights of up to so many times the white."""
_DIRECTIONS = ((1, 1), (1, -1), (-1, -1), (-1, 1), (1, 1), (-1, 1), (-1, -1), (1, -1))
"""EXIF orientation, less 1 -> the directions of rows and columns; from 5 on, rows and columns change places before."""
_GREY_LEVELS = {"L;2": 85, "L;4": 17}
"""How PNG files store grey values of few bits -> the factor to 8 bits."""

Values = npt.NDArray[Any]
"""What a picture with more than 8 bits a pixel has: (H,W) integers or floats."""


def decode(image: Image.Image, *, labels: bool = False) -> tuple[Array, Array | None]:
    """Decode a picture: its rotation is applied, and every mode and colour profile turned to sRGB.

    Args:
        image: as it was opened.
        labels: take a picture of more than 8 bits whose values are 0 and 1 as black and white.

    Returns:
        (H,W,3) uint8, and alpha, (H,W) uint8 or None. What is wholly transparent has colours like what is around it.
    """
    image.load()
    profile = image.info.get("icc_profile")
    deep = _Deep.of(image, labels) if _is_grey_and_deep(image) else None
    to_srgb = _to_srgb("L" if deep or image.mode in ("1", "LA", "La") else image.mode, profile)
    orientation = _orientation(image)
    size = (image.height, image.width)[:: -1 if orientation >= 5 else 1]
    array = np.empty((*size, 3), np.uint8)
    alpha = np.empty(size, np.uint8) if image.has_transparency_data else None
    stored, stored_alpha = _as_stored(array, orientation), None if alpha is None else _as_stored(alpha, orientation)
    for rows, strip in _strips(image):
        color, opacity = deep.parted(strip) if deep else _parted(strip)
        stored[rows] = np.asarray(to_srgb(color))
        if stored_alpha is not None:
            stored_alpha[rows] = 255 if opacity is None else opacity
    if alpha is not None:
        fill(array, alpha)
    return array, alpha


def _strips(image: Image.Image) -> Iterator[tuple[slice, Image.Image]]:
    count = max(1, _STRIP // image.width)
    for top in range(0, image.height, count):
        bottom = min(image.height, top + count)
        yield slice(top, bottom), image.crop((0, top, image.width, bottom))


def _parted(strip: Image.Image) -> tuple[Image.Image, Array | None]:
    """A strip's colours without alpha, and its alpha."""
    if not strip.has_transparency_data:
        return strip, None
    if strip.mode == "La":
        strip = strip.convert("LA")
    if strip.mode in ("1", "L", "LA"):
        strip = strip.convert("LA")
        return strip.getchannel("L"), np.asarray(strip.getchannel("A"))
    strip = strip.convert("RGBA")
    return strip.convert("RGB"), np.asarray(strip.getchannel("A"))


def scale_transparency(image: ImageFile.ImageFile) -> None:
    """Bring the colour of a PNG file that stands for transparent to the scale of the pixels that Pillow decodes.

    Args:
        image: as it was opened, not decoded.
    """
    value, mode = image.info.get("transparency"), str(image.tile[0][3]) if getattr(image, "tile", None) else ""
    if image.format == "PNG" and isinstance(value, tuple) and mode.startswith("RGB;16"):
        image.info["transparency"] = tuple(each >> 8 for each in value)
    elif image.format == "PNG" and isinstance(value, int) and image.mode == "L":
        image.info["transparency"] = value * _GREY_LEVELS.get(mode, 1)


def deepen_planes(image: ImageFile.ImageFile) -> None:
    """Decode colours of 16 bits that lie in planes, uncompressed, as such; Pillow takes their bytes for 8 bits.

    Args:
        image: as it was opened, not decoded.
    """
    tags: Any = getattr(image, "tag_v2", {})
    if tags.get(_PLANES) == 2 and max(tags.get(_BITS, (1,))) == 16:
        order = "L" if tags.prefix == b"II" else "B"
        image.tile = [_deepened(tile, order) for tile in image.tile]


def _deepened(tile: Any, order: str) -> Any:
    """A part of a plane, whose values have 16 bits in this byte order; libtiff knows that it has."""
    if tile.codec_name != "raw":
        return tile
    plane, *layout = tile.args
    return tile._replace(args=(f"{plane};16{order}", *layout))


def is_deep(image: Image.Image) -> bool:
    """Whether a PNG or TIFF file has more than 8 bits a channel, whatever Pillow makes of them.

    Args:
        image: as it was opened, not decoded.
    """
    if image.format == "TIFF":
        return bool(max(getattr(image, "tag_v2", {}).get(_BITS, (1,))) > 8)
    tiles: list[Any] = getattr(image, "tile", [])
    return image.format == "PNG" and any(";16" in str(tile[3]) for tile in tiles)


def _is_grey_and_deep(image: Image.Image) -> bool:
    return image.mode == "F" or image.mode.startswith("I")


@dataclass(frozen=True)
class _Deep:
    """How grey values of more than 8 bits become 8 bits. Pillow's own conversion clips them instead of scaling.

    Attributes:
        white: the value that is white; 0 is black.
        inverted: whether 0 is white and ``white`` is black.
        unsigned: whether values, which Pillow has as signed, are not.
        transparent: the value that stands for transparent, or None.
    """

    white: float
    inverted: bool
    unsigned: bool
    transparent: int | None

    @classmethod
    def of(cls, image: Image.Image, labels: bool) -> _Deep:
        tags = getattr(image, "tag_v2", {})
        bits, kind = tags.get(_BITS, (16,))[0], tags.get(_SAMPLE_FORMAT, (1,))[0]
        unsigned = image.mode == "I" and bits == 32 and kind == 1
        how = cls(1, tags.get(_PHOTOMETRIC) == 0, unsigned, image.info.get("transparency"))
        peak = max(float(how.values(strip).max()) for _, strip in _strips(image))
        white = _white_of_floats(peak) if image.mode == "F" else _white_of_integers(peak, bits, kind)
        return cls(1 if labels and peak == 1 else white, how.inverted, unsigned, how.transparent)

    def values(self, strip: Image.Image) -> Values:
        """(H,W), finite."""
        values = np.asarray(strip)
        if self.unsigned:
            return values.view(np.uint32)
        return np.nan_to_num(values, nan=0, posinf=0, neginf=0) if values.dtype.kind == "f" else values

    def parted(self, strip: Image.Image) -> tuple[Image.Image, Array | None]:
        """A strip as grey values of 8 bits, and its alpha."""
        values = self.values(strip)
        alpha = None if self.transparent is None else np.where(values == self.transparent, 0, 255).astype(np.uint8)
        grey = np.rint(np.clip(values * (255 / self.white), 0, 255)).astype(np.uint8)
        return Image.fromarray(255 - grey if self.inverted else grey), alpha


def _white_of_integers(peak: float, bits: int, kind: int) -> float:
    """White for integers: the largest that there are, of 16 bits where 32 would make everything black."""
    if bits < 16:
        return 2**bits - 1
    signed = kind == 2
    if peak < 2**16:
        return 2 ** (16 - (signed and bits == 16)) - 1
    return 2 ** (32 - signed) - 1


def _white_of_floats(peak: float) -> float:
    """White for floats: 1 as TIFF files have it, or what arrays of 8 or 16 bits had before they became floats."""
    return next((white for white in (1, 255, 65535) if peak <= _BEYOND_WHITE * white), peak)


def _to_srgb(mode: str, profile: bytes | None) -> Callable[[Image.Image], Image.Image]:
    """What turns colours (1, L, RGB, CMYK, LAB, …) of ``profile`` to RGB; a profile that does not fit is ignored."""
    mode = mode if mode in ("L", "CMYK", "LAB") else "RGB"
    if profile:
        with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            profiles = io.BytesIO(profile), io.BytesIO(SRGB)
            transform = ImageCms.buildTransform(*profiles, mode, "RGB", _INTENT, _FLAGS)
            return lambda strip: transform.apply(strip if strip.mode == mode else strip.convert(mode))
    return lambda strip: strip if strip.mode == "RGB" else strip.convert("RGB")


def _orientation(image: Image.Image) -> int:
    """EXIF's orientation, 1 to 8; 1 (upright) for what is none. TIFF files are upright once they are loaded."""
    with suppress(Exception):  # whatever a damaged EXIF block may raise
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
        return int(value) if value in range(1, 9) else 1  # 6.0 is a 6, too
    return 1


def _as_stored(array: npt.NDArray[np.uint8], orientation: int) -> npt.NDArray[np.uint8]:
    """A view of an upright picture (H,W,…) as it lies in a file with this EXIF orientation."""
    if orientation >= 5:
        array = array.swapaxes(0, 1)
    rows, columns = _DIRECTIONS[orientation - 1]
    return array[::rows, ::columns]
