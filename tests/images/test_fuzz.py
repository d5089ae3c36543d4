"""Damaged files of every format: the reader says what is wrong in one line, the writer writes, and memory is bounded.

`make fuzz` does for an hour, and CI for a minute, what a test run does for IMPASTO_FUZZ seconds (8 if it is not set).
"""

from __future__ import annotations

import io
import os
import resource
import struct
import time
import warnings
from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from impasto import ImpastoError
from impasto.images.deep import DEEP
from impasto.images.formats import FORMATS, OPENED, check_holds
from impasto.images.masks import read_mask
from impasto.images.photo import Photo
from impasto.images.reading import read_photo
from impasto.images.writing import encode

SECONDS = float(os.environ.get("IMPASTO_FUZZ", "8"))
MOST_PIXELS = 200_000
"""The limit that is given to the reader."""
MOST_MEMORY = 400e6
"""By how many bytes the process may grow meanwhile."""
WRITTEN = sorted(set(FORMATS.values()))
OPTIONS = {
    "JPEG": [{"progressive": True}, {"quality": 50, "subsampling": 2}],
    "TIFF": [{"compression": "tiff_lzw"}, {"compression": "jpeg"}, {"compression": "packbits"}, {}],
    "WEBP": [{"lossless": True}, {}],
}
"""Options of encoders that give files of other kinds."""


def _image(mode: str) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 28, 3), dtype=np.uint8)
    image = Image.fromarray(pixels)
    return Image.fromarray(pixels[..., 0].astype(np.uint16) * 257) if mode == "I;16" else image.convert(mode)


def _exif() -> bytes:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "a camera", 6
    exif[0x8769], exif[0x8825] = {0xA002: 28, 0xA003: 20, 0x927C: b"maker's note"}, {1: "N", 2: (46.0, 57.0, 4.0)}
    return exif.tobytes()


@cache
def originals() -> dict[str, bytes]:
    """What is damaged: small files of every format that is opened, and of every mode that it has."""
    files = {}
    for file_format in OPENED:
        for mode in ("RGB", "RGBA", "L", "P", "1", "CMYK", "LA", "I;16"):
            for number, options in enumerate(OPTIONS.get(file_format, [{}])):
                file = io.BytesIO()
                try:
                    metadata = {"exif": _exif()} if options.get("compression") is None else {}
                    _image(mode).save(file, file_format, **metadata, **options)
                except (OSError, ValueError, KeyError, RuntimeError):
                    continue  # the format has no such mode
                files[f"{file_format} {mode} {number}"] = file.getvalue()
    for file_format in ("MPO", "GIF", "TIFF", "PNG", "WEBP"):
        file = io.BytesIO()
        _image("RGB").save(file, file_format, save_all=True, append_images=[_image("RGB").rotate(90)])
        files[f"{file_format} of several"] = file.getvalue()
    return files


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A file in which bytes, most of them near its beginning, are others, are missing, or stand twice."""
    content = bytearray(originals()[draw(st.sampled_from(sorted(originals())))])
    for _ in range(draw(st.integers(1, 6))):
        near = draw(st.booleans())
        place = draw(st.integers(0, min(len(content), 300 if near else len(content)) - 1)) if content else 0
        kind = draw(st.sampled_from(["byte", "number", "cut", "twice", "lost"]))
        if kind == "byte":
            content[place : place + 1] = draw(st.binary(min_size=1, max_size=1))
        elif kind == "number":
            number = draw(st.sampled_from([0, 1, 2, 255, 256, 32767, 65535, 2**31 - 1, 2**32 - 1]))
            order = draw(st.sampled_from("<>"))
            packed = struct.pack(order + "I", number) if number > 65535 else struct.pack(order + "H", number)
            content[place : place + len(packed)] = packed
        elif kind == "cut":
            del content[place:]
        else:
            length = draw(st.integers(1, 40))
            content[place:place] = content[place : place + length] if kind == "twice" else b""
            if kind == "lost":
                del content[place : place + length]
    return bytes(content)


def _try(content: bytes, written: str) -> None:
    try:
        photo = read_photo(io.BytesIO(content), MOST_PIXELS)
    except ImpastoError as error:
        message = str(error)
        if message.startswith("standard input: ") and "\n" not in message and len(message) < 300:
            return
        raise
    assert photo.array.shape[0] * photo.array.shape[1] <= MOST_PIXELS
    if _holds(written, *photo.image.size):
        _write(photo, written)
    read_mask(photo)


def _holds(written: str, width: int, height: int) -> bool:
    try:
        check_holds("picture", written, width, height)
    except ImpastoError:
        return False
    return True


def _write(photo: Photo, written: str) -> None:
    picture = encode(photo.image, written)
    if written in DEEP:
        encode(photo.origin.deep_picture(photo.array.astype(np.uint16)), written)
    with Image.open(io.BytesIO(picture)) as again:
        again.load()
        assert again.size == photo.array.shape[1::-1]


@pytest.mark.skipif(SECONDS <= 0, reason="IMPASTO_FUZZ is 0")
def test_no_damaged_file_ends_in_anything_but_a_line() -> None:
    @settings(
        max_examples=300, deadline=None, database=None, derandomize=False, suppress_health_check=list(HealthCheck)
    )
    @given(damaged(), st.sampled_from(WRITTEN))
    def tried(content: bytes, written: str) -> None:
        _try(content, written)

    _try(next(iter(originals().values())), "PNG")  # libraries are loaded before memory is measured
    before, end = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic() + SECONDS
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        while time.monotonic() < end:
            tried()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert grown < MOST_MEMORY, f"{grown / 1e6:.0f} MB"


def test_every_format_that_is_written_is_damaged() -> None:
    assert {name.split()[0] for name in originals()} >= {*WRITTEN, "GIF", "MPO", "DIB", "PPM", "TGA"}


@pytest.mark.parametrize("name", sorted(originals()))
def test_undamaged_files_are_read(name: str) -> None:
    photo = read_photo(io.BytesIO(originals()[name]))
    assert sorted(photo.array.shape) == [3, 20, 28] or name.startswith("ICO")  # icons have sizes of their own
