"""Draws the figures of docs/explanation/idea.md that show what a style is.

python tools/figures/idea.py map MODEL OUT.png                              styles as points on a plane
python tools/figures/idea.py methods MODEL OUT.jpg --painting STARRY-NIGHT  one picture optimised, and one by a network
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
from PIL import Image

import impasto
from common import CASTLE, figure_options, save, scaled
from impasto.fitting.pixels import optimize
from impasto.images.arrays import Array
from impasto.images.contact_sheet import table
from impasto.nn.vgg_weights import load_vgg16
from impasto.styles.painting import read_painting
from impasto.styles.style import IDENTITY

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.offsetbox import AnnotationBbox, OffsetImage


def plane(rows: Array) -> Array:
    """Rows (S,P) on the plane in which their directions from the mean differ most: (S,2).

    Without distances, as two windows of stained glass are so far from all else that the rest would be one heap.
    """
    apart = rows - rows.mean(axis=0)
    directions = apart / np.linalg.norm(apart, axis=1, keepdims=True)
    left, spread, _ = np.linalg.svd(directions - directions.mean(axis=0), full_matrices=False)
    return left[:, :2] * spread[:2]


def style_map(stylizer: impasto.Stylizer) -> plt.Figure:
    """The paintings of all styles, each where its γ and β lie on the plane in which styles differ most."""
    styles = [style for slug, style in stylizer.styles.items() if slug != IDENTITY and style.thumbnail]
    places = plane(np.stack([style.row for style in styles]))
    figure, axis = plt.subplots(figsize=(11, 7), layout="constrained")
    axis.scatter(*places.T, alpha=0)  # sets the limits
    for style, place in zip(styles, places, strict=True):
        thumbnail = Image.open(io.BytesIO(style.thumbnail))
        thumbnail.thumbnail((96, 96))
        axis.add_artist(AnnotationBbox(OffsetImage(thumbnail, zoom=0.45), place, pad=0.15))
    axis.margins(0.09)
    axis.set_xlabel("direction of γ and β from their mean: first principal component")
    axis.set_ylabel("second")
    return figure


def methods(stylizer: impasto.Stylizer, given: argparse.Namespace) -> Image.Image:
    """A photo, a painting, the photo's pixels optimised towards it, and what the network paints at once."""
    photo = scaled(given.photos / CASTLE, given.size)
    painting = read_painting(given.painting, max(photo.size))
    optimised = optimize(np.asarray(photo), painting.array, load_vgg16(), steps=given.steps, weight=given.weight)
    shown = Image.fromarray(painting.array)
    shown = shown.resize((shown.width * photo.height // shown.height, photo.height), Image.Resampling.LANCZOS)
    pictures = [photo, shown, Image.fromarray(optimised.picture), stylizer(photo, "starry-night")]
    return table(
        [pictures], ["photo", "painting", f"its pixels optimised, {given.steps} steps", "one network, one pass"]
    )


FIGURES: dict[str, Callable[[impasto.Stylizer, argparse.Namespace], Image.Image | plt.Figure]] = {
    "map": lambda stylizer, given: style_map(stylizer),
    "methods": methods,
}


def main() -> None:
    parser = figure_options(__doc__, FIGURES)
    parser.add_argument("--painting", type=Path, help="file of The Starry Night")
    parser.add_argument("--steps", type=int, default=120, help="steps of the optimisation")
    parser.add_argument("--weight", type=float, default=1.0, help="weight of the style loss in the optimisation")
    arguments = parser.parse_args()
    save(FIGURES[arguments.figure](impasto.load(arguments.model), arguments), arguments.out)


if __name__ == "__main__":
    main()
