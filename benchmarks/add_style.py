"""Styles fitted with the slim loss network against the same fitted with VGG-16 for hundreds of steps, both judged by
VGG-16; and how much faster the slim one is.

python benchmarks/add_style.py --vgg VGG --json benchmarks/results/add-style.json PAINTING...
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import torch

from impasto.assets import free_photos
from impasto.fitting.add_style import predicted
from impasto.fitting.fit import Fit, Score, take_steps
from impasto.fitting.options import FitOptions
from impasto.images.folders import find_photos
from impasto.losses.gram import STYLE_LAYERS
from impasto.models.model import load_model
from impasto.nn.precision import fastest_precision
from impasto.nn.slim import SlimVGG, load_slim_vgg
from impasto.nn.vgg import VGG16
from impasto.nn.vgg_weights import load_vgg16
from impasto.progress import bar
from impasto.styles.painting import Painting, read_painting
from report import benchmark_options, interleaved, median, table, write

WITHIN = 0.03
"""Difference in the distribution gap closed, as a share, up to which two fits count as equally good."""
_A_YEAR = 60 * 24 * 365.0
"""In minutes: no limit of time."""


def forward_and_backward(network: SlimVGG | VGG16, precision: torch.dtype, crop: int) -> Any:
    """A call that makes one pass of a loss network, and the pass back, over 4 crops."""
    network = network.to(precision).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    image = torch.rand(4, 3, crop, crop).contiguous(memory_format=torch.channels_last).requires_grad_()

    def call() -> None:
        sum(seen.float().square().mean() for seen in network(image, STYLE_LAYERS).values()).backward()

    return call


def speed(vgg: Path | None, crop: int, rounds: int) -> dict[str, list[float]]:
    """The seconds of forward and backward passes, by network and precision."""
    calls = {}
    # bfloat16 is measured only where the processor computes in it.
    for precision in dict.fromkeys((torch.float32, fastest_precision(torch.device("cpu")))):
        name = str(precision).removeprefix("torch.")
        calls[f"VGG-16, {name}"] = forward_and_backward(load_vgg16(vgg), precision, crop)
        calls[f"slim, {name}"] = forward_and_backward(load_slim_vgg(), precision, crop)
    return interleaved(calls, rounds=rounds)


def trace(run: Fit, judge: Fit, every: int) -> list[dict[str, float]]:
    """The judge's scores of the mean row, every so many steps of a fit, with the seconds that fitting alone had taken.

    Ctrl-C ends the fit, and leaves the scores so far.
    """
    points: list[dict[str, float]] = []
    judging, began = 0.0, time.perf_counter()

    def score() -> None:
        nonlocal judging
        stopped = time.perf_counter()
        if run.step % every == 0 or run.step == run.steps:
            points.append({"step": run.step, "seconds": stopped - began - judging} | scores(judge.score(run.mean)))
        judging += time.perf_counter() - stopped

    with suppress(KeyboardInterrupt), bar("step") as progress:
        take_steps(run, to_the_end=True, progress=progress, after=score)
    return points


def scores(score: Score) -> dict[str, float]:
    return {
        "gap_closed": score.closed,
        "style_gap_closed": score.style_gap_closed,
        "content_distance": score.content_distance,
    }


def compare(painting: Painting, arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """The scores along both fits: given after the slim fit, in case nobody waits for the other, and after both."""
    loaded, photos = load_model(arguments.model), find_photos(free_photos())
    vgg, crop, steps = arguments.vgg, arguments.crop, arguments.steps
    judge = Fit(loaded, [painting], photos, load_vgg16(vgg), FitOptions(crop=crop + 32))
    result: dict[str, Any] = {"start": scores(judge.best[1])}
    began = time.perf_counter()
    # add-style begins at the predicted row, too.
    starts = predicted(loaded, [painting])
    slim = Fit(loaded, [painting], photos, load_slim_vgg(), FitOptions(crop=crop), starts)
    result["seconds to set up"] = time.perf_counter() - began
    left = (arguments.seconds - result["seconds to set up"]) / 60
    slim.options = msgspec.structs.replace(slim.options, minutes=max(left, 1e-3))
    result["slim"] = trace(slim, judge, 10)
    yield result
    options = FitOptions(crop=crop, steps=steps, minutes=_A_YEAR)
    exact = Fit(loaded, [painting], photos, load_vgg16(vgg), options, starts)
    yield result | {"VGG-16": trace(exact, judge, max(20, steps // 20))}


def ended(result: dict[str, Any], key: str) -> dict[str, Any]:
    """The last scores of a fit, or those of its start if it was ended before there were any."""
    return result[key][-1] if result[key] else result["start"] | {"step": 0}


def reached(result: dict[str, Any]) -> float | None:
    """The seconds after which the slim fit is as good as VGG-16's at its end, or None if it never is."""
    goal = ended(result, "VGG-16")["gap_closed"] - WITHIN
    done = [point for point in result["slim"] if point["gap_closed"] >= goal]
    return done[0]["seconds"] + result["seconds to set up"] if done else None


def row(name: str, result: dict[str, Any]) -> list[str]:
    last = {key: ended(result, key) for key in ("slim", "VGG-16")}
    took = reached(result)
    return [
        name, *(f"{100 * p['gap_closed']:.1f} % / {p['content_distance']:.2f}" for p in last.values()),
        str(last["VGG-16"]["step"]), "never" if took is None else f"{took:.0f}",
    ]  # fmt: skip


def main() -> None:
    parser = benchmark_options(__doc__, "add-style.json")
    parser.add_argument("paintings", nargs="+", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--vgg", type=Path)
    parser.add_argument("--steps", type=int, default=600, help="of the fit with VGG-16")
    parser.add_argument("--seconds", type=float, default=60.0, help="that the fit with the slim loss network may take")
    parser.add_argument("--crop", type=int, default=256, help="side of the crops that are fitted on")
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    seconds = speed(arguments.vgg, arguments.crop, arguments.rounds)
    rows = [[name, f"{median(times):.3f}"] for name, times in seconds.items()]
    print(table([f"forward and backward, 4 × {arguments.crop}²", "s"], rows))
    results: dict[str, Any] = {}
    for path in arguments.paintings:
        for result in compare(read_painting(path), arguments):
            results[path.name] = result
            write(arguments.json, {"seconds": seconds, "fits": results})
    head = ["painting", f"slim, {arguments.seconds:.0f} s: gap closed / distance", "VGG-16", "its steps",
            "s until within 3 points"]  # fmt: skip
    print(table(head, [row(name, result) for name, result in results.items()]))


if __name__ == "__main__":
    main()
