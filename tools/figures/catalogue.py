"""Draws the figures of the README and of the gallery: what the bundled styles look like.

python tools/figures/catalogue.py hero MODEL OUT.jpg       one photo in eleven styles
python tools/figures/catalogue.py catalogue MODEL OUT.jpg  one photo in every style, with the style image
python tools/figures/catalogue.py styles MODEL FOLDER      a file for each style: its painting and four photos
python tools/figures/catalogue.py page MODEL OUT.md        the gallery's page: every style with its file and its command
python tools/figures/catalogue.py sheet MODEL OUT.jpg      all styles × all photos, also with --size and --photos
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageOps

import impasto
from common import CASTLE, figure_options, scaled
from impasto.images.contact_sheet import GAP, with_name
from impasto.styles.style import Style
from impasto.stylize.sheet import styles_by_photos, thumbnail

HERO = {
    "mural", "stained-glass", "great-wave", "starry-night", "scream", "composition-vii", "mosaic", "ink-wash",
    "grande-jatte", "kiss", "blue-horses",
}  # fmt: skip
"""Styles of the first picture in the README, as different from each other as they are."""
GALLERY = CASTLE, "cat.jpg", "scarlet_macaw.jpg", "greatwallofchina.jpg"
"""Photos of the gallery: a building under a smooth sky, fur, plain strong colours, and a landscape in haze."""
CELL = 360, 270
"""Width and height, in pixels, at which the gallery shows a photo."""
COLUMN = 192
"""Width, in pixels, of the painting's column: that of the widest thumbnail."""
LARGEST = 80_000
"""Bytes of a file of the gallery at most."""


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


def gallery(stylizer: impasto.Stylizer, photos: Path, size: int) -> dict[str, Image.Image]:
    """The four photos of the gallery in each style that has a painting, which stands beside them; by slug."""
    contents = [scaled(photos / name, size) for name in GALLERY]
    sheets = {}
    for slug, style in stylizer.styles.items():
        if style.thumbnail:
            pictures = _grid([ImageOps.fit(stylizer(photo, style), CELL) for photo in contents], columns=2)
            sheets[slug] = _beside(Image.open(io.BytesIO(style.thumbnail)), pictures)
    return sheets


def page(stylizer: impasto.Stylizer) -> str:
    """The page of the gallery: every style with who made its artwork, what it does to photos, and the command."""
    styles = [style for style in stylizer.styles.values() if style.thumbnail]
    lines = [
        "# Gallery", "",
        f"The {len(styles)} styles that come with impasto. This is one photograph in each of them, by `fast`, with the "
        "artwork in its corner:", "",
        "![One photograph in every style](../figures/catalogue.jpg)", "",
        "Below, each style stands beside its painting, on four photographs. All artworks are in the public domain, and "
        "the photographs are in the public domain or CC0. [All styles on eight photos](../figures/sheet.jpg). "
        "[Try them on a photo of yours](../try/index.html), in this browser.", "",
        "One more style, `identity`, is the photo itself. You can contribute a style of your own: CONTRIBUTING.md says "
        "how.", "",
        " · ".join(f"[{style.slug}](#{style.slug})" for style in styles),
    ]  # fmt: skip
    for style in styles:
        lines += ["", *_section(style)]
    return "\n".join(lines) + "\n"


def _section(style: Style) -> list[str]:
    info = style.info
    return [
        f"## {info.slug}", "",
        f"*{info.name}* ({info.name_zh}). {info.artist}, {info.year}. {info.licence}; {info.credit}.", "",
        f"![{info.name}, and four photographs in its style](../figures/styles/{info.slug}.webp)", "",
        "```bash", f"impasto stylize photo.jpg -s {info.slug}", "```",
    ]  # fmt: skip


def _beside(painting: Image.Image, pictures: Image.Image) -> Image.Image:
    """The painting in a column at the left of the pictures, in its middle; the rest of the column is transparent."""
    canvas = Image.new("RGBA", (COLUMN + GAP + pictures.width, pictures.height))
    canvas.paste(painting, ((COLUMN - painting.width) // 2, (pictures.height - painting.height) // 2))
    canvas.paste(pictures, (COLUMN + GAP, 0))
    return canvas


def _grid(pictures: list[Image.Image], columns: int) -> Image.Image:
    width, height = pictures[0].size
    rows = -(-len(pictures) // columns)
    canvas = Image.new("RGB", (columns * (width + GAP) - GAP, rows * (height + GAP) - GAP), "white")
    for index, picture in enumerate(pictures):
        canvas.paste(picture, (index % columns * (width + GAP), index // columns * (height + GAP)))
    return canvas


def save_small(picture: Image.Image, out: Path) -> None:
    """Write a picture as WebP, as well as ``LARGEST`` bytes allow."""
    for quality in range(85, 0, -3):
        picture.save(out, quality=quality, method=4)
        if out.stat().st_size <= LARGEST:
            return


def save_all(drawn: dict[str, Image.Image] | Image.Image | str, out: Path) -> None:
    """Write a figure, a page, or a folder of figures."""
    match drawn:
        case str():
            out.write_text(drawn, "utf-8")
        case dict():
            out.mkdir(exist_ok=True)
            for name, picture in drawn.items():
                save_small(picture, out / f"{name}.webp")
        case _:
            drawn.save(out, quality=82)


Figure = Callable[[impasto.Stylizer, argparse.Namespace], dict[str, Image.Image] | Image.Image | str]
FIGURES: dict[str, Figure] = {
    "hero": lambda stylizer, given: hero(stylizer, given.photos / CASTLE, given.size),
    "catalogue": lambda stylizer, given: catalogue(stylizer, given.photos / CASTLE, given.size, given.shown),
    "styles": lambda stylizer, given: gallery(stylizer, given.photos, given.size),
    "page": lambda stylizer, given: page(stylizer),
    "sheet": lambda stylizer, given: sheet(stylizer, given.photos, given.size, given.shown),
}


def main() -> None:
    parser = figure_options(__doc__, FIGURES)
    parser.add_argument("--shown", type=int, default=240, help="shorter side at which pictures are shown, in pixels")
    arguments = parser.parse_args()
    save_all(FIGURES[arguments.figure](impasto.load(arguments.model), arguments), arguments.out)


if __name__ == "__main__":
    main()
