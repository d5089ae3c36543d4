"""One network for several styles against a network for each: same photos, schedule, weights and seeds (table 2 of
Dumoulin et al. 2017). Judged by VGG-16 on the example photos.

python benchmarks/singles.py --content PHOTOS --style-images ARTWORKS --out RUNS --json benchmarks/results/singles.json

A step of the network for all has --times as many pictures: with 4, each of four styles is drawn as often as alone.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from impasto.training import Recipe, Run, prepare, read_recipe, train
from report import benchmark_options, table, write
from trials import Judge, single


def trained(recipe: Recipe, arguments: argparse.Namespace, start: Path | None = None) -> Run:
    """A trained run: one that was begun before goes on, and one that is done is only loaded."""
    out = arguments.out / recipe.name
    resume = (out / "checkpoint.safetensors").exists()
    inputs = {"style_images": arguments.style_images, "vgg": arguments.vgg, "start": start}
    run = prepare(recipe, arguments.content, out, **inputs, resume=resume)
    if run.step < recipe.training.steps:
        train(run)
    return run


def excess(one: dict[str, float], other: dict[str, float], loss: str) -> float:
    """By how much, in percent, a loss of the shared network is larger than that of the single-style one."""
    return 100 * (one[loss] / other[loss] - 1)


def larger(recipe: Recipe, times: int) -> Recipe:
    """The recipe with ``times`` as many pictures a step."""
    training = msgspec.structs.replace(recipe.training, batch_size=times * recipe.training.batch_size)
    return msgspec.structs.replace(recipe, name=f"{recipe.name}-{times}", training=training) if times > 1 else recipe


def compare(recipe: Recipe, arguments: argparse.Namespace) -> dict[str, Any]:
    """The losses of each style, by slug: in the shared network, and in a network of its own."""
    judge = Judge.of(arguments.vgg, arguments.style_images, arguments.side)
    shared = trained(larger(recipe, arguments.times), arguments)
    results: dict[str, Any] = {}
    for entry in recipe.styles:
        target = judge.grams(entry)
        own = trained(single(recipe, entry), arguments)
        results[entry.slug] = {
            "shared": judge.losses(shared, entry, target),
            "single": judge.losses(own, own.recipe.styles[0], target),
        }
    return results


def main() -> None:
    parser = benchmark_options(__doc__)
    parser.add_argument("--recipe", type=Path, default=Path(__file__).with_name("singles.toml"))
    parser.add_argument("--content", type=Path, required=True)
    parser.add_argument("--style-images", type=Path, required=True)
    parser.add_argument("--vgg", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder for the runs; what is there goes on")
    parser.add_argument(
        "--times", type=int, default=1, help="as many pictures a step for the network that all styles share"
    )
    parser.add_argument("--steps", type=int, help="in place of the recipe's")
    parser.add_argument("--side", type=int, default=384)
    arguments = parser.parse_args()
    recipe = read_recipe(arguments.recipe)
    if arguments.steps:
        training = msgspec.structs.replace(recipe.training, steps=arguments.steps)
        recipe = msgspec.structs.replace(recipe, training=training)
    results = compare(recipe, arguments)
    rows = []
    for slug, each in results.items():
        changes = [f"{excess(each['shared'], each['single'], loss):+.1f} %" for loss in ("content", "style")]
        gaps = [f"{100 * (1 - run['style'] / run['photo_style']):.1f} %" for run in each.values()]
        rows.append([slug, *changes, *gaps])
    for loss, mean in (("content", []), ("style", [])):
        mean += [excess(each["shared"], each["single"], loss) for each in results.values()]
        print(f"{loss} loss: {np.mean(mean):+.1f} ± {np.std(mean):.1f} %")
    header = ["style", "content loss, shared against single", "style loss", "style gap closed, shared", "single"]
    print(table(header, rows))
    schedule = {"steps": recipe.training.steps, "times": arguments.times, "network": recipe.network}
    write(arguments.json, {**schedule, "styles": results})


if __name__ == "__main__":
    main()
