"""PNG files with long texts, which Pillow takes for a trap, so that it refuses the picture, too."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from PIL.PngImagePlugin import MAX_TEXT_CHUNK, MAX_TEXT_MEMORY

SIGNATURE = b"\x89PNG\r\n\x1a\n"
"""How PNG files begin."""
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")


def without_long_texts(file: BinaryIO) -> io.BytesIO | None:
    """A PNG file without its texts, if some are longer than Pillow reads; None for every other file.

    Args:
        file: is read from its beginning; only its texts are, unless one of them is too long.
    """
    file.seek(0)
    if file.read(8) != SIGNATURE:
        return None
    lengths = [_text_length(file, start, size) for kind, start, size in chunks(file) if kind in _TEXTS]
    if max(lengths, default=0) <= MAX_TEXT_CHUNK and sum(lengths) <= MAX_TEXT_MEMORY:
        return None
    kept = io.BytesIO()
    kept.write(SIGNATURE)
    for kind, start, size in chunks(file):
        if kind not in _TEXTS:
            file.seek(start - 8)
            kept.write(file.read(size + 12))
    kept.seek(0)
    return kept


def chunks(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and size of every chunk's content, up to where the file is cut off."""
    place = len(SIGNATURE)
    while True:
        file.seek(place)
        header = file.read(8)
        if len(header) < 8:
            return
        size, kind = struct.unpack(">I4s", header)
        yield kind, place + 8, size
        place += size + 12


def _text_length(file: BinaryIO, start: int, size: int) -> int:
    """The length of a text once it is decompressed; more than Pillow reads counts as one byte more."""
    file.seek(start)
    keyword, _, rest = file.read(min(size, MAX_TEXT_CHUNK + 1)).partition(b"\0")
    for packed in (rest[1:], rest[2:].split(b"\0", 2)[-1]):  # zTXt has the method before it, iTXt also languages
        try:
            return len(zlib.decompressobj().decompress(packed, MAX_TEXT_CHUNK + 1))
        except zlib.error:
            continue
    return len(keyword) + len(rest)
