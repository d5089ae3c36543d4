"""The one reader and writer of pictures: files, PIL images and arrays in, the same out.

Rotation, colour profiles, alpha, 16 bits and several frames are decided here, once, for photos, masks, style images and
training alike. Nothing else opens, decodes, lists or encodes a picture.
"""

from __future__ import annotations

import dataclasses
import io
import os
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, ImageChops, ImageCms, ImageOps, features

from impasto.errors import ImpastoError, unknown
from impasto.files import write_file
from impasto.images.arrays import Array, Pixels, resize, scaled, to_pixels

Picture = Image.Image | Array
"""A finished picture, in the form in which its photo came."""

with suppress(ImportError):
    import pillow_heif

    pillow_heif.register_heif_opener()

FORMATS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".png": "PNG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    **({".avif": "AVIF"} if features.check("avif") else {}),
    **({".heic": "HEIF", ".heif": "HEIF"} if "HEIF" in Image.SAVE else {}),
}
"""File name ending -> Pillow's name of the format that is written under it."""
READABLE = {*FORMATS, ".jfif", ".gif", ".ppm", ".pgm", ".tga", ".jp2", ".heic", ".heif", ".avif"}
"""File name endings of the pictures that are looked for in folders."""

_OPTIONS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"quality": 95},
    "TIFF": {"compression": "tiff_lzw"},
    "AVIF": {"quality": 90},
    "HEIF": {"quality": 90},
}
"""Pillow's name of a format -> options of its encoder. The quality is so high that no loss is visible."""
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
"""The sRGB profile, as it stands in a file."""
_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
"""How colours are converted to sRGB: as browsers do it, those that sRGB has stay exactly as they are."""
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
"""Black becomes black, whatever the black of the other profile is."""


@dataclass(frozen=True)
class Origin:
    """Everything about a photo but its colours, so that a picture can be given back in the form the photo came in.

    Attributes:
        alpha: (H,W) uint8, or None for an opaque photo.
        as_array: whether the caller gave an array, and gets one back.
        metadata: what goes into the picture's file: ``exif``, and ``icc_profile`` (sRGB) if the photo had a profile.
        format: Pillow's name of the file format.
    """

    alpha: Array | None
    as_array: bool
    metadata: Mapping[str, bytes]
    format: str | None = None

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


@dataclass(frozen=True)
class Photo:
    """A decoded photo.

    Attributes:
        array: (H,W,3) uint8, sRGB, upright.
        origin: everything else about it.
    """

    array: Array
    origin: Origin

    @property
    def pixels(self) -> Pixels:
        """(1,3,H,W) float32, RGB in [0,1]."""
        return to_pixels(self.array)

    def resized(self, long_side: int) -> Photo:
        """The photo scaled to a long side of so many pixels, at least 1."""
        return dataclasses.replace(self, array=scaled(self.array, longer=long_side))


PhotoLike = str | os.PathLike[str] | io.BytesIO | Image.Image | Array | Photo
"""Whatever a photo may be given as; see :func:`read_photo`."""


def read_photo(source: PhotoLike, max_pixels: int | None = None) -> Photo:
    """Decode a photo: EXIF rotation applied, alpha set aside, every mode and colour profile turned to sRGB.

    Args:
        source: a path; the bytes of a file; a PIL image; or an array, (H,W), (H,W,3) or (H,W,4), uint8. A photo that is
            decoded already is returned as it is.
        max_pixels: files that claim more are refused unread, see :func:`open_image`.

    Raises:
        ImpastoError: the file is missing, no picture, truncated or too large; or the array has another shape or dtype.
    """
    if isinstance(source, Photo):
        return source
    if isinstance(source, np.ndarray):
        return _decode(Image.fromarray(_checked(source)), as_array=True)
    if isinstance(source, Image.Image):
        return _decode(source, as_array=False)
    if not isinstance(source, str | os.PathLike | io.BytesIO):
        kinds = "a path, a file's bytes as io.BytesIO, a PIL image or an array"
        raise ImpastoError(f"photo: is a {type(source).__name__}; give {kinds}")
    with open_image(source, max_pixels) as image:
        return _decode(image, as_array=False)


def size_of(source: str | os.PathLike[str] | io.BytesIO, max_pixels: int | None = None) -> tuple[int, int]:
    """Width and height of a photo as its file says them, in pixels: not decoded, and before EXIF rotation.

    Raises:
        ImpastoError: see :func:`read_photo`.
    """
    with open_image(source, max_pixels) as image:
        return image.size


@contextmanager
def open_image(source: str | os.PathLike[str] | io.BytesIO, max_pixels: int | None = None) -> Iterator[Image.Image]:
    """Open a picture file; what goes wrong while it is open, decoding included, is reported as one clear line.

    Args:
        source: a path, or the bytes of a file, which messages call by their ``name`` if they have one.
        max_pixels: a file whose header claims more pixels is refused before it is decoded. None is Pillow's own limit,
            of 179 million.
    """
    path = getattr(source, "name", "standard input") if isinstance(source, io.BytesIO) else source
    try:
        with Image.open(source) if max_pixels is None else _open_up_to(max_pixels, source) as image:
            yield image
    except FileNotFoundError:
        raise ImpastoError(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise ImpastoError(f"{path}: is a folder; name the photos in it") from None
    except Image.UnidentifiedImageError:
        raise ImpastoError(f"{path}: {_why_unreadable(source)}") from None
    except Image.DecompressionBombError:
        most = max_pixels or 2 * (Image.MAX_IMAGE_PIXELS or 0)
        raise ImpastoError(
            f"{path}: claims more than {most:,} pixels; raise --max-megapixels if it is no trap"
        ) from None
    except PermissionError:
        raise ImpastoError(f"{path}: may not be read; check its permissions") from None
    except (OSError, SyntaxError, ValueError) as error:
        raise ImpastoError(f"{path}: is damaged ({error}); get the file anew") from None


def _open_up_to(max_pixels: int, source: str | os.PathLike[str] | io.BytesIO) -> Image.Image:
    """Open a file that claims at most so many pixels, also where that is more than Pillow's own limit.

    Raises:
        DecompressionBombError: it claims more.
    """
    try:
        image: Image.Image = Image.open(source)
    except Image.DecompressionBombError:
        image = _open_unlimited(source)
    if image.width * image.height > max_pixels:
        image.close()
        raise Image.DecompressionBombError
    return image


def _open_unlimited(source: str | os.PathLike[str] | io.BytesIO) -> Image.Image:
    """Open a file as :func:`PIL.Image.open` does, by the first plugin that knows it, but whatever size it claims."""
    with nullcontext(source) if isinstance(source, io.BytesIO) else Path(source).open("rb") as file:
        file.seek(0)
        start = file.read(16)
    for factory, accepts in (Image.OPEN[name] for name in Image.ID):
        with suppress(SyntaxError, IndexError, TypeError, struct.error):
            if accepts is None or accepts(start) is True:
                if isinstance(source, io.BytesIO):
                    source.seek(0)
                return factory(cast(Any, source), "")  # plugins take paths too, and close these files themselves
    raise Image.UnidentifiedImageError


def _why_unreadable(source: str | os.PathLike[str] | io.BytesIO) -> str:
    size = source.getbuffer().nbytes if isinstance(source, io.BytesIO) else Path(source).stat().st_size
    if size == 0:
        return "is empty"
    if not isinstance(source, io.BytesIO) and Path(source).suffix.lower() in (".heic", ".heif"):
        return "needs pillow-heif; pip install 'impasto[heif]'"
    return "is not a picture that can be read; give a JPEG, PNG, WebP, TIFF, AVIF or BMP file"


def read_mask(source: PhotoLike) -> Array:
    """Decode a mask: grey values (H,W) uint8, EXIF rotation applied, transparent parts black.

    Raises:
        ImpastoError: see :func:`read_photo`.
    """
    photo = read_photo(source)
    grey = np.asarray(Image.fromarray(photo.array).convert("L"))
    alpha = photo.origin.alpha
    return grey if alpha is None else np.asarray(ImageChops.multiply(Image.fromarray(grey), Image.fromarray(alpha)))


def _checked(array: npt.NDArray[np.generic]) -> Array:
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        found = f"{array.shape} {array.dtype}"
        raise ImpastoError(f"array is {found}; expected (H,W), (H,W,3) or (H,W,4) uint8, RGB or RGBA")
    if 0 in array.shape:
        raise ImpastoError(f"array is {array.shape}: it has no pixels")
    return array.view(np.uint8)


def _decode(image: Image.Image, *, as_array: bool) -> Photo:
    file_format = image.format
    image = _upright(image)
    profile, exif = image.info.get("icc_profile"), image.getexif()
    if image.mode.startswith("I"):
        # Pillow's own conversion clips 16 bits to 8 instead of scaling.
        image = Image.fromarray((np.asarray(image).astype(np.float64) / 257).round().clip(0, 255).astype(np.uint8))
    alpha = None
    if image.has_transparency_data:
        image = image.convert("RGBA")
        alpha = np.array(image.getchannel("A"))
    array = np.asarray(_to_srgb(image, profile))
    metadata = {"exif": exif.tobytes()} if exif else {}
    metadata |= {"icc_profile": _SRGB} if profile else {}
    return Photo(array, Origin(alpha, as_array, metadata, file_format))


def _upright(image: Image.Image) -> Image.Image:
    """``image`` with its EXIF rotation applied; itself, not a copy, if there is none: large photos fill the memory."""
    rotated = image.getexif().get(ExifTags.Base.Orientation, 1) != 1
    return ImageOps.exif_transpose(image) if rotated else image


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """``image`` as RGB, its colours taken from ``profile`` to sRGB; a profile that does not fit is ignored."""
    if image.mode not in ("RGB", "CMYK", "L", "LAB"):
        image = image.convert("RGB")
    if profile:
        with suppress(ImageCms.PyCMSError, OSError, ValueError):
            return (
                ImageCms.profileToProfile(image, io.BytesIO(profile), io.BytesIO(_SRGB), _INTENT, "RGB", flags=_FLAGS)
                or image
            )
    return image if image.mode == "RGB" else image.convert("RGB")


def image_format(path: str | os.PathLike[str]) -> str:
    """The format that a file of this name holds.

    Raises:
        ImpastoError: the name's ending is none of :data:`FORMATS`.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise ImpastoError(f"{path}: {unknown('picture format', suffix, FORMATS)}")
    return FORMATS[suffix]


def write_image(image: Image.Image, path: str | os.PathLike[str]) -> None:
    """Write ``image`` in the format of the file's name; the file appears whole or not at all.

    EXIF data and colour profile in ``image.info`` are written too. JPEG and BMP have no alpha: transparent parts become
    white.

    Raises:
        ImpastoError: the name's ending is unknown, or the file cannot be written.
    """
    path = Path(path)
    file_format = image_format(path)
    try:
        write_file(path, encode(image, file_format))
    except OSError as error:
        raise ImpastoError(f"{path}: cannot be written ({error.strerror or error}); give another --out") from None


def encode(image: Image.Image, file_format: str, **options: Any) -> bytes:
    """The content of a file in a format of :data:`FORMATS` (else PNG), with ``image.info``'s EXIF data and profile.

    Args:
        image: the picture.
        file_format: Pillow's name of the format.
        options: of Pillow's encoder, in place of this module's.

    Raises:
        OSError: the format cannot hold such a picture.
    """
    file_format = file_format if file_format in FORMATS.values() else "PNG"
    metadata = {name: image.info[name] for name in ("exif", "icc_profile") if name in image.info}
    if image.mode == "RGBA" and file_format in ("JPEG", "BMP"):
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    buffer = io.BytesIO()
    image.save(buffer, file_format, **(_OPTIONS.get(file_format, {}) | options), **metadata)
    return buffer.getvalue()


def pictures_in(folder: str | os.PathLike[str]) -> list[Path]:
    """Every picture file below ``folder``, sorted; hidden files, whose names begin with a dot, are left out."""
    files = (path for path in Path(folder).rglob("*") if path.suffix.lower() in READABLE)
    return sorted(path for path in files if not path.name.startswith("."))


def find_photos(folder: str | os.PathLike[str], called: str = "content") -> list[Path]:
    """:func:`pictures_in` a folder that must have some.

    Args:
        folder: where to look.
        called: what the folder is called in messages.

    Raises:
        ImpastoError: there is no such folder, or no picture in it.
    """
    if not Path(folder).is_dir():
        raise ImpastoError(f"{called} {folder}: not a folder; give a folder of pictures")
    photos = pictures_in(folder)
    if not photos:
        raise ImpastoError(f"{called} {folder}: no photos ({', '.join(sorted(READABLE))}) in it")
    return photos
