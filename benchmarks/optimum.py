"""One forward pass against the direct optimisation of each picture (Gatys et al. 2016), on the same objective.

python benchmarks/optimum.py --style-images ARTWORKS --json benchmarks/results/optimum.json \
    --sheet docs/figures/optimum.jpg
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

import impasto
from impasto.assets import examples
from impasto.errors import unknown
from impasto.fitting.pixels import optimize
from impasto.images.contact_sheet import table as pictures_in_rows
from impasto.images.folders import find_photos
from impasto.images.reading import read_photo
from impasto.images.writing import write_image
from impasto.losses.perceptual import content_loss, style_loss
from impasto.losses.targets import style_grams
from impasto.nn.vgg import VGG16
from impasto.nn.vgg_weights import load_vgg16
from impasto.styles.painting import painting_of
from impasto.styles.style import Style
from impasto.stylize.strokes import own_stroke
from pictures import see
from report import benchmark_options, table, write

STYLE = 5.0
"""Weight of the style loss: the photo's own style loss counts as much as that many times the content loss of another
photo."""


class Objective:
    """Content and weighted style loss of pictures of one photo in one style."""

    def __init__(self, vgg: VGG16, photo: np.ndarray, another: np.ndarray, style_image: np.ndarray) -> None:
        self.vgg = vgg
        self.target = style_grams(vgg, style_image, torch.device("cpu"))
        seen = see(vgg, photo)
        self.content = seen.content
        unit = content_loss(see(vgg, another).content, seen.content).item()
        self.weight = STYLE * unit / style_loss(seen.grams, self.target).item()

    def __call__(self, picture: np.ndarray) -> float:
        seen = see(self.vgg, picture)
        style = style_loss(seen.grams, self.target).item()
        return content_loss(seen.content, self.content).item() + self.weight * style


def compare(
    stylizer: impasto.Stylizer, vgg: VGG16, style: Style, style_image: np.ndarray, photo: np.ndarray,
    another: np.ndarray, steps: int,
) -> tuple[dict[str, Any], list[np.ndarray]]:  # fmt: skip
    """The objective of the photo, of the network's picture and along the optimisation; and the three pictures."""
    objective = Objective(vgg, photo, another, style_image)
    began = time.perf_counter()
    painted = stylizer(photo, style, stroke=own_stroke(*photo.shape[:2]))
    passed = time.perf_counter()
    optimized = optimize(photo, style_image, vgg, weight=objective.weight, steps=steps)
    ended = time.perf_counter()
    untouched, network, history = objective(photo), objective(painted), optimized.objective
    best = min(history)
    results = {
        "photo": untouched,
        "network": network,
        "optimum": best,
        "reached": (untouched - network) / (untouched - best),
        "steps_to_match": next((step for step, value in enumerate(history, 1) if value <= network), None),
        "history": history,
        "seconds": {"network": passed - began, "optimum": ended - passed},
    }
    return results, [photo, painted, optimized.picture]


def run(
    stylizer: impasto.Stylizer, vgg: VGG16, arguments: argparse.Namespace
) -> tuple[dict[str, list[dict[str, Any]]], list[list[Image.Image]]]:
    """The results of each style, by photo, and the pictures of each style and photo in a row."""
    photos = [read_photo(path).resized(arguments.size).array for path in find_photos(examples())]
    results: dict[str, list[dict[str, Any]]] = {}
    rows: list[list[Image.Image]] = []
    for slug in arguments.styles:
        if slug not in stylizer.styles:
            raise unknown("style", slug, stylizer.styles)
        style = stylizer.styles[slug]
        image = painting_of(style.info, arguments.style_images).array
        results[slug] = []
        for number, photo in enumerate(photos[: arguments.photos]):
            another = np.asarray(Image.fromarray(photos[(number + 1) % len(photos)]).resize(photo.shape[1::-1]))
            each, pictures = compare(stylizer, vgg, style, image, photo, another, arguments.steps)
            results[slug].append(each)
            rows.append([Image.fromarray(picture) for picture in pictures])
    return results, rows


def summary(results: dict[str, list[dict[str, Any]]], steps: int) -> str:
    """A table with a row for each style: how near one pass comes to the optimum, and the seconds of both."""
    lines = []
    for slug, pairs in results.items():
        seconds = [np.mean([pair["seconds"][name] for pair in pairs]) for name in ("network", "optimum")]
        reached = f"{100 * np.mean([pair['reached'] for pair in pairs]):.1f} %"
        matched = ", ".join(str(pair["steps_to_match"] or "never") for pair in pairs)
        lines.append([slug, reached, matched, *[f"{second:.2f}" for second in seconds]])
    header = ["style", "of the optimum's gain", "steps of L-BFGS to match", "one pass, s", f"{steps} steps, s"]
    return table(header, lines)


def main() -> None:
    parser = benchmark_options(__doc__)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--styles", nargs="+", default=["mural", "great-wave", "starry-night", "composition-vii"])
    parser.add_argument("--style-images", type=Path, required=True)
    parser.add_argument("--photos", type=int, default=2, help="how many of the example photos")
    parser.add_argument("--vgg", type=Path)
    parser.add_argument("--size", type=int, default=384, help="long side")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--sheet", type=Path, required=True)
    arguments = parser.parse_args()
    results, rows = run(impasto.load(arguments.model), load_vgg16(arguments.vgg), arguments)
    write_image(pictures_in_rows(rows, ["photo", "one pass", f"{arguments.steps} steps"]), arguments.sheet)
    print(summary(results, arguments.steps))
    write(arguments.json, {"size": arguments.size, "steps": arguments.steps, "styles": results})


if __name__ == "__main__":
    main()
