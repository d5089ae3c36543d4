"""Which kinds of files are read and written, and what each of them can hold."""

from __future__ import annotations

import importlib
from contextlib import suppress
from pathlib import Path
from typing import Any

from PIL import Image, features

from impasto.errors import ImpastoError, unknown

_PLUGINS = (
    *("Avif", "Bmp", "Gif", "Ico", "Jpeg", "Jpeg2K", "Mpo", "Pcx", "Png", "Ppm", "Psd", "Qoi", "Sgi", "Tga", "Tiff"),
    "WebP",
)
"""Pillow's modules for what is opened or written. To import all of them takes longer than to decode a photo."""
for _plugin in _PLUGINS:
    with suppress(ImportError):  # old versions have no AVIF
        importlib.import_module(f"PIL.{_plugin}ImagePlugin")
with suppress(ImportError):
    import pillow_heif

    pillow_heif.register_heif_opener()

FORMATS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".png": "PNG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    **({".avif": "AVIF"} if features.check("avif") else {}),
    **({".heic": "HEIF", ".heif": "HEIF"} if "HEIF" in Image.SAVE else {}),
}
"""File name ending -> Pillow's name of the format that is written under it."""
READABLE = {*FORMATS, ".mpo", ".gif", ".ppm", ".pgm", ".tga", ".jp2", ".heic", ".heif", ".avif"}
"""File name endings of the pictures that are looked for in folders."""
OPENED = [
    name
    for name in (
        *("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "DIB", "PPM", "AVIF", "HEIF", "JPEG2000"),
        *("ICO", "PSD", "QOI", "SGI", "PCX", "TGA"),
    )
    if name in Image.OPEN
]
"""Pillow's names of the formats that are recognised by their content, in the order in which they are tried. What draws
(EPS, WMF) and what belongs to instruments (FITS, HDF5, GRIB) is left out."""
RAW = {
    *(".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".srf", ".sr2", ".orf", ".rw2", ".raf", ".pef", ".srw"),
    *(".3fr", ".iiq", ".x3f", ".rwl", ".erf", ".mrw", ".kdc", ".dcr", ".mef", ".mos"),
}
"""File name endings of what cameras' sensors saw. Such a file begins with a preview, which Pillow opens."""
_LONGEST = {"JPEG": 65_500, "WEBP": 16_383, "AVIF": 32_768, "HEIF": 16_384}
"""Format -> the most pixels that a side can have."""
_NARROW = {"HEIF": (32, 4216)}
"""Format -> the fewest pixels of a short side, where the long one has more than the second number (a limit of x265)."""
_NAMES = {"WEBP": "WebP", "HEIF": "HEIC"}
"""What people call a format, where that is not Pillow's name."""

OPTIONS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"quality": 95},
    "TIFF": {"compression": "tiff_lzw"},
    "AVIF": {"quality": 90},
    "HEIF": {"quality": 90},
}
"""Pillow's name of a format -> options of its encoder. The quality is so high that no loss is visible."""
LOSSY = ("JPEG", "WEBP", "AVIF", "HEIF")
"""The formats that have a quality."""
OPAQUE = ("JPEG", "BMP")
"""The formats without alpha."""


def image_format(path: str | Path) -> str:
    """The format that a file of this name holds.

    Raises:
        ImpastoError: the name's ending is none of :data:`FORMATS`.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise ImpastoError(f"{path}: {unknown('picture format', suffix, FORMATS)}")
    return FORMATS[suffix]


def check_holds(called: str | Path, file_format: str, width: int, height: int) -> None:
    """Check that a format can hold a picture of so many pixels.

    Args:
        called: what messages call the picture's file.
        file_format: Pillow's name of the format.
        width, height: in pixels.

    Raises:
        ImpastoError: it cannot.
    """
    limit = _limit(file_format, width, height)
    if limit:
        raise ImpastoError(
            f"{called}: the picture has {width} × {height} pixels, and {_NAMES.get(file_format, file_format)} {limit}; "
            "give a PNG or TIFF as --out, or a smaller --size"
        )


def _limit(file_format: str, width: int, height: int) -> str:
    longest, (fewest, long) = _LONGEST.get(file_format), _NARROW.get(file_format, (0, 0))
    if longest and max(width, height) > longest:
        return f"holds at most {longest} a side"
    if min(width, height) < fewest and max(width, height) > long:
        return f"needs {fewest} on the short side when the long one has over {long}"
    return ""
