"""The style losses of blends, along the line from each style to the next (figure 6 of Dumoulin et al. 2017).

python benchmarks/blends.py --style-images ARTWORKS --json benchmarks/results/blends.json \
    --figure docs/figures/blends.png
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
import torch
from tqdm import tqdm

import impasto
from impasto.assets import examples
from impasto.images.folders import find_photos
from impasto.images.reading import read_photo
from impasto.losses.gram import Grams
from impasto.losses.perceptual import style_loss
from impasto.losses.targets import style_grams
from impasto.nn.vgg import VGG16
from impasto.nn.vgg_weights import load_vgg16
from impasto.styles.painting import painting_of
from impasto.stylize.resolve import StyleLike
from impasto.stylize.strokes import own_stroke
from pictures import see
from report import benchmark_options, table, write

mpl.use("Agg")
import matplotlib.pyplot as plt

Curves = dict[str, list[float]]


class Pictures:
    """Gram matrices of the photos, as they are and painted. The ends that two lines share are painted once."""

    def __init__(self, stylizer: impasto.Stylizer, vgg: VGG16, photos: list[np.ndarray]) -> None:
        self.stylizer, self.vgg, self.photos = stylizer, vgg, photos
        self.untouched = [self._grams(photo) for photo in photos]
        self.painted = lru_cache(maxsize=2 * len(photos))(self._painted)

    def _grams(self, picture: np.ndarray) -> Grams:
        return see(self.vgg, picture).grams

    def _painted(self, number: int, slug: str) -> Grams:
        return self._grams(self._paint(number, slug))

    def blended(self, number: int, shares: dict[str, float]) -> Grams:
        """The Gram matrices of photo ``number`` in a blend, by the share of each style."""
        present = {slug: share for slug, share in shares.items() if share}
        if len(present) == 1:
            return self.painted(number, *present)
        return self._grams(self._paint(number, present))

    def _paint(self, number: int, style: StyleLike) -> np.ndarray:
        photo = self.photos[number]
        return self.stylizer(photo, style, stroke=own_stroke(*photo.shape[:2]))


def curves(pictures: Pictures, targets: dict[str, Grams], steps: int) -> Curves:
    """The mean losses to both styles at each share of the second, divided by those of the photos as they are."""
    one, other = targets
    shares = np.linspace(0, 1, steps)
    blends = [{one: 1 - share, other: share} for share in shares]
    measured = np.mean([_relative(pictures, number, blends, targets) for number in range(len(pictures.photos))], axis=0)
    return {"share": shares.tolist(), one: measured[:, 0].tolist(), other: measured[:, 1].tolist()}


def _relative(pictures: Pictures, number: int, blends: list[dict[str, float]], targets: dict[str, Grams]) -> np.ndarray:
    painted = [_losses(pictures.blended(number, blend), targets) for blend in blends]
    return np.array(painted) / _losses(pictures.untouched[number], targets)


def _losses(grams: Grams, targets: dict[str, Grams]) -> np.ndarray:
    return np.array([style_loss(grams, target).item() for target in targets.values()])


def monotone(values: list[float], sign: int) -> float:
    """The share of the steps along a curve that rise (``sign`` 1) or fall (-1), as they should."""
    return float((sign * np.diff(values) >= 0).mean())


def draw(results: dict[str, Curves], path: Path) -> None:
    columns = min(4, len(results))
    rows = -(-len(results) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(3.2 * columns, 2.6 * rows), squeeze=False, layout="constrained")
    for axis, curve in zip(axes.flat, results.values(), strict=False):
        share, *losses = curve
        for slug in losses:
            axis.plot(curve[share], curve[slug], marker="o", markersize=3, label=slug)
        axis.set(yscale="log", xlabel=f"share of {losses[1]}", ylabel="style loss / the photo's")
        axis.legend(fontsize=7)
    for axis in axes.flat[len(results) :]:
        axis.remove()
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = benchmark_options(__doc__, "blends.json")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--style-images", type=Path, required=True)
    parser.add_argument("--vgg", type=Path)
    parser.add_argument("--photos", type=Path, default=examples())
    parser.add_argument("--size", type=int, default=384, help="long side of the photos")
    parser.add_argument("--steps", type=int, default=9)
    parser.add_argument("--figure", type=Path)
    arguments = parser.parse_args()
    stylizer, vgg = impasto.load(arguments.model), load_vgg16(arguments.vgg)
    styles = [style for style in stylizer.styles.values() if style.info.image]
    photos = [read_photo(path).resized(arguments.size).array for path in find_photos(arguments.photos)]
    paintings = {style.slug: painting_of(style.info, arguments.style_images) for style in styles}
    targets = {slug: style_grams(vgg, each.array, torch.device("cpu")) for slug, each in paintings.items()}
    pictures = Pictures(stylizer, vgg, photos)
    results = {}
    for one, other in tqdm(list(zip(styles, styles[1:] + styles[:1], strict=True)), disable=None):
        both = {style.slug: targets[style.slug] for style in (one, other)}
        results[f"{one.slug} – {other.slug}"] = curves(pictures, both, arguments.steps)
    rows = []
    for name, curve in results.items():
        _, one, other = curve
        steps = [monotone(curve[one], 1), monotone(curve[other], -1)]
        rows.append([name, *(f"{100 * share:.0f} %" for share in steps)])
    print(table(["blend", "steps away from the first, its loss rises", "steps to the second, its loss falls"], rows))
    write(arguments.json, {"size": arguments.size, "photos": len(photos), "curves": results})
    if arguments.figure:
        draw(results, arguments.figure)


if __name__ == "__main__":
    main()
