"""Files of 16 bits, read back value by value by what the formats' specifications say."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.images.test_metadata import camera_photo

from impasto.images.photo import DeepImage
from impasto.images.png_text import chunks
from impasto.images.reading import read_photo
from impasto.images.writing import encode


def picture(channels: int, height: int = 150, width: int = 70) -> np.ndarray:
    """More than two strips of values, so that strips must fit together."""
    return np.random.default_rng(0).integers(0, 65536, (height, width, channels), dtype=np.uint16)


def png_values(content: bytes) -> np.ndarray:
    file = io.BytesIO(content)
    parts = [(kind, content[start : start + size]) for kind, start, size in chunks(file)]
    width, height, bits, color = struct.unpack(">IIBB", parts[0][1][:10])
    assert bits == 16
    channels = {2: 3, 6: 4}[color]
    rows = zlib.decompress(b"".join(packed for kind, packed in parts if kind == b"IDAT"))
    lines = np.frombuffer(rows, np.uint8).reshape(height, 1 + 2 * channels * width)
    assert (lines[:, 0] == 2).all()
    return np.cumsum(lines[:, 1:], axis=0, dtype=np.uint8).view(">u2").reshape(height, width, channels)


def tiff_values(content: bytes) -> np.ndarray:
    tags = Image.open(io.BytesIO(content)).tag_v2
    height, width, channels = tags[257], tags[256], tags[277]
    assert (tags[258], tags[259], tags[317]) == ((16,) * channels, 8, 2)
    strips = [zlib.decompress(content[at : at + size]) for at, size in zip(tags[273], tags[279], strict=True)]
    differences = np.frombuffer(b"".join(strips), "<u2").reshape(height, width, channels)
    return np.cumsum(differences, axis=1, dtype=np.uint16)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize(("file_format", "values"), [("PNG", png_values), ("TIFF", tiff_values)])
def test_every_value_is_written(file_format: str, values, channels: int) -> None:
    array = picture(channels)
    content = encode(DeepImage(array, {}), file_format)
    assert np.array_equal(values(content), array)
    with Image.open(io.BytesIO(content)) as seen:  # which rounds down
        assert seen.mode == ("RGBA" if channels == 4 else "RGB")
        assert np.array_equal(np.asarray(seen), array >> 8)


@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
def test_metadata_is_that_of_files_of_8_bits(tmp_path: Path, file_format: str) -> None:
    camera_photo(tmp_path / "photo.jpg")
    photo = read_photo(tmp_path / "photo.jpg")
    height, width = photo.array.shape[:2]
    deep = encode(DeepImage(picture(3, height, width), photo.origin.metadata), file_format)
    plain = encode(photo.image, file_format)
    for number, content in enumerate((deep, plain)):
        (tmp_path / f"{number}.{file_format}").write_bytes(content)
    kept, expected = (read_photo(tmp_path / f"{number}.{file_format}").origin for number in range(2))
    assert kept.metadata["exif"] == expected.metadata["exif"]
    assert kept.metadata == expected.metadata
    assert (kept.deep, expected.deep) == (True, False)
