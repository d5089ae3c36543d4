"""A virtual camera of Linux (v4l2loopback), as which other programs see what is painted."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import numpy as np
from av.error import FFmpegError

from impasto.errors import ImpastoError
from impasto.film.reading import BT601, EXACT, FULL, LIMITED, reason
from impasto.images.arrays import Array

_MUXER = "video4linux2,v4l2"
_RATE = Fraction(30)
"""The frames a second that programs are told; they get each frame when it is painted."""
_MADE = "sudo modprobe v4l2loopback makes one"


class VirtualCamera:
    """A device that pictures are written to.

    Args:
        path: the device, such as ``/dev/video2``.
        muxer: FFmpeg's name of what is written.
    """

    def __init__(self, path: Path, muxer: str = _MUXER) -> None:
        """Check that there is such a device; it is opened with the first picture.

        Raises:
            ImpastoError: it is none, or may not be written.
        """
        if muxer not in av.formats_available:
            raise ImpastoError(f"{path}: only PyAV on Linux writes to virtual cameras; use --preview")
        if muxer == _MUXER and not path.is_char_device():
            raise ImpastoError(f"{path}: there is no such device; {_MADE}")
        if path.exists() and not os.access(path, os.W_OK):
            raise ImpastoError(f"{path}: is not writable; join its group (video)")
        self._path, self._muxer = path, muxer
        self._container: Any = None
        self._stream: Any = None
        self._count = 0

    def write(self, picture: Array) -> None:
        """Show a picture (H,W,3) uint8; the last row or column of an odd size is left out.

        Raises:
            ImpastoError: the device takes no pictures.
        """
        even = np.ascontiguousarray(picture[: picture.shape[0] // 2 * 2, : picture.shape[1] // 2 * 2])
        frame = av.VideoFrame.from_ndarray(even, format="rgb24").reformat(
            format="yuv420p", dst_colorspace=BT601, src_color_range=FULL, dst_color_range=LIMITED, interpolation=EXACT
        )
        frame.pts, frame.time_base = self._count, 1 / _RATE
        self._count += 1
        try:
            self._stream = self._stream or self._opened(even)
            self._container.mux(self._stream.encode(frame))
        except (FFmpegError, OSError) as error:
            raise ImpastoError(f"{self._path}: takes no pictures ({reason(error)}); {_MADE}") from None

    def _opened(self, picture: Array) -> Any:
        self._container = av.open(str(self._path), "w", format=self._muxer)
        stream = self._container.add_stream("rawvideo", rate=_RATE)
        stream.pix_fmt, stream.height, stream.width = "yuv420p", picture.shape[0], picture.shape[1]
        return stream

    def __enter__(self) -> VirtualCamera:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._count and self._container is not None:
            self._container.close()
