"""Draws the figures of the documentation.

python docs/figures.py hero MODEL OUT.jpg       one photo in eleven styles
python docs/figures.py catalogue MODEL OUT.jpg  one photo in every style, with the style image
python docs/figures.py page MODEL OUT.md         every style's artwork, artist, year and licence
python docs/figures.py sheet MODEL OUT.jpg      all styles × all photos, also with --size and --photos
python docs/figures.py slots MODEL OUT.jpg      one photo through every slot
python docs/figures.py points MODEL OUT.png     γ and β of every style
python docs/figures.py flat MODEL OUT.jpg       a flat colour and a ramp, with the input noise and without it
python docs/figures.py bands MODEL OUT.jpg --before MODEL...    a smooth sky in stained glass, before and after
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import msgspec
import numpy as np
from PIL import Image, ImageOps

import impasto
from impasto.assets import examples
from impasto.images.contact_sheet import GAP, named, table
from impasto.nn import ARCHITECTURES
from impasto.runtime import load_runtime
from impasto.stylize.sheet import styles_by_photos, thumbnail

mpl.use("Agg")
import matplotlib.pyplot as plt

HERO = {
    "mural", "stained-glass", "great-wave", "starry-night", "scream", "composition-vii", "mosaic", "ink-wash",
    "grande-jatte", "kiss", "blue-horses",
}  # fmt: skip


def scaled(path: Path, size: int) -> Image.Image:
    """The photo with a shorter side of ``size`` pixels."""
    image = Image.open(path).convert("RGB")
    scale = size / min(image.size)
    return image.resize([round(length * scale) for length in image.size], Image.Resampling.LANCZOS)


def sheet(stylizer: impasto.Stylizer, photos: Path, size: int, shown: int) -> Image.Image:
    """Every style on every photo, stylized with a shorter side of ``size`` and shown with one of ``shown`` pixels."""
    contents = [scaled(path, size) for path in sorted(photos.glob("*.jpg"))]
    box = shown * 4 // 3, shown
    pictures = {"photo": [ImageOps.fit(photo, box) for photo in contents]}
    for slug in stylizer.styles:
        pictures[slug] = [ImageOps.fit(stylizer(photo, slug), box) for photo in contents]
    return styles_by_photos(stylizer.styles, pictures)


def hero(stylizer: impasto.Stylizer, photo: Path, size: int) -> Image.Image:
    """One photo and eleven of the styles, in three rows."""
    content = scaled(photo, size)
    known = [style for style in stylizer.styles.values() if style.info.image] or list(stylizer.styles.values())
    chosen = [style for style in known if style.slug in HERO] or known
    return _grid([content, *(stylizer(content, style) for style in chosen[:11])], columns=4)


def catalogue(stylizer: impasto.Stylizer, photo: Path, size: int, shown: int) -> Image.Image:
    """One photo in every style, the style image in its corner."""
    content, pictures = scaled(photo, size), []
    for style in stylizer.styles.values():
        picture = ImageOps.contain(stylizer(content, style), (shown * 2, shown))
        if style.info.image:
            inset = ImageOps.contain(thumbnail(style, (shown, shown)), (shown // 2, shown // 3))
            picture.paste(ImageOps.expand(inset, 2, "white"), (picture.width - inset.width - 4, 0))
        pictures.append(named(picture, style.slug))
    return _grid(pictures, columns=5)


def page(stylizer: impasto.Stylizer) -> str:
    """The page of the catalogue: every style, and whose it is."""
    lines = [
        "# The catalogue", "",
        "One photograph in every style, by the larger model, `paper`; the style image in its corner.", "",
        "![One photograph in every style](figures/catalogue.jpg)", "",
        "| style | artwork | 作品 | artist | year | licence | credit |", "|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for style in stylizer.styles.values():
        info = style.info
        parts = (f"`{info.slug}`", info.name, info.name_zh, info.artist, info.year, info.licence, info.credit)
        lines.append(f"| {' | '.join(parts)} |")
    return "\n".join(lines) + "\n"


def _grid(pictures: list[Image.Image], columns: int) -> Image.Image:
    width, height = pictures[0].size
    rows = -(-len(pictures) // columns)
    canvas = Image.new("RGB", (columns * (width + GAP) - GAP, rows * (height + GAP) - GAP), "white")
    for index, picture in enumerate(pictures):
        canvas.paste(picture, (index % columns * (width + GAP), index // columns * (height + GAP)))
    return canvas


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figure", choices=["bands", "catalogue", "flat", "hero", "page", "sheet", "slots", "points"])
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--shown", type=int, default=240)
    parser.add_argument("--photos", type=Path, default=examples())
    parser.add_argument("--before", type=Path, nargs="*", default=[])
    arguments = parser.parse_args()
    stylizer = impasto.load(arguments.model)
    draw: dict[str, Callable[[], Image.Image | plt.Figure | str]] = {
        "bands": lambda: bands(
            [*map(impasto.load, arguments.before), stylizer],
            arguments.photos / "neuschwansteincastle.jpg",
            arguments.size,
        ),
        "flat": lambda: flat(stylizer, arguments.size),
        "hero": lambda: hero(stylizer, arguments.photos / "neuschwansteincastle.jpg", arguments.size),
        "catalogue": lambda: catalogue(
            stylizer, arguments.photos / "neuschwansteincastle.jpg", arguments.size, arguments.shown
        ),
        "sheet": lambda: sheet(stylizer, arguments.photos, arguments.size, arguments.shown),
        "slots": lambda: slots(stylizer, arguments.photos / "neuschwansteincastle.jpg", arguments.size),
        "points": lambda: points(stylizer),
        "page": lambda: page(stylizer),
    }
    drawn = draw[arguments.figure]()
    if isinstance(drawn, str):
        arguments.out.write_text(drawn, "utf-8")
    elif isinstance(drawn, Image.Image):
        drawn.save(arguments.out, quality=82)
    else:
        drawn.savefig(arguments.out, dpi=130)


if __name__ == "__main__":
    main()
