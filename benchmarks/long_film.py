"""Long films: how far sound and picture drift apart, and how much memory a film of 1080 lines takes, short and longer.

Films of flashes and beeps, one each minute, are painted by the command, at 29.97 frames a second and a variable rate.

python benchmarks/long_film.py --json benchmarks/results/long-film.json film.mp4
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np

from report import benchmark_options, costs, table, write

RATE = Fraction(30_000, 1001)
UNIT = Fraction(1, 90_000)
HERTZ = 44_100
EVERY, LONG = 60, 0.2
"""Seconds between flashes, and how long one lasts."""


class Found(NamedTuple):
    """What is in a film; all in seconds.

    Attributes:
        times: of its frames.
        flashes, beeps: when they begin.
    """

    times: list[float]
    flashes: list[float]
    beeps: list[float]


def on(time: float) -> bool:
    return time > 1 and time % EVERY < LONG


def moments(seconds: float, *, variable: bool) -> Iterator[Fraction]:
    """Times of frames; at a variable rate one in five is shown three times as long."""
    rng, time = np.random.default_rng(0), Fraction(0)
    while time < seconds:
        yield time
        time += (3 if variable and rng.random() < 0.2 else 1) / RATE


def make(path: Path, seconds: float, *, variable: bool) -> None:
    """Write a film of 96 × 64 in which a bar moves, with flashes and beeps."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=RATE, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 96, 64, "yuv420p"
        video.time_base = video.codec_context.time_base = UNIT
        audio = container.add_stream("aac", rate=HERTZ, layout="stereo")
        for number, time in enumerate(moments(seconds, variable=variable)):
            image = np.full((64, 96, 3), 255 if on(float(time)) else 60, np.uint8)
            image[20:40, number * 2 % 90 :][:, :6] = 200
            frame = av.VideoFrame.from_ndarray(image, "rgb24")
            frame.pts, frame.time_base = round(time / UNIT), UNIT
            container.mux(video.encode(frame))
        for start in range(0, round(seconds * HERTZ), 1024):
            times = np.arange(start, start + 1024) / HERTZ
            wave = (0.8 * np.sin(2 * np.pi * 880 * times) * [on(time) for time in times]).astype(np.float32)
            sound = av.AudioFrame.from_ndarray(np.stack([wave, wave]), "fltp", "stereo")
            sound.sample_rate, sound.pts, sound.time_base = HERTZ, start, Fraction(1, HERTZ)
            container.mux(audio.encode(sound))
        for stream in (video, audio):
            container.mux(stream.encode())


def look(path: Path) -> Found:
    with av.open(str(path)) as container:
        frames = [(frame.time, frame.to_ndarray(format="gray").mean() > 170) for frame in container.decode(video=0)]
    with av.open(str(path)) as container:
        sounds = [(frame.time, frame.to_ndarray()[0]) for frame in container.decode(audio=0)]
    loud = [time + place / HERTZ for time, wave in sounds for place in np.flatnonzero(np.abs(wave) > 0.2)]
    bright = [time for time, flash in frames if flash]
    return Found([time for time, _ in frames], begins(bright), begins(loud))


def begins(times: list[float]) -> list[float]:
    """The first of times that lie together."""
    return [time for index, time in enumerate(times) if not index or time - times[index - 1] > 0.5]


def offsets(folder: Path, seconds: float, *, variable: bool) -> dict[str, Any]:
    """How much later time stamps and beeps are, against frames, once the film is painted; milliseconds."""
    film, painted = folder / "film.mp4", folder / "painted.mp4"
    make(film, seconds, variable=variable)
    costs([*command(film, painted), "--size", "96"])
    before, after = look(film), look(painted)
    drift = [
        (beep - flash) - (was - shown)
        for flash, beep, shown, was in zip(after.flashes, after.beeps, before.flashes, before.beeps, strict=True)
    ]
    stamps = [abs(a - b) for a, b in zip(before.times, after.times, strict=True)]
    return {"frames": len(stamps), "time stamps": 1000 * max(stamps), "sound": 1000 * max(map(abs, drift))}


def command(film: Path, out: Path) -> list[str]:
    return [sys.executable, "-m", "impasto", "video", str(film), "-s", "mural", "--overwrite", "-o", str(out)]


def main() -> None:
    parser = benchmark_options(__doc__, "long-film.json")
    parser.add_argument("film", type=Path, help="for memory; it is painted with a long side of 1920 pixels")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--ends", type=float, nargs="+", default=[2.0, 6.0], help="seconds of the film, for memory")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = {
            "variable rate" if variable else "29.97": offsets(folder, 60 * arguments.minutes, variable=variable)
            for variable in (False, True)
        }
        large = [*command(arguments.film, folder / "large.mp4"), "--size", "1920", "--end"]
        memory = {f"{end:g} s": costs([*large, str(end)]).gigabytes for end in arguments.ends}
    header = [f"{arguments.minutes:g} minutes", "frames", "time stamps, ms", "sound against picture, ms"]
    rows = [[name, *(f"{value:.2f}" for value in each.values())] for name, each in found.items()]
    print(table(header, rows), table(["1080 lines", "GB"], [[k, f"{v:.2f}"] for k, v in memory.items()]), sep="\n\n")
    write(arguments.json, {"minutes": arguments.minutes, "offsets": found, "memory": memory})


if __name__ == "__main__":
    main()
