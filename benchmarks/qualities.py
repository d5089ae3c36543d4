"""The fast network against the paper's: the objective of both, from their evaluations, and pictures beside each other.

impasto evaluate paper --style-images ARTWORKS --json benchmarks/results/evaluation-paper-512.json
impasto evaluate fast --style-images ARTWORKS --json benchmarks/results/evaluation-fast-512.json
python benchmarks/qualities.py benchmarks/results/evaluation-{paper,fast}-512.json \
    --json benchmarks/results/qualities.json --sheet docs/figures/qualities.jpg
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
from PIL import Image, ImageOps

import impasto
from impasto.assets import examples
from impasto.evaluation import Evaluation
from impasto.images.contact_sheet import table as pictures_in_rows
from impasto.images.reading import read_photo
from impasto.images.writing import write_image
from optimum import STYLE
from report import benchmark_options, table, write

_SHOWN = ["mural", "stained-glass", "great-wave", "starry-night", "mosaic", "grande-jatte", "kiss", "ink-wash"]


def objectives(scores: Evaluation) -> dict[str, float]:
    """The objective of each style, by slug, as in optimum.py: content distance + STYLE · the share of the gap left."""
    return {
        row.style: float(np.mean([p.content_distance + STYLE * (1 - p.style_gap_closed) for p in row.photos]))
        for row in scores.styles
    }


def side_by_side(models: list[str], photos: list[Path], size: int) -> Image.Image:
    """A sheet with a row for each of some styles: a photo, and its picture by each model."""
    stylizers = [impasto.load(model) for model in models]
    known = list(stylizers[0].styles)
    rows = []
    for number, slug in enumerate([slug for slug in _SHOWN if slug in known] or known[:2]):
        photo = read_photo(photos[number % len(photos)]).resized(size)
        pictures = [Image.fromarray(photo.array), *(Image.fromarray(one(photo.array, slug)) for one in stylizers)]
        rows.append([ImageOps.fit(picture, (size, size * 2 // 3)) for picture in pictures])
    return pictures_in_rows(rows, ["photo", *(stylizer.model.info.architecture for stylizer in stylizers)])


def main() -> None:
    parser = benchmark_options(__doc__)
    parser.add_argument("evaluations", nargs=2, type=Path, help="of the paper's network, and of the fast one")
    parser.add_argument("--models", nargs=2, default=["paper", "fast"])
    parser.add_argument("--size", type=int, default=384, help="long side of the sheet's pictures")
    parser.add_argument("--sheet", type=Path)
    arguments = parser.parse_args()
    paper, fast = (
        objectives(msgspec.json.decode(path.read_bytes(), type=Evaluation)) for path in arguments.evaluations
    )
    ratios = {slug: fast[slug] / paper[slug] for slug in paper}
    lines = [[slug, f"{paper[slug]:.2f}", f"{fast[slug]:.2f}", f"{ratio:.2f}"] for slug, ratio in ratios.items()]
    means = [float(np.mean(list(each.values()))) for each in (paper, fast)]
    lines.append(["**mean**", *(f"{mean:.2f}" for mean in means), f"{means[1] / means[0]:.2f}"])
    print(table(["style", "paper", "fast", "ratio"], lines))
    write(arguments.json, {"paper": paper, "fast": fast, "ratio": ratios, "ratio_of_means": means[1] / means[0]})
    if arguments.sheet:
        write_image(side_by_side(arguments.models, sorted(examples().glob("*.jpg")), arguments.size), arguments.sheet)


if __name__ == "__main__":
    main()
