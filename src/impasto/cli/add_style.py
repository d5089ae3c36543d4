"""``impasto add-style``."""

from __future__ import annotations

import time
from pathlib import Path

import click
import msgspec
import numpy as np
from PIL import Image, ImageOps

from impasto.assets import examples
from impasto.cli.options import model_option, training_side
from impasto.images.contact_sheet import table
from impasto.images.io import read_photo, write_image
from impasto.models import library
from impasto.models.model import load_model
from impasto.styles.painting import LONG_SIDE, read_painting
from impasto.styles.style import Style, StyleInfo
from impasto.stylize.stylizer import Stylizer, load

_PREVIEW = "neuschwansteincastle.jpg"
_WIDTH = 480


@click.command("add-style")
@click.argument("paintings", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PAINTING...")
@click.option("--name", required=True, help="What the style is called: lower-case letters, digits, hyphens.")
@click.option("--title", default="", help="Its name for people.")
@click.option("--artist", default="", help="Who painted it.")
@click.option(
    "--style-size",
    type=click.IntRange(32),
    help=f"Long side at which paintings are read; smaller makes finer strokes.  [default: own, at most {LONG_SIDE}]",
)
@click.option(
    "--likeness",
    type=click.FloatRange(0.1, 0.9),
    default=0.44,
    show_default=True,
    help="How much of a photo's forms stays; less lets the style go farther.",
)
@click.option("--minutes", type=click.FloatRange(0, min_open=True), default=3.0, help="Time that it may take at most.")
@click.option(
    "--content", type=click.Path(path_type=Path), help="Folder of photos to fit on; without it, those of the package."
)
@click.option("--to", type=click.Path(path_type=Path), help="Model folder to append to, in place of your style folder.")
@click.option("--replace", is_flag=True, help="Take the place of a style of yours of that name.")
@click.option(
    "--predicted", is_flag=True, help="Keep what the model's predictor says: at once, less good, and without PyTorch."
)
@click.option(
    "--as-is", is_flag=True, help="Take paintings without colour too, and partly transparent ones, these on white."
)
@click.option("--vgg", type=click.Path(path_type=Path), help="Fit with VGG-16, from this file: slower.")
@click.option("--preview", type=click.Path(path_type=Path), help="A file for the picture that shows how it went.")
@model_option
def add_style(
    paintings: tuple[Path, ...], name: str, title: str, artist: str, style_size: int | None, likeness: float,
    minutes: float, content: Path | None, to: Path | None, replace: bool, predicted: bool, as_is: bool,
    vgg: Path | None, preview: Path | None, model: Path | None,
) -> None:  # fmt: skip
    """Make PAINTING a style: fit one row of γ and β, in a minute or two. Several PAINTINGs of one manner are one style.

    Nothing else of the model changes. Ctrl-C ends it early and keeps the best so far.
    """
    began = time.monotonic()
    if predicted:
        for painting in paintings:
            read_painting(painting, as_is=as_is)
        style = _predict(paintings, StyleInfo(slug=name, name=title, artist=artist), model, to, replace=replace)
    else:
        style = training_side("impasto.fitting.add_style").add_style(
            list(paintings), name, model=model, to=to, content=content, title=title, artist=artist,
            style_size=style_size, likeness=likeness, minutes=minutes, vgg=vgg, replace=replace, as_is=as_is,
            show=True,
        )  # fmt: skip
        click.echo(_verdict(style, time.monotonic() - began))
    stylizer = load(to or model)
    preview = preview or library.preview(name, load_model(to or model), appended=to is not None)
    write_image(_before_and_after(stylizer, style, paintings[0]), preview)
    click.echo(f"{preview} shows it; use it with -s {name}")


def _predict(
    paintings: tuple[Path, ...], known: StyleInfo, model: Path | None, to: Path | None, *, replace: bool
) -> Style:
    """The mean of the paintings' predicted styles, kept where a fitted one would be."""
    loaded = load_model(to or model)
    library.check_name(known.slug, library.with_own_styles(loaded), replace=replace and to is None)
    stylizer = load(to or model)
    styles = [stylizer.predict(painting) for painting in paintings]
    row = np.mean([style.row for style in styles], axis=0)
    info = msgspec.structs.replace(styles[0].info, slug=known.slug, name=known.name, artist=known.artist)
    style = Style(info, row, styles[0].thumbnail)
    library.add(style, loaded, appended=to is not None, replace=replace)
    return style


def _verdict(style: Style, seconds: float) -> str:
    """One sentence on how it went."""
    gap, distance = style.info.losses["style_gap_closed"], style.info.losses["content_distance"]
    numbers = f"{100 * gap:.0f} % of the style gap at a content distance of {distance:.2f} ({seconds:.0f} s)"
    if gap < training_side("impasto.fitting.add_style").FAILED:
        return f"{style.slug} did not train: it closes only {numbers}; try more --minutes, or a part of the painting"
    return f"{style.slug} closes {numbers}"


def _before_and_after(stylizer: Stylizer, style: Style, painting: Path) -> Image.Image:
    photo = Image.fromarray(read_photo(examples() / _PREVIEW).resized(_WIDTH).array)
    shown = ImageOps.fit(Image.fromarray(read_painting(painting).array), photo.size)
    return table([[shown, photo, stylizer(photo, style)]], ["style image", "photo", style.slug])
