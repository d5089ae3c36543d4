"""Draws the pictures of docs/guide/controls.md.

python tools/figures/controls.py [--model MODEL] [--out docs/figures/controls] [FIGURE...]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

import impasto
from impasto.assets import examples
from impasto.images.contact_sheet import stack, table
from impasto.images.reading import read_photo

WIDTH = 400
"""Width of each picture in a row, in pixels."""
DOCS = Path(__file__).parents[2] / "docs"


def photo(name: str, width: int = 1024) -> Image.Image:
    """An example photo, ``width`` pixels wide."""
    image = Image.fromarray(read_photo(examples() / f"{name}.jpg").array)
    return image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)


def row(pictures: dict[str, Image.Image], width: int = WIDTH) -> Image.Image:
    """Pictures side by side under their names, each ``width`` wide."""
    small = [
        picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS)
        for picture in pictures.values()
    ]
    return table([small], list(pictures))


def blend(stylizer: impasto.Stylizer) -> Image.Image:
    content = photo("neuschwansteincastle", 640)
    weights = [(1, 0), (0.75, 0.25), (0.5, 0.5), (0.25, 0.75), (0, 1)]
    return row(
        {
            f"mural:{mural:g},composition-vii:{other:g}": stylizer(content, {"mural": mural, "composition-vii": other})
            for mural, other in weights
        }
    )


def strength(stylizer: impasto.Stylizer) -> Image.Image:
    content = photo("scarlet_macaw", 640)
    values = 0, 0.35, 0.7, 1, 1.5
    return row({f"--strength {value:g}": stylizer(content, "starry-night", strength=value) for value in values})


def detail(stylizer: impasto.Stylizer) -> Image.Image:
    content = photo("colosseum", 640)
    values = 0, 0.25, 0.5, 0.75, 1
    return row({f"--detail {value:g}": stylizer(content, "composition-vii", detail=value) for value in values})


def keep_color(stylizer: impasto.Stylizer) -> Image.Image:
    content = photo("scarlet_macaw", 640)
    pictures = {"photo": content}
    for style in ("starry-night", "composition-vii"):
        pictures |= {
            style: stylizer(content, style),
            f"{style} --keep-color": stylizer(content, style, keep_color=True),
        }
    return row(pictures)


def stroke(stylizer: impasto.Stylizer) -> Image.Image:
    """Whole pictures, and the middle of each at its own size."""
    content = photo("neuschwansteincastle", 1024)
    pictures = {f"--stroke {value:g}": stylizer(content, "starry-night", stroke=value) for value in (0.5, 1, 2, 4)}
    middle = (312, 200, 312 + WIDTH, 200 + 280)
    return stack([row(pictures), row({name or " ": picture.crop(middle) for name, picture in pictures.items()})])


def stroke_and_size(stylizer: impasto.Stylizer) -> Image.Image:
    """The same stroke at three sizes of the same photo."""
    content = photo("greatwallofchina", 2048)
    return row(
        {f"--size {size} --stroke 2": stylizer(content, "mural", size=size, stroke=2) for size in (512, 1024, 2048)}
    )


def region(stylizer: impasto.Stylizer) -> Image.Image:
    """A mask painted by hand as an ellipse, its edge blurred."""
    content = photo("horse", 1024)
    x, y = np.meshgrid(np.linspace(-1, 1, content.width), np.linspace(-1, 1, content.height))
    sky = Image.fromarray(np.uint8(255 * (y < -0.15 + 0.1 * x))).filter(ImageFilter.GaussianBlur(20))
    pictures = {
        "photo": content,
        "sky.png": sky.convert("RGB"),
        "-s mural": stylizer(content, "mural"),
        "--region sky.png=starry-night": stylizer(content, "mural", regions=[(sky, "starry-night")]),
    }
    return row(pictures, WIDTH)


def size(stylizer: impasto.Stylizer) -> Image.Image:
    """Three sizes without a stroke size: the strokes stay as they are relative to the picture."""
    content = photo("greatwallofchina", 1024)
    return row({f"--size {pixels}": stylizer(content, "great-wave", size=pixels) for pixels in (256, 512, 1024)})


def precision(stylizer: impasto.Stylizer) -> Image.Image:
    """Whole pictures, and the middle of each at its own size."""
    content = photo("greatwallofchina", 1024)
    pictures = {
        f"--precision {name}": impasto.load(stylizer.model.path, precision=name)(content, "starry-night")
        for name in ("f32", "bf16", "int8")
    }
    middle = (312, 200, 312 + WIDTH, 200 + 280)
    return stack([row(pictures), row({name: picture.crop(middle) for name, picture in pictures.items()})])


FIGURES: dict[str, Callable[[impasto.Stylizer], Image.Image]] = {
    function.__name__.replace("_", "-"): function
    for function in (blend, strength, detail, keep_color, stroke, stroke_and_size, region, size, precision)
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=list(FIGURES), metavar="FIGURE", help=f"of {', '.join(FIGURES)}")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--out", type=Path, default=DOCS / "figures" / "controls")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    stylizer = impasto.load(arguments.model)
    for name in arguments.names:
        FIGURES[name](stylizer).save(arguments.out / f"{name}.jpg", quality=84)


if __name__ == "__main__":
    main()
