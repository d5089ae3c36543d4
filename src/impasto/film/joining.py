"""Joining segments of pictures into one file, with the sound of the film that they were painted from."""

from __future__ import annotations

import heapq
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.error import FFmpegError

from impasto.errors import ImpastoError
from impasto.files import sync
from impasto.film.formats import COPIED_SOUND, ENCODERS, sound_encoder
from impasto.film.frames import Frame
from impasto.film.reading import FilmInfo, address, opened, reason
from impasto.film.writing import Encoding, cannot_write

logger = logging.getLogger(__name__)

_KEPT = (
    "title",
    "artist",
    "album",
    "comment",
    "date",
    "creation_time",
    "genre",
    "copyright",
    "description",
    "location",
)
"""What is kept of a film's metadata."""
Timed = tuple[Fraction, int, Any]
"""When a packet comes in the file, in seconds; the number of its stream, so that ties are settled; and the packet."""


@dataclass(frozen=True)
class Sound:
    """Which sound a film gets.

    Attributes:
        info: the film it comes from.
        start, end: seconds: the part of it.
    """

    info: FilmInfo
    start: Fraction = Fraction(0)
    end: Fraction | None = None


def join(
    segments: Sequence[Path], out: Path, encoding: Encoding, sound: Sound | None, metadata: dict[str, str]
) -> None:
    """Write one film from files that :class:`impasto.film.writing.Encoder` made; nothing is encoded again.

    Args:
        segments: in order.
        out: the file, which appears whole or not at all.
        encoding: how the segments were encoded.
        sound: is copied where the container takes it, else encoded; None is silence.
        metadata: title, date and the like.

    Raises:
        ImpastoError: the file cannot be written.
    """
    part = out.with_name(f".{out.name}.part{out.suffix}")
    try:
        _write(segments, part, encoding, sound, metadata)
        sync(part)
        os.replace(part, out)
    except (FFmpegError, OSError) as error:
        raise cannot_write(out, error) from None
    finally:
        part.unlink(missing_ok=True)


def _write(
    segments: Sequence[Path], part: Path, encoding: Encoding, sound: Sound | None, metadata: dict[str, str]
) -> None:
    with ExitStack() as stack:
        scale = str(encoding.time_base.denominator)
        options = {"movflags": "+faststart", "movie_timescale": scale} if part.suffix in (".mp4", ".mov") else {}
        container: Any = stack.enter_context(av.open(address(part), "w", options=options))
        container.metadata.update({key: text for key, text in metadata.items() if key in _KEPT})
        first = stack.enter_context(opened(segments[0]))
        pictures = container.add_stream_from_template(first.streams.video[0], opaque=True)
        tag = ENCODERS[encoding.codec].tag
        if tag and part.suffix != ".mkv":
            pictures.codec_context.codec_tag = tag
        streams = [_pictures(segments, pictures, 1 / encoding.rate)]
        if sound is not None and sound.info.sound:
            source = stack.enter_context(opened(sound.info.path))
            streams += _sounds(source, container, part.suffix, sound)
        for _, _, packet in heapq.merge(*streams, key=lambda timed: timed[:2]):
            container.mux_one(packet)


def _pictures(segments: Sequence[Path], stream: Any, each: Fraction) -> Iterator[Timed]:
    """The packets of all segments; time stamps of decoding rise across their ends. The last frame is shown for as long
    as ``each``."""
    last: int | None = None
    for segment in segments:
        with opened(segment) as container:
            for packet in container.demux(container.streams.video[0]):
                if packet.size == 0:
                    continue
                if last is not None and packet.dts is not None and packet.dts <= last:
                    packet.dts = min(last + 1, packet.pts)
                last = packet.dts
                packet.duration = round(each / packet.time_base)
                packet.stream = stream
                yield Fraction(packet.dts or 0) * packet.time_base, 0, packet


def frames_in_segments(segments: Sequence[Path]) -> Iterator[Frame]:
    """The frames of all segments, as they were before they were encoded without loss."""
    for segment in segments:
        with opened(segment) as container:
            for frame in container.decode(video=0):
                unit = Fraction(frame.time_base)
                yield Frame(frame.to_ndarray(format="rgb24"), frame.pts * unit, (frame.duration or 0) * unit)


def _sounds(source: Any, container: Any, suffix: str, sound: Sound) -> list[Iterator[Timed]]:
    """The packets of each track of sound that can be kept; for one that cannot, a line is logged."""
    found = []
    for number, stream in enumerate(source.streams.audio, 1):
        context = getattr(stream, "codec_context", None)
        # Decoders have names of their own: that of mp3 is mp3float.
        name = context.codec.canonical_name if context is not None else "an unknown codec"
        if context is not None and name in COPIED_SOUND[suffix]:
            target = container.add_stream_from_template(stream, opaque=True)
            found.append(_copied(sound, stream.index, target, number))
        elif context is not None and _decodes(sound, stream.index):
            target = container.add_stream(sound_encoder(suffix), rate=_rate(context, suffix))
            target.layout = "stereo" if context.layout.nb_channels > 1 else "mono"
            found.append(_encoded(sound, stream.index, target, number))
        else:
            logger.warning(
                "%s: track %d of the sound (%s) cannot be decoded; it is left out", sound.info.path, number, name
            )
    return found


def _rate(context: Any, suffix: str) -> int:
    return 48_000 if suffix == ".webm" else min(context.sample_rate or 48_000, 96_000)


def _copied(sound: Sound, index: int, target: Any, number: int) -> Iterator[Timed]:
    """The packets of one track as they are, with time stamps that rise."""
    last: int | None = None
    with opened(sound.info.path) as source:
        stream = source.streams[index]
        for packet in _packets(source, stream, sound):
            unit = Fraction(packet.time_base)
            shift = round((sound.info.origin + sound.start) / unit)
            packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
            if last is not None and packet.dts <= last:  # a repeated time stamp would end the muxer
                packet.dts = last + 1
                packet.pts = max(packet.pts, packet.dts)
            last = packet.dts
            packet.stream = target
            yield packet.dts * unit, number, packet


def _packets(source: Any, stream: Any, sound: Sound) -> Iterator[Any]:
    """The packets of a track that lie in the part that is asked for."""
    begin = sound.info.origin + sound.start
    if sound.start > 1:
        source.seek(int(begin / stream.time_base), stream=stream)
    packets = source.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except FFmpegError as error:
            logger.warning("%s: the sound is damaged (%s); it ends early", sound.info.path, reason(error))
            return
        if packet is None:
            return
        if packet.size == 0 or packet.pts is None or packet.dts is None:
            continue
        time = packet.pts * Fraction(packet.time_base)
        if sound.end is not None and time >= sound.info.origin + sound.end:
            return
        if sound.start == 0 or time + Fraction(packet.duration or 0) * packet.time_base / 2 >= begin:
            yield packet


def _decodes(sound: Sound, index: int) -> bool:
    """Whether a track of sound can be decoded: its first packets are tried."""
    with opened(sound.info.path) as source:
        stream = source.streams[index]
        for tried, packet in enumerate(source.demux(stream)):
            try:
                if packet.decode():
                    return True
            except (FFmpegError, ValueError):
                pass
            if tried > 50:
                return False
    return False


def _encoded(sound: Sound, index: int, target: Any, number: int) -> Iterator[Timed]:
    """One track, encoded anew."""
    resampler = av.AudioResampler(format=target.format, layout=target.layout, rate=target.rate)
    with opened(sound.info.path) as source:
        for frame in _frames_of_sound(source, source.streams[index], sound, resampler):
            for packet in target.encode(frame):
                yield Fraction(packet.dts) * packet.time_base, number, packet
        for packet in target.encode(None):
            yield Fraction(packet.dts) * packet.time_base, number, packet


def _frames_of_sound(source: Any, stream: Any, sound: Sound, resampler: Any) -> Iterator[Any]:
    for packet in _packets(source, stream, sound):
        try:
            decoded = packet.decode()
        except (FFmpegError, ValueError):
            continue
        for frame in decoded:
            _in_samples(frame)
            for resampled in resampler.resample(frame):
                unit = Fraction(resampled.time_base)
                resampled.pts = max(0, resampled.pts - round((sound.info.origin + sound.start) / unit))
                yield resampled
    yield from resampler.resample(None)


def _in_samples(frame: Any) -> None:
    """Give a frame of sound a time stamp as fine as its samples: a coarse one would repeat in shorter frames."""
    if frame.pts is not None:
        frame.pts = round(frame.pts * Fraction(frame.time_base) * frame.sample_rate)
        frame.time_base = Fraction(1, frame.sample_rate)


def check_space(out: Path) -> None:
    """Check that a film can be written there.

    Raises:
        ImpastoError: the folder is missing or may not be written; or a folder is in the film's place, or a file in that
            of a folder of frames.
    """
    if out.suffix and out.is_dir():
        raise ImpastoError(f"{out}: is a folder; give the name of a film")
    if not out.suffix and out.is_file():
        raise ImpastoError(f"{out}: is a file, not a folder for frames; give another --out, or an ending: .mp4")
    folder = out.parent
    if not folder.is_dir():
        raise ImpastoError(f"{folder}: there is no such folder; make it, or give another --out")
    if not os.access(folder, os.W_OK):
        raise ImpastoError(f"{folder}: is not writable; give another --out")
