"""The edge: files, PIL images and uint8 arrays in, the same out; (1,3,H,W) float32 RGB in [0,1] inside.

Nowhere else are pixel formats converted.
"""

from __future__ import annotations

import dataclasses
import io
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, ImageOps, features

from impasto.errors import ImpastoError, unknown
from impasto.files import write_file

Pixels = npt.NDArray[np.float32]
Array = npt.NDArray[np.uint8]
PhotoLike = str | os.PathLike[str] | Image.Image | Array
Picture = Image.Image | Array

FORMATS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".png": "PNG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
} | ({".avif": "AVIF"} if features.check("avif") else {})
"""File name endings that can be written, and what is written under them."""

_RESAMPLING = Image.Resampling.LANCZOS
_OPTIONS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"quality": 95},
    "TIFF": {"compression": "tiff_lzw"},
    "AVIF": {"quality": 90},
}
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION


@dataclass(frozen=True)
class Photo:
    """A decoded photo.

    Attributes:
        pixels: (1,3,H,W) float32, RGB in [0,1], upright.
        alpha: (H,W) uint8, or None for an opaque photo.
        as_array: whether the caller gave an array, and gets one back.
        metadata: what the picture is to carry on: ``exif``, and ``icc_profile`` (sRGB) if the photo had a profile.
    """

    pixels: Pixels
    alpha: Array | None
    as_array: bool
    metadata: Mapping[str, bytes]

    def resized(self, long_side: int) -> Photo:
        """The photo with that long side, in pixels.

        Raises:
            ImpastoError: it is not a positive number.
        """
        if long_side < 1:
            raise ImpastoError(f"size {long_side}: must be at least 1 pixel")
        height, width = self.pixels.shape[2:]
        scale = long_side / max(height, width)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        channels = [np.asarray(Image.fromarray(channel).resize(size, _RESAMPLING)) for channel in self.pixels[0]]
        pixels = np.clip(np.stack(channels)[None], 0, 1)
        alpha = None if self.alpha is None else np.asarray(Image.fromarray(self.alpha).resize(size, _RESAMPLING))
        return dataclasses.replace(self, pixels=pixels, alpha=alpha)

    def picture(self, pixels: Pixels) -> Picture:
        """``pixels`` (1,3,H,W) in the form that the photo came in: rounded to 8 bits, the photo's alpha beside it."""
        array = np.rint(np.clip(pixels[0], 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)
        if self.alpha is not None:
            array = np.dstack([array, self.alpha])
        if self.as_array:
            return np.ascontiguousarray(array)
        image = Image.fromarray(np.ascontiguousarray(array))
        image.info.update(self.metadata)
        return image


def read_photo(source: PhotoLike) -> Photo:
    """Decode a photo: EXIF rotation applied, alpha set aside, every mode and colour profile turned to sRGB.

    Args:
        source: a path; a PIL image; or an array, (H,W), (H,W,3) or (H,W,4), uint8.

    Raises:
        ImpastoError: the file is missing, no picture, truncated or too large; or the array has another shape or dtype.
    """
    if isinstance(source, np.ndarray):
        return _decode(Image.fromarray(_checked(source)), as_array=True)
    if isinstance(source, Image.Image):
        return _decode(source, as_array=False)
    with open_image(source) as image:
        return _decode(image, as_array=False)


@contextmanager
def open_image(path: str | os.PathLike[str]) -> Iterator[Image.Image]:
    """Open a picture file; what goes wrong while it is open, decoding included, is reported as one clear line."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(path)
        with image:
            yield image
    except FileNotFoundError:
        raise ImpastoError(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise ImpastoError(f"{path}: is a folder; name the photos in it") from None
    except Image.UnidentifiedImageError:
        what = "is empty" if Path(path).stat().st_size == 0 else "is not a picture that can be read"
        raise ImpastoError(f"{path}: {what}; give a JPEG, PNG, WebP, TIFF, AVIF or BMP file") from None
    except Image.DecompressionBombError:
        most = 2 * (Image.MAX_IMAGE_PIXELS or 0)
        raise ImpastoError(f"{path}: claims more than {most:,} pixels; scale it down") from None
    except PermissionError:
        raise ImpastoError(f"{path}: may not be read; check its permissions") from None
    except (OSError, SyntaxError, ValueError) as error:
        raise ImpastoError(f"{path}: is damaged ({error}); get the file anew") from None


def examples() -> Path:
    """The folder of the eight free photos that come with the package."""
    return Path(str(files("impasto") / "examples"))


def _checked(array: npt.NDArray[np.generic]) -> Array:
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        found = f"{array.shape} {array.dtype}"
        raise ImpastoError(f"array is {found}; expected (H,W), (H,W,3) or (H,W,4) uint8, RGB or RGBA")
    if 0 in array.shape:
        raise ImpastoError(f"array is {array.shape}: it has no pixels")
    return array.view(np.uint8)


def _decode(image: Image.Image, *, as_array: bool) -> Photo:
    image = ImageOps.exif_transpose(image)
    profile, exif = image.info.get("icc_profile"), image.getexif()
    if image.mode.startswith("I"):
        # Pillow's own conversion clips 16 bits to 8 instead of scaling.
        image = Image.fromarray((np.asarray(image).astype(np.float64) / 257).round().clip(0, 255).astype(np.uint8))
    alpha = None
    if image.has_transparency_data:
        image = image.convert("RGBA")
        alpha = np.array(image.getchannel("A"))
    rgb = np.asarray(_to_srgb(image, profile), dtype=np.float32)
    pixels = np.ascontiguousarray(rgb.transpose(2, 0, 1)[None]) / np.float32(255)
    metadata = {"exif": exif.tobytes()} if exif else {}
    return Photo(pixels, alpha, as_array, metadata | ({"icc_profile": _SRGB} if profile else {}))


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
    return image.convert("RGB")


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
    metadata = {name: image.info[name] for name in ("exif", "icc_profile") if name in image.info}
    if image.mode == "RGBA" and file_format in ("JPEG", "BMP"):
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    buffer = io.BytesIO()
    try:
        image.save(buffer, file_format, **_OPTIONS.get(file_format, {}), **metadata)
        write_file(path, buffer.getvalue())
    except OSError as error:
        raise ImpastoError(f"{path}: cannot be written ({error.strerror or error}); give another --out") from None
