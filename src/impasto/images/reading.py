"""The one reader of pictures: files, bytes, PIL images and arrays in, photos out.

Rotation, colour profiles, alpha, 16 bits and several frames are decided here and in :mod:`impasto.images.decoding`,
once, for photos, masks, style images and training alike. Nothing else opens a picture.
"""

from __future__ import annotations

import ctypes
import io
import logging
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile

from impasto.errors import ImpastoError, TooLargeError, UnreadableError, checked_path, pip_install
from impasto.images.arrays import Array
from impasto.images.decoding import SRGB, decode, deepen_planes, is_deep, scale_transparency
from impasto.images.formats import OPENED, RAW
from impasto.images.metadata import metadata_of
from impasto.images.photo import Origin, Photo
from impasto.images.png_text import without_long_texts

logger = logging.getLogger(__name__)

File = str | os.PathLike[str] | io.BytesIO
"""A picture's file: its path, or its content."""
PhotoLike = File | Image.Image | Array | Photo
"""Whatever a photo may be given as; see :func:`read_photo`."""
MAX_PIXELS = 250_000_000
"""The most pixels of a picture, unless a caller asks for others: phones make photos of 200 million."""
_RAISE = "raise --max-megapixels (in Python max_megapixels) if that is meant"
_STARTS = (b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FOVb")
"""How raw files begin that are not TIFF files."""
_START = 64
"""How many bytes of a file tell its format."""
_KIND, _PARTS, _DNG = 254, 330, 50706
"""Tags of TIFF files: whether a picture is a preview, further pictures, and the version of a DNG file."""
_UNKNOWN_PIXELS = "unknown pixel mode"
"""What Pillow says of TIFF files that it cannot decode, such as floats in colour."""
_PAGES = {"TIFF": "pages", "GIF": "frames", "PNG": "frames", "WEBP": "frames", "AVIF": "frames"}
"""Format -> what its further pictures are. Those of an MPO or HEIC file are the same photo in other ways."""

with suppress(AttributeError, OSError):  # where libtiff is a part of Pillow's own library, it cannot be reached
    ctypes.CDLL(cast(Any, Image.core).__file__).TIFFSetErrorHandler(None)  # Pillow's error says what is wrong


def read_photo(
    source: PhotoLike,
    max_pixels: int | None = None,
    *,
    labels: bool = False,
    long_side: int | None = None,
    short_side: int = 1,
) -> Photo:
    """Decode a photo: EXIF rotation applied, alpha set aside, every mode and colour profile turned to sRGB.

    Of several pages or frames it is the first, which is logged.

    Args:
        source: a path; the bytes of a file; a PIL image; or an array, (H,W), (H,W,3) or (H,W,4), uint8. A photo that is
            decoded already is returned as it is.
        max_pixels: files that claim more are refused before they are read, see :func:`open_image`.
        labels: see :func:`impasto.images.decoding.decode`.
        long_side, short_side: sides, in pixels, to which the photo will be scaled at most, if they are known. A JPEG
            that is larger than twice that is decoded at a half, a quarter or an eighth of its size, which is sooner
            done.

    Raises:
        ImpastoError: the file is missing, no picture, a camera's raw file, truncated or too large; or the array has
            another shape or dtype.
    """
    if isinstance(source, Photo):
        return source
    if isinstance(source, np.ndarray):
        return _photo(Image.fromarray(_checked(source)), as_array=True)
    if isinstance(source, Image.Image):
        return _photo(source, labels=labels)
    if not isinstance(source, str | os.PathLike | io.BytesIO):
        kinds = "a path, a file's bytes as io.BytesIO, a PIL image or an array"
        raise ImpastoError(f"photo: is a {type(source).__name__}; give {kinds}")
    if not isinstance(source, io.BytesIO):
        checked_path(source, "photo", "a path, or a file's bytes as io.BytesIO")
    with open_image(source, max_pixels) as image:
        _say_if_several(image, _called(source))
        if long_side:
            _decode_smaller(image, long_side, short_side)
        return _photo(image, labels=labels)


def _photo(image: Image.Image, *, as_array: bool = False, labels: bool = False) -> Photo:
    deep = is_deep(image)  # before anything decodes it
    metadata: dict[str, Any] = metadata_of(image)
    if image.info.get("icc_profile"):
        metadata["icc_profile"] = SRGB
    array, alpha = decode(image, labels=labels)
    file_format = "JPEG" if image.format == "MPO" else image.format
    return Photo(array, Origin(alpha, as_array, metadata, file_format, deep))


def _decode_smaller(image: Image.Image, long: int, short: int) -> None:
    """Have a JPEG decoded at a smaller size that still has twice these sides, and the very shape of the photo."""
    sides = sorted(image.size)
    for scale in (8, 4, 2):
        if sides[1] >= 2 * long * scale and sides[0] >= 2 * short * scale and not any(side % scale for side in sides):
            image.draft(None, (image.width // scale, image.height // scale))  # does nothing for other formats
            return


@contextmanager
def open_image(source: File, max_pixels: int | None = None) -> Iterator[Image.Image]:
    """Open a picture file; what goes wrong while it is open, decoding included, is reported as one clear line.

    Args:
        source: a path, or the bytes of a file, which messages call by their ``name`` if they have one.
        max_pixels: a file whose header claims more pixels is refused before it is decoded. None is :data:`MAX_PIXELS`.
    """
    called = _called(source)
    try:
        with _opened(source, called) as image:
            check_pixels(called, image.width * image.height, max_pixels)
            scale_transparency(image)
            deepen_planes(image)
            yield image
    except ImpastoError:
        raise
    except (FileNotFoundError, NotADirectoryError):
        raise ImpastoError(f"{called}: there is no such file") from None
    except IsADirectoryError:
        raise ImpastoError(f"{called}: is a folder; name the photos in it") from None
    except PermissionError:
        raise ImpastoError(f"{called}: cannot be read; check its permissions") from None
    except MemoryError:
        raise ImpastoError(f"{called}: needs more memory than there is; give a smaller photo") from None
    except Exception as error:  # decoders raise nearly everything for a damaged file
        why = " ".join(str(error).split())[:100] or type(error).__name__
        raise ImpastoError(f"{called}: is damaged ({why}); get a new copy of it") from None


def check_pixels(
    called: object, pixels: int, max_pixels: int | None = None, does: str = "claims", advice: str = _RAISE
) -> None:
    """Check the size of a picture before memory is asked for.

    Args:
        called: what messages call it.
        pixels: how many it has.
        max_pixels: the most pixels that it may have; None is :data:`MAX_PIXELS`.
        does: the verb for what it does with them.
        advice: what to do.

    Raises:
        TooLargeError: it has more.
    """
    most = MAX_PIXELS if max_pixels is None else max_pixels
    if pixels > most:
        raise TooLargeError(f"{called}: {does} more than {most / 1e6:g} megapixels; {advice}")


def _called(source: object) -> str:
    """What messages call a source: its path. Its content is never printed."""
    return str(source) if isinstance(source, str | os.PathLike) else getattr(source, "name", "standard input")


def _opened(source: str | os.PathLike[str] | io.BytesIO, called: str) -> ImageFile.ImageFile:
    """Open a file as :func:`PIL.Image.open` does, but by its content alone, and whatever size it claims.

    Raises:
        ImpastoError: it is empty, or has pixels of a kind that is not read.
        UnreadableError: it is none of the formats in :data:`OPENED`, or a camera's raw file.
    """
    with nullcontext(source) if isinstance(source, io.BytesIO) else Path(source).open("rb") as file:
        file.seek(0)
        start = file.read(_START)
        shortened = without_long_texts(cast(BinaryIO, file))
    if not start:
        raise ImpastoError(f"{called}: is empty")
    if Path(called).suffix.lower() in RAW or start.startswith(_STARTS) or start[4:12] == b"ftypcrx ":
        raise _undeveloped(called)
    damage: Exception | None = None
    for factory, accepts in (Image.OPEN[name] for name in OPENED):
        if accepts is None or accepts(start.ljust(_START, b"\0")) is True:
            try:
                return _developed(_made(factory, shortened or source), start, called)
            except (SyntaxError, IndexError, TypeError, struct.error) as error:
                damage = damage or (error if accepts is not None else None)
    if str(damage) == _UNKNOWN_PIXELS:
        raise ImpastoError(f"{called}: has an unsupported pixel format; save it with 8 or 16 bits per channel")
    if damage is not None:
        raise damage
    raise UnreadableError(f"{called}: {_why_unreadable(called, start)}")


def _made(factory: Any, source: str | os.PathLike[str] | io.BytesIO) -> ImageFile.ImageFile:
    if isinstance(source, io.BytesIO):
        source.seek(0)
        return cast(ImageFile.ImageFile, factory(source, ""))
    return cast(ImageFile.ImageFile, factory(str(Path(source)), None))  # plugins open these files, and close them


def _developed(image: ImageFile.ImageFile, start: bytes, called: str) -> ImageFile.ImageFile:
    """The image, unless it is a camera's raw file, which has a small preview in the place of the photo."""
    tags = getattr(image, "tag_v2", {})
    preview = isinstance(kind := tags.get(_KIND, 0), int) and kind & 1 and _PARTS in tags
    if image.format == "TIFF" and (_DNG in tags or preview or start[8:10] == b"CR"):
        image.close()
        raise _undeveloped(called)
    return image


def _undeveloped(called: str) -> UnreadableError:
    return UnreadableError(f"{called}: is a camera's raw file; develop it first, and give the JPEG or TIFF file")


def _why_unreadable(called: str, start: bytes) -> str:
    suffix = Path(called).suffix.lower()
    if suffix in (".heic", ".heif") or start[4:12] in (b"ftypheic", b"ftypmif1", b"ftypheix"):
        return f"needs pillow-heif; {pip_install('heif')}"
    if suffix == ".jxl" or start.startswith((b"\xff\x0a", b"\0\0\0\x0cJXL ")):
        return "is a JPEG XL file, which is not read; convert it first: djxl photo.jxl photo.png"
    return "is not a picture that can be read; give a JPEG, PNG, WebP, TIFF, AVIF or BMP file"


def _say_if_several(image: Image.Image, called: str) -> None:
    """Say that a file has more pages or frames than the one that is taken."""
    if (kind := _PAGES.get(image.format or "")) and getattr(image, "is_animated", False):
        count = getattr(image, "n_frames", 1)
        image.seek(0)
        logger.warning("%s: has %d %s; the first one is taken", called, count, kind)


def _checked(array: npt.NDArray[np.generic]) -> Array:
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        found = f"{array.shape} {array.dtype}"
        raise ImpastoError(f"array is {found}; expected (H,W), (H,W,3) or (H,W,4) uint8, RGB or RGBA")
    if 0 in array.shape:
        raise ImpastoError(f"array is {array.shape}: it has no pixels")
    return array.view(np.uint8)
