"""Encoding frames: a file of pictures without sound, in BT.709 and the limited range, as every player shows it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.error import FFmpegError

from impasto.errors import ImpastoError
from impasto.film.formats import ENCODERS
from impasto.film.frames import Frame
from impasto.film.reading import BT709, EXACT, FULL, LIMITED, address, reason
from impasto.images.arrays import Array

_RGB, _AS_RGB = "rgb24", 0
"""FFmpeg's name of pixels of red, green and blue, and its number of the matrix that leaves them so."""
_DELAY = 10
"""Frames are decoded at most so many seconds before they are shown."""

# Errors alone: the encoder for AV1 writes twenty lines for each segment, and has no option for it.
os.environ.setdefault("SVT_LOG", "1")


@dataclass(frozen=True)
class Encoding:
    """How frames are encoded.

    Attributes:
        codec: one of :data:`impasto.film.formats.ENCODERS`.
        crf: the quality; None is the codec's default.
        rate: frames a second, which a player is told.
        time_base: the unit of time stamps, in seconds.
    """

    codec: str
    crf: int | None
    rate: Fraction
    time_base: Fraction


def cannot_write(path: Path, error: BaseException) -> ImpastoError:
    """The error for a file that cannot be written; a full disk is named."""
    if getattr(error, "errno", None) == errno.ENOSPC:
        return ImpastoError(f"{path}: the disk is full; free some space, and run the same command again")
    return ImpastoError(f"{path}: cannot be written ({reason(error)}); give another --out")


class Encoder:
    """A file of encoded frames, which is whole once it is closed."""

    def __init__(self, path: Path, encoding: Encoding, size: tuple[int, int]) -> None:
        """Open the file for frames of (height, width) ``size``.

        Raises:
            ImpastoError: it cannot be written.
        """
        codec = ENCODERS[encoding.codec]
        self._path, self._encoding, self._pixels = path, encoding, codec.pixels
        self._rgb = codec.pixels == _RGB
        # Chroma has half the size: the last row or column of an odd size is left out.
        self._size = size if self._rgb else (size[0] // 2 * 2 or 2, size[1] // 2 * 2 or 2)
        self.frames = 0
        self._last: int | None = None
        self._shown: int | None = None
        self._durations: dict[int, int] = {}
        try:
            muxer = "mov" if encoding.codec == "prores" else "mp4"
            self._container = _open(path, muxer, encoding.time_base)
            self._stream = self._container.add_stream(codec.encoder, rate=encoding.rate, options=self._options())
        except (FFmpegError, OSError) as error:
            raise cannot_write(path, error) from None
        context = self._stream.codec_context
        self._stream.height, self._stream.width = context.height, context.width = self._size
        self._stream.pix_fmt = codec.pixels
        context.time_base = self._stream.time_base = encoding.time_base
        context.color_range, context.colorspace = (FULL, _AS_RGB) if self._rgb else (LIMITED, BT709)
        context.color_primaries, context.color_trc = BT709, BT709
        context.thread_type = "FRAME" if encoding.codec == "prores" else "AUTO"
        if codec.tag:
            context.codec_tag = codec.tag

    def _options(self) -> dict[str, str]:
        codec, crf = ENCODERS[self._encoding.codec], self._encoding.crf
        quality = codec.crf if crf is None or self._rgb else crf  # what waits without loss has no other quality
        return dict(codec.options) | ({} if codec.crf is None else {"crf": str(quality)})

    def write(self, frame: Frame) -> None:
        """Encode one more frame.

        Raises:
            ImpastoError: the file cannot be written.
        """
        try:
            self._mux(self._stream.encode(self._converted(frame)))
        except (FFmpegError, OSError) as error:
            raise cannot_write(self._path, error) from None
        self.frames += 1

    def _mux(self, packets: list[Any]) -> None:
        """Write packets; of files of a few frames, x265 gives odd times of decoding."""
        most = round(_DELAY / self._encoding.time_base)
        for packet in packets:
            odd = packet.dts is None or not packet.pts - most <= packet.dts <= packet.pts
            if odd or (self._last is not None and packet.dts <= self._last):
                packet.dts = packet.pts - most if self._last is None else min(self._last + 1, packet.pts)
            self._last = packet.dts
            packet.duration = self._durations.pop(packet.pts, packet.duration)
            self._container.mux_one(packet)

    def _converted(self, frame: Frame) -> Any:
        picture = av.VideoFrame.from_ndarray(_fitted(frame.array, self._size), format=_RGB)
        if not self._rgb:
            picture = picture.reformat(
                format=self._pixels,
                dst_colorspace=BT709,
                src_color_range=FULL,
                dst_color_range=LIMITED,
                interpolation=EXACT,
            )
        picture.time_base = self._encoding.time_base
        due = round(frame.time / self._encoding.time_base)
        picture.pts = self._shown = due if self._shown is None else max(due, self._shown + 1)
        # Encoders say of each frame that it is shown as long as the rate says.
        self._durations[picture.pts] = round(frame.duration / self._encoding.time_base)
        return picture

    def close(self) -> None:
        """Encode what is left and finish the file.

        Raises:
            ImpastoError: the file cannot be written.
        """
        try:
            if self.frames:
                self._mux(self._stream.encode(None))
            self._container.close()
        except (FFmpegError, OSError) as error:
            raise cannot_write(self._path, error) from None


def _open(path: Path, muxer: str, unit: Fraction) -> Any:
    """A file to write; PyAV's types know too little of what its streams are."""
    # Where a file begins is rounded to this: thousandths of a second, without it.
    return av.open(address(path), "w", format=muxer, options={"movie_timescale": str(unit.denominator)})


def _fitted(array: Array, size: tuple[int, int]) -> Array:
    """A frame of at least 2 × 2 pixels whose sides are even."""
    if min(array.shape[:2]) < 2:
        array = np.repeat(np.repeat(array, 2, axis=0), 2, axis=1)
    return np.ascontiguousarray(array[: size[0], : size[1]])


def encode(frames: Iterable[Frame], path: Path, encoding: Encoding) -> int:
    """Write frames to a file without sound, and return how many they were."""
    encoder: Encoder | None = None
    for frame in frames:
        encoder = encoder or Encoder(path, encoding, (frame.array.shape[0], frame.array.shape[1]))
        encoder.write(frame)
    if encoder is None:
        return 0
    encoder.close()
    return encoder.frames
