"""Pictures that move: GIF, WebP and PNG files of frames, without sound."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
from av.error import FFmpegError
from PIL import Image

from impasto.files import sync
from impasto.film.frames import Frame
from impasto.film.reading import BT601, EXACT, FULL, LIMITED, address
from impasto.film.writing import cannot_write
from impasto.images.arrays import Array


def _with_palette(array: Array) -> Any:
    """A frame in 256 colours of its own."""
    drawn = Image.fromarray(array).quantize(256, dither=Image.Dither.NONE)
    colours = np.array(drawn.getpalette(), np.uint8).reshape(-1, 3)
    palette = np.zeros((256, 4), np.uint8)
    palette[:, 0], palette[: len(colours), 1:] = 255, colours
    coloured: Any = (np.asarray(drawn), palette)
    return av.VideoFrame.from_ndarray(coloured, format="pal8")


def _in_yuv(array: Array) -> Any:
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(array), format="rgb24")
    # WebP files have no tag for this: all are like JPEG's ancestor, BT.601 in the limited range.
    return frame.reformat(
        format="yuv420p", dst_colorspace=BT601, src_color_range=FULL, dst_color_range=LIMITED, interpolation=EXACT
    )


class _Kind(NamedTuple):
    """How animations are written: FFmpeg's names, the unit of time in seconds, for how many units each frame is shown
    at least, and what a frame is made into. Browsers show a frame of 10 ms or less for ten times as long."""

    muxer: str
    encoder: str
    pixels: str
    unit: Fraction
    least: int
    loops: dict[str, str]
    options: dict[str, str]
    frame: Callable[[Array], Any]


_APNG = _Kind(
    "apng", "apng", "rgb24", Fraction(1, 1000), 11, {"plays": "0"}, {}, lambda array: av.VideoFrame.from_ndarray(array)
)
# Each frame of a WebP is whole. FFmpeg's libwebp_anim leaves out blocks that hardly changed, which shows in flat areas.
_KINDS = {
    ".gif": _Kind("gif", "gif", "pal8", Fraction(1, 100), 2, {"loop": "0"}, {}, _with_palette),
    ".webp": _Kind("webp", "libwebp", "yuv420p", Fraction(1, 1000), 11, {"loop": "0"}, {"quality": "80"}, _in_yuv),
    ".png": _APNG,
    ".apng": _APNG,
}


def write_animation(frames: Iterable[Frame], out: Path, crf: int | None = None) -> int:
    """Write frames as a picture that moves, again and again; the file appears whole or not at all.

    Frames that follow one another faster than browsers show them are left out: more than 50 a second in a GIF.

    Args:
        frames: at rising times.
        out: the file; its ending is one of :data:`impasto.film.formats.ANIMATIONS`.
        crf: of WebP, from 0 to 63, as of films: less is better and larger.

    Returns:
        How many frames were written.

    Raises:
        ImpastoError: the file cannot be written.
    """
    kind = _KINDS[out.suffix.lower()]
    part = out.with_name(f".{out.name}.part")
    count = 0
    try:
        with _open(part, kind) as container:
            stream: Any = None
            for count, (frame, time) in enumerate(_apart(frames, kind), 1):  # noqa: B007  # it is returned
                stream = stream or _stream(container, kind, frame.array, crf)
                picture = kind.frame(frame.array)
                picture.time_base, picture.pts = kind.unit, time
                picture.duration = max(kind.least, round(frame.duration / kind.unit))
                container.mux(stream.encode(picture))
            if stream is not None:
                container.mux(stream.encode(None))
        if count:
            sync(part)
            os.replace(part, out)
    except (FFmpegError, OSError) as error:
        raise cannot_write(out, error) from None
    finally:
        part.unlink(missing_ok=True)
    return count


def _apart(frames: Iterable[Frame], kind: _Kind) -> Iterator[tuple[Frame, int]]:
    """Frames and their times in units, without those that come too soon after the one before."""
    due: int | None = None
    for frame in frames:
        time = round(frame.time / kind.unit)
        if due is None or time >= due:
            due = time + kind.least
            yield frame, time


def _open(path: Path, kind: _Kind) -> Any:
    return av.open(address(path), "w", format=kind.muxer, options=kind.loops)


def _stream(container: Any, kind: _Kind, array: Array, crf: int | None) -> Any:
    asked = {"quality": str(round(100 - 100 * crf / 63))} if crf is not None and "quality" in kind.options else {}
    stream = container.add_stream(kind.encoder, rate=25, options=kind.options | asked)
    stream.pix_fmt, stream.height, stream.width = kind.pixels, array.shape[0], array.shape[1]
    stream.codec_context.time_base = stream.time_base = kind.unit
    return stream
