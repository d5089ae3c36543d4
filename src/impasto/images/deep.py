"""Files of 16 bits a channel, PNG and TIFF, which Pillow does not write in colour."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, TiffImagePlugin

from impasto.images.png_text import SIGNATURE, chunks

DEEP = ("PNG", "TIFF")
"""Pillow's names of the formats that are written with 16 bits."""
_STRIP = 64
"""Height, in pixels, of the strips that are compressed one by one."""
_LEVEL = 3
"""zlib's level. The lower half of 16 bits is noise, which more time would not make smaller."""
_DEFLATE, _DIFFERENCES, _RGB, _NO_ALPHA_APPLIED = 8, 2, 2, 2
"""Values of TIFF tags: compression, predictor, photometric interpretation, and unassociated alpha."""

Deep = npt.NDArray[np.uint16]
"""(H,W,3) or (H,W,4), RGB or RGBA."""


def encode_deep(array: Deep, file_format: str, options: dict[str, Any]) -> bytes:
    """The content of a file of 16 bits.

    Args:
        array: the picture.
        file_format: one of :data:`DEEP`.
        options: metadata, as options of Pillow's encoder; see :func:`impasto.images.metadata.save_options`.
    """
    return _png(array, options) if file_format == "PNG" else _tiff(array, options)


def _png(array: Deep, options: dict[str, Any]) -> bytes:
    height, width, channels = array.shape
    file = io.BytesIO()
    file.write(SIGNATURE)
    _write_chunk(file, b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 6 if channels == 4 else 2, 0, 0, 0))
    for kind, content in _metadata_chunks(options):
        _write_chunk(file, kind, content)
    packer = zlib.compressobj(_LEVEL)
    for strip in _filtered(array):
        if packed := packer.compress(strip):
            _write_chunk(file, b"IDAT", packed)
    _write_chunk(file, b"IDAT", packer.flush())
    _write_chunk(file, b"IEND", b"")
    return file.getvalue()


def _metadata_chunks(options: dict[str, Any]) -> Iterator[tuple[bytes, bytes]]:
    """What Pillow writes beside the pixels of a PNG file."""
    file = io.BytesIO()
    Image.new("L", (1, 1)).save(file, "PNG", **options)
    for kind, start, size in chunks(file):
        if kind not in (b"IHDR", b"IDAT", b"IEND"):
            yield kind, file.getvalue()[start : start + size]


def _filtered(array: Deep) -> Iterator[bytes]:
    """The rows of a PNG file, strip by strip. Of each, the row above is taken, byte by byte (filter 2, "up")."""
    above = np.zeros((1, array.shape[1] * array.shape[2] * 2), np.uint8)
    for strip in _strips(array):
        rows = strip.astype(">u2").view(np.uint8).reshape(len(strip), -1)
        differences = rows - np.concatenate([above, rows[:-1]])
        above = rows[-1:]
        yield np.insert(differences, 0, 2, axis=1).tobytes()


def _write_chunk(file: io.BytesIO, kind: bytes, content: bytes) -> None:
    file.write(struct.pack(">I", len(content)) + kind)
    file.write(content)
    file.write(struct.pack(">I", zlib.crc32(content, zlib.crc32(kind))))


def _tiff(array: Deep, options: dict[str, Any]) -> bytes:
    count = -(-len(array) // _STRIP)
    directory = _directory(array, options, [0] * count, [0] * count)
    file = io.BytesIO()
    file.write(b"II*\0\x08\0\0\0" + directory)  # until the strips' places are known
    places, sizes, start = [], [], file.tell()
    for strip in _strips(array):
        packed = zlib.compress(_differences(strip).astype("<u2").tobytes(), _LEVEL)
        places.append(file.tell() - start)
        sizes.append(file.write(packed))
    file.seek(8)
    file.write(_directory(array, options, places, sizes))
    return file.getvalue()


def _directory(array: Deep, options: dict[str, Any], places: list[int], sizes: list[int]) -> bytes:
    """The directory of a TIFF file, at its beginning; Pillow counts ``places`` from its end."""
    height, width, channels = array.shape
    tags = _tags(options)
    structure = {
        256: width, 257: height, 258: (16,) * channels, 259: _DEFLATE, 262: _RGB, 273: tuple(places), 277: channels,
        278: _STRIP, 279: tuple(sizes), 317: _DIFFERENCES, 339: (1,) * channels,
    }  # fmt: skip
    for tag, value in (structure | ({338: _NO_ALPHA_APPLIED} if channels == 4 else {})).items():
        tags[tag] = value
    tags.tagtype |= {273: 4, 279: 4}  # 32 bits, whatever their values
    return tags.tobytes(8)


def _tags(options: dict[str, Any]) -> TiffImagePlugin.ImageFileDirectory_v2:
    """The tags of a TIFF file that say something about the picture."""
    tags = TiffImagePlugin.ImageFileDirectory_v2(b"II*\0\0\0\0\0")
    for tag, value in options.get("tiffinfo", {}).items():
        tags[tag] = value
        tags.tagtype[tag] = options["tiffinfo"].tagtype[tag]
    if profile := options.get("icc_profile"):
        tags[TiffImagePlugin.ICCPROFILE] = profile
        tags.tagtype[TiffImagePlugin.ICCPROFILE] = 7  # bytes of no type
    if dpi := options.get("dpi"):
        tags[TiffImagePlugin.X_RESOLUTION], tags[TiffImagePlugin.Y_RESOLUTION] = dpi
        tags[TiffImagePlugin.RESOLUTION_UNIT] = 2  # inches
    return tags


def _differences(strip: Deep) -> Deep:
    """Of each pixel the one to its left is taken, modulo 2¹⁶."""
    differences = strip.copy()
    differences[:, 1:] -= strip[:, :-1]
    return differences


def _strips(array: Deep) -> Iterator[Deep]:
    return (array[top : top + _STRIP] for top in range(0, len(array), _STRIP))
