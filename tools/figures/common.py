"""What the scripts that draw figures share: the photo they show, its size, and the options of the command line."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from impasto.assets import examples
from impasto.images.reading import read_photo

if TYPE_CHECKING:
    from matplotlib import pyplot as plt

CASTLE = "neuschwansteincastle.jpg"
"""The example photo that most figures show: it has a smooth sky, woods, and a building with fine detail."""


def scaled(path: Path, size: int) -> Image.Image:
    """The photo with a shorter side of ``size`` pixels."""
    image = Image.fromarray(read_photo(path).array)
    scale = size / min(image.size)
    return image.resize([round(length * scale) for length in image.size], Image.Resampling.LANCZOS)


def save(drawn: Image.Image | plt.Figure, out: Path) -> None:
    """Write what was drawn to a file."""
    if isinstance(drawn, Image.Image):
        drawn.save(out, quality=82)
    else:
        drawn.savefig(out, dpi=130)


def figure_options(description: str | None, figures: Iterable[str]) -> argparse.ArgumentParser:
    """The options of a script that draws one of several ``figures`` with one model."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figure", choices=sorted(figures))
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", type=int, default=512, help="shorter side at which photos are painted, in pixels")
    parser.add_argument("--photos", type=Path, default=examples(), help="folder of the photos that are painted")
    return parser
