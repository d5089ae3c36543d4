"""Draws the figures of the README and of the catalogue: what the bundled styles look like.

python tools/figures/catalogue.py hero MODEL OUT.jpg       one photo in eleven styles
python tools/figures/catalogue.py catalogue MODEL OUT.jpg  one photo in every style, with the style image
python tools/figures/catalogue.py page MODEL OUT.md        every style's artwork, artist, year and licence
python tools/figures/catalogue.py sheet MODEL OUT.jpg      all styles × all photos, also with --size and --photos
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageOps

import impasto
from common import CASTLE, figure_options, scaled
from impasto.images.contact_sheet import GAP, with_name
from impasto.stylize.sheet import styles_by_photos, thumbnail

HERO = {
    "mural", "stained-glass", "great-wave", "starry-night", "scream", "composition-vii", "mosaic", "ink-wash",
    "grande-jatte", "kiss", "blue-horses",
}  # fmt: skip
"""Styles of the first picture in the README, as different from each other as they are."""


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
        pictures.append(with_name(picture, style.slug))
    return _grid(pictures, columns=5)


def page(stylizer: impasto.Stylizer) -> str:
    """The page of the gallery: every style, and who made its artwork."""
    lines = [
        "# Gallery", "",
        "The 32 styles that come with impasto. This is one photograph in each of them, by `fast`, with the artwork in "
        "its corner:", "",
        "![One photograph in every style](../figures/catalogue.jpg)", "",
        "[Try them on a photo of yours](../try/index.html), in this browser. "
        "Paint in one of them with `impasto stylize photo.jpg -s NAME`. All artworks are in the public domain. "
        "[All styles on eight photos](../figures/sheet.jpg).", "",
        "A style of yours can come to everybody: CONTRIBUTING.md says how.", "",
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


FIGURES: dict[str, Callable[[impasto.Stylizer, argparse.Namespace], Image.Image | str]] = {
    "hero": lambda stylizer, given: hero(stylizer, given.photos / CASTLE, given.size),
    "catalogue": lambda stylizer, given: catalogue(stylizer, given.photos / CASTLE, given.size, given.shown),
    "page": lambda stylizer, given: page(stylizer),
    "sheet": lambda stylizer, given: sheet(stylizer, given.photos, given.size, given.shown),
}


def main() -> None:
    parser = figure_options(__doc__, FIGURES)
    parser.add_argument("--shown", type=int, default=240, help="shorter side at which pictures are shown, in pixels")
    arguments = parser.parse_args()
    drawn = FIGURES[arguments.figure](impasto.load(arguments.model), arguments)
    if isinstance(drawn, str):
        arguments.out.write_text(drawn, "utf-8")
    else:
        drawn.save(arguments.out, quality=82)


if __name__ == "__main__":
    main()
