"""A new style by its row alone against training a network for it from scratch: losses over steps (figure 4 of Dumoulin
et al. 2017), the same photos, batches and loss network. Judged by VGG-16 on the example photos.

python benchmarks/new_style.py --model MODEL --content PHOTOS --style-images ARTWORKS --image PAINTING --out RUNS \
    --json benchmarks/results/new-style.json --figure docs/figures/new-style.png
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import matplotlib as mpl
import msgspec

from impasto.training import Recipe, Run, StyleEntry, prepare, read_recipe, train
from report import benchmark_options, table, write
from trials import Judge, single

mpl.use("Agg")
import matplotlib.pyplot as plt

Curve = list[dict[str, float]]


def checkpoints(steps: int) -> list[int]:
    """Steps at which to look: 10, 20, 50, 100, … and the last."""
    ladder = [factor * 10**power for power in range(1, 6) for factor in (1, 2, 5)]
    return [step for step in ladder if step < steps] + [steps]


def curve(run: Run, judge: Judge, entry: StyleEntry) -> Curve:
    """Train, and judge the weights (not their mean) on the way."""
    target, seen, due = judge.grams(entry), [], set(checkpoints(run.options.steps))

    def look(run: Run) -> None:
        if run.step in due:
            seen.append({"step": run.step} | judge.losses(run, entry, target))

    train(run, look)
    return seen


def begin(recipe: Recipe, arguments: argparse.Namespace, *, rows_only: bool) -> Run:
    """A run of one style, from scratch, or with the model's convolutions as they are."""
    out = arguments.out / f"{recipe.name}-{'row' if rows_only else 'scratch'}"
    shutil.rmtree(out, ignore_errors=True)
    start = arguments.model if rows_only else None
    inputs = {"style_images": arguments.style_images, "vgg": arguments.vgg, "start": start}
    run = prepare(recipe, arguments.content, out, **inputs)
    if rows_only:
        shared, rows = run.optimizer.param_groups
        shared["rate"], rows["rate"] = 0.0, arguments.rate / recipe.training.learning_rate
    return run


def draw(curves: dict[str, Curve], path: Path) -> None:
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    for axis, loss in zip(axes, ("style", "content"), strict=True):
        for name, points in curves.items():
            axis.plot([p["step"] for p in points], [p[loss] for p in points], marker="o", markersize=4, label=name)
        axis.set(xscale="log", yscale="log", xlabel="steps", ylabel=f"{loss} loss")
        axis.legend(fontsize=8)
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = benchmark_options(__doc__)
    parser.add_argument("--recipe", type=Path, default=Path(__file__).with_name("singles.toml"))
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--content", type=Path, required=True)
    parser.add_argument("--style-images", type=Path, required=True)
    parser.add_argument("--image", required=True, help="file in ARTWORKS that the model was not trained on")
    parser.add_argument("--vgg", type=Path)
    parser.add_argument("--rate", type=float, default=1e-2, help="learning rate of the row alone")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--side", type=int, default=384)
    parser.add_argument("--figure", type=Path, required=True)
    arguments = parser.parse_args()
    recipe = read_recipe(arguments.recipe)
    entry = StyleEntry(slot=0, slug="new", name=arguments.image, image=arguments.image)
    recipe = single(recipe, entry, steps=arguments.steps or recipe.training.steps, average=0.0)
    judge = Judge.of(arguments.vgg, arguments.style_images, arguments.side)
    runs = {"γ and β alone": True, "from scratch": False}
    curves = {name: curve(begin(recipe, arguments, rows_only=rows), judge, entry) for name, rows in runs.items()}
    draw(curves, arguments.figure)
    lines = [[name, *[f"{point['style']:.3g}" for point in points]] for name, points in curves.items()]
    print(table(["style loss after", *[str(step) for step in checkpoints(recipe.training.steps)]], lines))
    write(arguments.json, {"image": arguments.image, "recipe": msgspec.to_builtins(recipe), "curves": curves})


if __name__ == "__main__":
    main()
