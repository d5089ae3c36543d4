"""Makes odd files byte by byte, for tests: what Pillow would not write."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

Tag = tuple[int, bytes | tuple[int, ...]]
"""The type of a TIFF tag (2 text, 3 short, 4 long), and its value."""


def tiff(path: Path, pixels: np.ndarray, photometric: int = 1, kind: int = 1, **more: Tag) -> Path:
    """A little-endian TIFF file with one strip.

    Args:
        path: of the file.
        pixels: (H,W) or (H,W,C), of the dtype that is written.
        photometric: 0 white is zero, 1 black is zero, 2 RGB.
        kind: sample format: 1 unsigned, 2 signed, 3 floating point.
        more: further tags, ``t271=(2, b"a camera")``.
    """
    height, width, channels = (*pixels.shape, 1)[:3]
    content = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    tags: dict[int, Tag] = {
        256: (4, (width,)), 257: (4, (height,)), 258: (3, (pixels.dtype.itemsize * 8,) * channels), 259: (3, (1,)),
        262: (3, (photometric,)), 273: (4, (8,)), 277: (3, (channels,)), 278: (4, (height,)),
        279: (4, (len(content),)), 339: (3, (kind,) * channels),
    }  # fmt: skip
    tags |= {int(name[1:]): tag for name, tag in more.items()}
    path.write_bytes(b"II*\0" + struct.pack("<I", 8 + len(content)) + content + _directory(tags, 8 + len(content)))
    return path


def _directory(tags: Mapping[int, Tag], start: int) -> bytes:
    entries, beyond = b"", b""
    after = start + 2 + 12 * len(tags) + 4
    for tag, (kind, value) in sorted(tags.items()):
        content = value if isinstance(value, bytes) else struct.pack(f"<{len(value)}{' BsHI'[kind]}", *value)
        if len(content) > 4:
            place, beyond = struct.pack("<I", after + len(beyond)), beyond + content
        else:
            place = content.ljust(4, b"\0")
        entries += struct.pack("<HHI", tag, kind, len(value)) + place
    return struct.pack("<H", len(tags)) + entries + b"\0\0\0\0" + beyond


def png(path: Path, width: int, height: int, rows: bytes, bits: int, color: int, **chunks: bytes) -> Path:
    """A PNG file.

    Args:
        path: of the file.
        width, height: in pixels.
        rows: the rows, each after a byte of 0 (no filter).
        bits: of a sample.
        color: 0 grey, 2 RGB.
        chunks: further chunks, before the pixels.
    """
    header = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0)
    parts = [(b"IHDR", header), *((name.encode(), content) for name, content in chunks.items())]
    parts += [(b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
            for kind, content in parts
        )
    )
    return path
