"""Draws the figure of any painting as a style: paintings, and photos in their predicted styles.

python tools/figures/any_style.py MODEL OUT.jpg PAINTING... [--photos FOLDER]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import ImageOps

import impasto
from common import scaled
from impasto.assets import examples
from impasto.images.contact_sheet import table
from impasto.images.folders import find_photos
from impasto.images.reading import read_photo


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("paintings", type=Path, nargs="+")
    parser.add_argument("--photos", type=Path, default=examples(), help="folder of photos, of which three are painted")
    parser.add_argument("--size", type=int, default=640, help="shorter side at which photos are painted, in pixels")
    parser.add_argument("--shown", type=int, default=240, help="height at which they are shown, in pixels")
    arguments = parser.parse_args()
    box = arguments.shown * 4 // 3, arguments.shown
    stylizer = impasto.load(arguments.model)
    photos = [scaled(path, arguments.size) for path in find_photos(arguments.photos)[:3]]
    rows = []
    for path in arguments.paintings:
        painting = ImageOps.contain(read_photo(path).image.convert("RGB"), box)
        pictures = [stylizer(photo, style_image=path) for photo in photos]
        rows.append([painting, *(ImageOps.fit(picture.convert("RGB"), box) for picture in pictures)])
    table(rows, ["painting", "", "", ""]).save(arguments.out, quality=85)


if __name__ == "__main__":
    main()
