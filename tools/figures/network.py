"""Draws the figures that explain the network: its slots, its styles as points, and what becomes of smooth areas.

python tools/figures/network.py slots MODEL OUT.jpg    one photo through every slot
python tools/figures/network.py points MODEL OUT.png   γ and β of every style
python tools/figures/network.py flat MODEL OUT.jpg     a flat colour and a ramp, with the input noise and without it
python tools/figures/network.py bands MODEL OUT.jpg --before MODEL...    a smooth sky in stained glass, before and after
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import msgspec
import numpy as np
from PIL import Image

import impasto
from common import CASTLE, figure_options, save, scaled
from impasto.images.contact_sheet import table
from impasto.nn import ARCHITECTURES
from impasto.runtime import load_runtime

mpl.use("Agg")
import matplotlib.pyplot as plt


def slots(stylizer: impasto.Stylizer, photo: Path, size: int) -> Image.Image:
    """One photo through every slot, in slot order."""
    content = scaled(photo, size)
    labels = [f"slot {slot}: {slug}" for slot, slug in enumerate(stylizer.styles)]
    return table([[content, *(stylizer(content, style) for style in stylizer.styles)]], ["photo", *labels])


def points(stylizer: impasto.Stylizer) -> plt.Figure:
    """What a style is: γ and β of every map of the last layers, a row of colours per style."""
    architecture = ARCHITECTURES[stylizer.model.info.architecture]
    maps = [conv.maps for _, conv in architecture.convolutions()]
    edges = np.cumsum([0, *maps])
    rows = np.stack([style.row for style in stylizer.styles.values()])
    parts = np.split(rows, np.cumsum([size for width in maps for size in (width, width)])[:-1], axis=1)
    figure, axes = plt.subplots(
        2, 1, figsize=(12, 1.6 + 0.26 * len(stylizer.styles)), sharex=True, layout="constrained"
    )
    for axis, name, part, centre in zip(axes, "γβ", (parts[0::2], parts[1::2]), (1, 0), strict=True):
        values = np.concatenate(part, axis=1)
        spread = np.quantile(np.abs(values - centre), 0.99)
        image = axis.imshow(
            values, aspect="auto", cmap="RdBu_r", vmin=centre - spread, vmax=centre + spread, interpolation="nearest"
        )
        axis.set_yticks(range(len(rows)), list(stylizer.styles), fontsize=7)
        for edge in edges[1:-1]:
            axis.axvline(edge - 0.5, color="black", linewidth=0.6)
        figure.colorbar(image, ax=axis, label=name, pad=0.01)
    names = ["c1", "c2", "c3", *[""] * 10, "e1", "e2, e3", ""] if len(maps) == 16 else [""] * len(maps)
    axes[1].set_xticks((edges[1:] + edges[:-1]) / 2, names)
    axes[1].set_xlabel("maps of the 16 layers: contract, five residual blocks, expand")
    return figure


def flat(stylizer: impasto.Stylizer, size: int) -> Image.Image:
    """A flat colour and a noise-free sky in eight styles: with the input noise (above) and without it (below)."""
    model = stylizer.model
    silent = dataclasses.replace(model, info=msgspec.structs.replace(model.info, input_noise=0.0))
    shown = list(stylizer.styles)[:8]
    stylizers = stylizer, impasto.Stylizer(silent, load_runtime("openvino", model))
    height = np.linspace(0, 1, size)[:, None, None]
    sky = np.rint(np.array([90, 140, 200]) + height * np.array([80, 60, 40])).astype(np.uint8).repeat(size, axis=1)
    rows = [
        [Image.fromarray(photo), *(Image.fromarray(one(photo, style)) for style in shown)]
        for photo in (np.full((size, size, 3), 150, np.uint8), sky)
        for one in stylizers
    ]
    return table(rows, ["photo", *shown])


def bands(stylizers: list[impasto.Stylizer], photo: Path, size: int) -> Image.Image:
    """A smooth sky beside a castle in the stained glass of several models, in the size in which it was painted."""
    content = scaled(photo, size)
    sky = (int(size * 0.4), 0, int(size * 1.45), int(size * 0.4))
    pictures = [stylizer(content, "stained-glass").crop(sky) for stylizer in stylizers]
    return table([pictures], [stylizer.model.path.name for stylizer in stylizers])


FIGURES: dict[str, Callable[[impasto.Stylizer, argparse.Namespace], Image.Image | plt.Figure]] = {
    "slots": lambda stylizer, given: slots(stylizer, given.photos / CASTLE, given.size),
    "points": lambda stylizer, given: points(stylizer),
    "flat": lambda stylizer, given: flat(stylizer, given.size),
    "bands": lambda stylizer, given: bands(
        [*map(impasto.load, given.before), stylizer], given.photos / CASTLE, given.size
    ),
}


def main() -> None:
    parser = figure_options(__doc__, FIGURES)
    parser.add_argument("--before", type=Path, nargs="*", default=[], help="models whose pictures come before MODEL's")
    arguments = parser.parse_args()
    save(FIGURES[arguments.figure](impasto.load(arguments.model), arguments), arguments.out)


if __name__ == "__main__":
    main()
