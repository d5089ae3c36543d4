"""Reading films by PyAV: upright frames in RGB at the times of the file, whatever its codec, colours and fields."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from impasto.errors import ImpastoError, UnreadableError, pip_install
from impasto.files import is_file
from impasto.film.frames import Frame
from impasto.film.tone import HLG, PQ, tone_mapped
from impasto.images.arrays import Array
from impasto.images.reading import MAX_PIXELS, check_pixels

try:
    import av
    from av.error import EOFError as EndOfFilm
    from av.error import FFmpegError
except ModuleNotFoundError:
    raise ImpastoError(f"films need PyAV: {pip_install('video')}") from None

logger = logging.getLogger(__name__)
# PyAV's own logging stays off: its callback waits for Python while a decoder's threads are being joined, for ever.

_CONTAINERS = (
    "3gp,aac,aiff,apng,asf,av1,avi,dirac,dv,flac,flv,gif,gxf,h263,h264,hevc,ivf,live_flv,m4v,matroska,mjpeg,mov,mp3,mp4,"
    "mpeg,mpegts,mpegvideo,mpjpeg,mxf,nut,obu,ogg,rm,swf,vc1,vvc,wav,webm,wtv,yuv4mpegpipe"
)
"""FFmpeg's names of what is read. Sound is read only to say that it has no pictures. Playlists and descriptions of
streams are not among them: they make it open other files and addresses."""
_INDEXED = {"mp4", "mov", "matroska", "webm", "flv"}
"""Containers that say where frames are that others do not depend on. In others, such as MPEG-TS and AVI, frames
would be lost after a jump, so they are decoded from their beginning."""
BT709, BT601, BT2020 = 1, 5, 9
"""FFmpeg's numbers of the matrices between YUV and RGB."""
LIMITED, FULL = 1, 2
"""FFmpeg's numbers of ranges: black to white is 16 to 235, or 0 to 255."""
EXACT = 0x4 | 0x2000 | 0x4000 | 0x40000
"""Flags of FFmpeg's scaler: bicubic, chroma at full size in and out, and exact rounding."""
QUICK = 0x2 | 0x2000 | 0x40000
"""Flags for frames that keep their size: bilinear chroma, and exact rounding; twice as fast."""
_LIMITS = {"max_pixels": str(MAX_PIXELS)}
"""What decoders are told, so that no frame takes all memory; a film may say that it is as large as it likes."""
_HD = 720
"""Films that do not say how their colours are stored do it as in HD from this height on, in pixels, as in SD below."""


@dataclass(frozen=True)
class FilmInfo:
    """What a film's file says about it.

    Attributes:
        path: the file.
        height, width: of upright frames with square pixels.
        rate: frames a second in the mean, or what is nominal.
        time_base: the unit of its time stamps, in seconds.
        origin: the time stamp, in seconds, at which picture or sound begins: what :attr:`Frame.time` counts from.
        duration: in seconds; 0 if unknown.
        sound: whether it has any.
        metadata: title, date and the like.
    """

    path: Path
    height: int
    width: int
    rate: Fraction
    time_base: Fraction
    origin: Fraction
    duration: Fraction
    sound: bool
    metadata: dict[str, str] = field(default_factory=dict)

    def size_at(self, longer: int | None) -> tuple[int, int]:
        """Height and width of frames whose longer side is ``longer`` pixels; None is as they are."""
        scale = Fraction(longer, max(self.height, self.width)) if longer else 1
        return max(1, round(self.height * scale)), max(1, round(self.width * scale))


@contextmanager
def opened(path: str | os.PathLike[str]) -> Iterator[Any]:
    """A film's file, open for reading.

    Raises:
        ImpastoError: there is none, or it is none.
    """
    if not is_file(path):
        raise ImpastoError(f"{path}: there is no such file")
    try:
        options = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file", **_LIMITS}
        container = av.open(address(path), metadata_errors="replace", options=options)
    except (FFmpegError, OSError, ValueError) as error:
        raise UnreadableError(
            f"{path}: cannot be read as a film ({reason(error)}); is it damaged or cut off?"
        ) from None
    with container:
        yield container


def address(path: str | os.PathLike[str]) -> str:
    """A path as FFmpeg takes it: in ``Rome: day 1.mp4`` it would see a protocol."""
    return f"file:{os.fspath(path)}"


def reason(error: BaseException) -> str:
    """Why FFmpeg failed, in a few words."""
    return str(getattr(error, "strerror", None) or error).lower()


def picture_of(container: Any, path: str | os.PathLike[str]) -> Any:
    """The stream with the film's pictures; covers of songs are none.

    Raises:
        ImpastoError: there is none, or no decoder for it.
    """
    cover = av.stream.Disposition.attached_pic
    streams = [stream for stream in container.streams.video if not stream.disposition & cover]
    if not streams:
        lacks = "has only sound" if container.streams.audio else "has no pictures"
        raise ImpastoError(f"{path}: {lacks}; give a film")
    if getattr(streams[0], "codec_context", None) is None:
        raise ImpastoError(f"{path}: there is no decoder for its pictures; convert it to H.264 first")
    streams[0].codec_context.options = _LIMITS
    return streams[0]


def look_at(path: str | os.PathLike[str], max_pixels: int | None = None) -> FilmInfo:
    """What a film is like, from its file's head and its first frame.

    Args:
        path: the film.
        max_pixels: the most pixels that its frames may have, which is checked before one is decoded.

    Raises:
        ImpastoError: it cannot be read, or has no frame, or its frames are too large.
    """
    with opened(path) as container:
        stream = picture_of(container, path)
        check_pixels(f"{path}: a frame", stream.width * stream.height, max_pixels, does="has")
        frame = next(_decoded(container, stream), None)
        if frame is None:
            raise ImpastoError(f"{path}: has no frame that can be read; is it damaged or cut off?")
        check_pixels(f"{path}: a frame", frame.width * frame.height, max_pixels, does="has")
        height, width = _upright_size(frame, stream)
        rate = stream.average_rate or stream.guessed_rate or Fraction(25)
        started = container.start_time
        origin = Fraction(started, av.time_base) if started is not None else Fraction(0)
        return FilmInfo(
            path=Path(path),
            height=height,
            width=width,
            rate=Fraction(rate).limit_denominator(100_000),
            time_base=stream.time_base or 1 / Fraction(rate),
            origin=origin,
            duration=Fraction(container.duration or 0, av.time_base),
            sound=bool(container.streams.audio),
            metadata=dict(container.metadata),
        )


def read_frames(
    info: FilmInfo, *, start: Fraction = Fraction(0), end: Fraction | None = None, longer: int | None = None
) -> Iterator[Frame]:
    """The frames of a film in order, at rising times.

    What is damaged is left out, and the log says so.

    Args:
        info: of :func:`look_at`.
        start, end: seconds; frames before the one and from the other on are left out.
        longer: their long side in pixels; None is as it is.
    """
    size = info.size_at(longer)
    with opened(info.path) as container:
        stream = picture_of(container, info.path)
        stream.thread_type = "AUTO"
        if start > 1 and _INDEXED & set(container.format.name.split(",")):
            _seek(container, stream, info.origin + start)
        for frame, time in _timed(_progressive(_decoded(container, stream)), info):
            if end is not None and time >= end:
                return
            if time >= start:
                unit = Fraction(frame.time_base or info.time_base)
                yield Frame(_upright(frame, size), time, (frame.duration or 0) * unit or 1 / info.rate)


def _seek(container: Any, stream: Any, time: Fraction) -> None:
    with suppress(FFmpegError, OverflowError):  # where it cannot be sought in, frames before are decoded and left out
        container.seek(int(time / stream.time_base), stream=stream)


def _decoded(container: Any, stream: Any) -> Iterator[Any]:
    """All frames that can be decoded."""
    damaged, path = 0, container.name.removeprefix("file:")
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
            yield from packet.decode()
        except (StopIteration, EndOfFilm):
            break
        except (FFmpegError, ValueError) as error:
            damaged += 1
            logger.debug("%s: %s", path, error)
            if damaged > 1000:
                break
    if damaged:
        logger.warning("%s: is damaged; the parts that cannot be decoded are left out", path)


def _progressive(frames: Iterator[Any]) -> Iterator[Any]:
    """The frames with both fields of interlaced ones made into one picture (bwdif)."""
    graph: Any = None
    for frame in frames:
        if graph is None and not frame.interlaced_frame:
            yield frame
            continue
        graph = graph or _deinterlacer(frame)
        graph.vpush(frame)
        yield from _pulled(graph)
    if graph is not None:
        graph.vpush(None)
        yield from _pulled(graph)


def _deinterlacer(frame: Any) -> Any:
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or Fraction(1, 25)
    )
    graph.link_nodes(source, graph.add("bwdif", "mode=send_frame:deint=interlaced"), graph.add("buffersink"))
    graph.configure()
    return graph


def _pulled(graph: Any) -> Iterator[Any]:
    while True:
        try:
            yield graph.vpull()
        except (FFmpegError, BlockingIOError, EOFError):
            return


def _timed(frames: Iterator[Any], info: FilmInfo) -> Iterator[tuple[Any, Fraction]]:
    """Frames with times that rise: missing, repeated and backward time stamps are put right."""
    last: Fraction | None = None
    for frame, stamp in _stamped(frames):
        time = None if stamp is None else stamp * Fraction(frame.time_base or info.time_base) - info.origin
        if last is not None and (time is None or time <= last):
            # A quarter of a frame later: it catches up with the time stamps that follow.
            time = last + 1 / info.rate / (1 if time is None else 4)
        last = Fraction(0) if time is None else time
        yield frame, last


def _stamped(frames: Iterator[Any]) -> Iterator[tuple[Any, int | None]]:
    """Frames and their time stamps. AVI knows no times of showing: what goes back in them are times of decoding."""
    pts = dts = -math.inf
    backward = 0  # how much oftener the one goes back than the other
    for frame in frames:
        if frame.pts is not None:
            backward += frame.pts < pts
            pts = frame.pts
        if frame.dts is not None:
            backward -= frame.dts < dts
            dts = frame.dts
        yield frame, frame.dts if backward > 0 and frame.dts is not None else frame.pts


def _upright_size(frame: Any, stream: Any) -> tuple[int, int]:
    """Height and width of a frame once it is upright and its pixels are square."""
    aspect = Fraction(stream.sample_aspect_ratio or 1)
    height, width = frame.height, round(frame.width * aspect) if aspect > 0 else frame.width
    return (width, height) if frame.rotation % 180 == 90 else (height, width)


def _upright(frame: Any, size: tuple[int, int]) -> Array:
    """A frame as (H,W,3) uint8 RGB, turned upright, and scaled to (H,W) ``size``."""
    turns = round(frame.rotation / 90) % 4
    height, width = size[::-1] if turns % 2 else size
    transfer = frame.color_trc
    deep = transfer in (PQ, HLG)
    matrix = frame.colorspace if frame.colorspace in (BT709, 4, BT601, 6, 7, BT2020) else _guessed(frame)
    rgb = frame.reformat(
        width=width,
        height=height,
        format="rgb48le" if deep else "rgb24",
        src_colorspace=BT601 if matrix == 6 else matrix,
        src_color_range=_range(frame),
        dst_color_range=FULL,
        interpolation=QUICK if (height, width) == (frame.height, frame.width) else EXACT,
    ).to_ndarray()
    array = tone_mapped(rgb, transfer) if deep else rgb
    return np.ascontiguousarray(np.rot90(array, turns)) if turns else array


def _guessed(frame: Any) -> int:
    return BT709 if max(frame.height, frame.width * 9 // 16) >= _HD else BT601


def _range(frame: Any) -> int:
    if frame.color_range in (LIMITED, FULL):
        return int(frame.color_range)
    return FULL if "j" in frame.format.name or frame.format.is_rgb else LIMITED
