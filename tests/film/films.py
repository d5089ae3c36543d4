"""Films to test on, made by PyAV."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

BARS = np.array(
    [[191, 191, 191], [191, 191, 0], [0, 191, 191], [0, 191, 0], [191, 0, 191], [191, 0, 0], [0, 0, 191], [16, 16, 16]],
    np.uint8,
)
"""The colours of the bars, from left to right."""
_LAYOUTS = {1: "mono", 2: "stereo"}


def bars(height: int = 64, width: int = 128) -> np.ndarray:
    """Colour bars, (height,width,3)."""
    return np.repeat(np.repeat(BARS, width // 8, axis=0)[None], height, axis=0)


def moving(count: int, height: int = 48, width: int = 64) -> list[np.ndarray]:
    """Frames of a bright square that wanders over a slope, 2 pixels a frame."""
    slope = np.linspace(40, 160, width, dtype=np.uint8)
    frames = [np.repeat(np.repeat(slope[None], height, axis=0)[..., None], 3, axis=2).copy() for _ in range(count)]
    for number, frame in enumerate(frames):
        left = 2 * number % (width - 16)
        frame[16:32, left : left + 16] = (230, 200, 60)
    return frames


def make_film(
    path: Path,
    frames: Iterable[np.ndarray],
    *,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    rate: Fraction = Fraction(25),
    times: Sequence[int] | None = None,
    rotation: int = 0,
    matrix: int = 5,
    full: bool = False,
    sound: str | None = None,
    tones: Sequence[int] = (440,),
    samples: int = 48_000,
    metadata: dict[str, str] | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """Write a film.

    Args:
        path: the file.
        frames: (H,W,3) uint8, or frames of PyAV.
        codec, pixels, rate, options: FFmpeg's.
        times: time stamps in milliseconds; without them, frames follow one another at the rate.
        rotation: by how many degrees, counter-clockwise, the film says it is to be turned.
        matrix: FFmpeg's number of the matrix between YUV and RGB.
        full: whether black is 0 and not 16.
        sound: an encoder for a tone as long as the film.
        tones: the pitch of each channel, in hertz.
        samples: how many a second.
    """
    container: Any = av.open(str(path), "w")
    container.metadata.update(metadata or {})
    lossless = {"crf": "1"} if codec in ("libx264", "libx265") else {}
    stream = container.add_stream(codec, rate=rate, options=lossless | (options or {}))
    if rotation:
        stream.set_display_rotation(rotation)
    stream.pix_fmt = pixels
    unit = Fraction(1, 1000) if times else 1 / rate
    stream.codec_context.time_base = stream.time_base = unit
    track = container.add_stream(sound, rate=samples, layout=_LAYOUTS[len(tones)]) if sound else None
    count = 0
    for count, array in enumerate(frames, 1):
        frame = _coded(array, pixels, matrix, full) if isinstance(array, np.ndarray) else array
        if count == 1:
            stream.width, stream.height = frame.width, frame.height
            context = stream.codec_context
            context.color_range, context.colorspace = 2 if full else 1, matrix
            context.color_trc, context.color_primaries = frame.color_trc, frame.color_primaries
        frame.pts, frame.time_base = times[count - 1] if times else count - 1, unit
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
    if track is not None:
        seconds = (times[-1] + 40) / 1000 if times else float(count / rate)
        _sing(container, track, seconds, tones)
    container.close()
    return path


def _coded(array: np.ndarray, pixels: str, matrix: int, full: bool) -> Any:
    return av.VideoFrame.from_ndarray(array, format="rgb24").reformat(
        format=pixels,
        dst_colorspace=matrix,
        src_color_range=2,
        dst_color_range=2 if full else 1,
        interpolation=0x4 | 0x2000 | 0x4000 | 0x40000,
    )


def _sing(container: Any, track: Any, seconds: float, tones: Sequence[int]) -> None:
    """A tone for each channel that begins after a tenth of a second, as a mark in time."""
    rate = track.rate
    time = np.arange(round(seconds * rate)) / rate
    waves = np.array([0.4 * np.sin(2 * np.pi * tone * time) * (time > 0.1) for tone in tones], np.float32)
    for first in range(0, waves.shape[1], 1024):
        part = np.ascontiguousarray(waves[:, first : first + 1024])
        frame = av.AudioFrame.from_ndarray(part, format="fltp", layout=_LAYOUTS[len(tones)])
        frame.sample_rate, frame.pts, frame.time_base = rate, first, Fraction(1, rate)
        container.mux(track.encode(frame))
    container.mux(track.encode(None))


def onset(path: Path) -> float:
    """When the tone of a film begins, in seconds."""
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            loud = np.flatnonzero(np.abs(frame.to_ndarray()[0].astype(float)) > 0.05 * _loudest(frame))
            if len(loud):
                return frame.time + loud[0] / frame.sample_rate
    raise AssertionError("the film is silent")


def _loudest(frame: Any) -> float:
    return 1.0 if frame.format.name.startswith("flt") else 32768.0


def pitches(path: Path) -> tuple[int, list[int]]:
    """The samples a second of a film's sound, and the pitch of each channel in hertz."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="fltp")
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    waves, rate = np.concatenate([frame.to_ndarray() for frame in frames], axis=1), frames[0].sample_rate
    loudest = np.abs(np.fft.rfft(waves)).argmax(axis=1)
    return rate, [round(each * rate / waves.shape[1]) for each in loudest]


def times_of(path: Path) -> list[Fraction]:
    """The time stamps of a film's frames, in seconds."""
    with av.open(str(path)) as container:
        return [frame.pts * frame.time_base for frame in container.decode(video=0)]
