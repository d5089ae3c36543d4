"""``impasto add-style``."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from impasto.assets import examples
from impasto.cli.options import (
    fit_options,
    model_option,
    needs_train_extra,
    objective_options,
    spare,
    style_size_option,
)
from impasto.fitting.options import ADD_STYLE, BY_GAP
from impasto.progress import bar

if TYPE_CHECKING:
    from PIL.Image import Image

    from impasto.styles.style import Style, StyleInfo
    from impasto.stylize.stylizer import Stylizer

_PREVIEW = "neuschwansteincastle.jpg"
"""The example photo in previews."""
_WIDTH = 480
"""The width of that photo, in pixels."""

_NEAR = ((0.85, "very close to"), (0.75, "close to"), (0.6, "on its way to"), (-math.inf, "still far from"))
"""Words for the share of the gap that is closed, from that number on."""
_KEPT = (
    (-0.5, "with all of the photo's forms"),
    (-0.75, "with most of the photo's forms"),
    (-1.0, "with the photo's large forms"),
    (-math.inf, "with little of the photo"),
)
"""Words for the content distance, taken negative."""


@click.command("add-style")
@click.argument("paintings", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PAINTING...")
@click.option("--name", required=True, help="What the style is called: lower-case letters, digits, hyphens.")
@click.option("--title", default="", help="The title that people read.")
@click.option("--artist", default="", help="Who painted it.")
@style_size_option
@objective_options
@click.option(
    "--minutes",
    type=float,
    help=f"Longest time to fit, in minutes.  [default: {ADD_STYLE.minutes:g}]",
)
@click.option(
    "--content", type=click.Path(path_type=Path), help="Folder of photos to fit on.  [default: those of the package]"
)
@click.option(
    "--to", type=click.Path(path_type=Path), help="Add the style to this model folder, not to your style folder."
)
@click.option("--replace", is_flag=True, help="Replace your style of that name.")
@click.option(
    "--predicted", is_flag=True, help="Keep the predicted style: at once and without PyTorch, but less close."
)
@click.option(
    "--as-is", is_flag=True, help="Also take a painting without colours, or a partly transparent one, on white."
)
@click.option("--vgg", type=click.Path(path_type=Path), help="A file of VGG-16's weights, to fit with them: slower.")
@click.option("--preview", type=click.Path(path_type=Path), help="The file for a picture that shows the style.")
@model_option()
def add_style(
    paintings: tuple[Path, ...], name: str, title: str, artist: str, style_size: int | None, objective: str,
    content_weight: float | None, likeness: float | None, minutes: float | None, content: Path | None,
    to: Path | None, replace: bool, predicted: bool, as_is: bool, vgg: Path | None, preview: Path | None,
    model: Path | None,
) -> None:  # fmt: skip
    """Turn a painting into a style, in a minute or two.

    Several similar PAINTINGs become one style. The fit starts from the predicted style, and never ends with a worse
    one. Nothing else in the model changes. Ctrl-C ends it early and keeps the best so far.
    """
    from impasto.images.writing import write_image
    from impasto.models import library
    from impasto.models.model import load_model
    from impasto.styles.style import StyleInfo
    from impasto.stylize.stylizer import load

    options = fit_options(
        {"distribution": ADD_STYLE, "gap": BY_GAP}, objective, content_weight=content_weight, likeness=likeness,
        minutes=minutes,
    )  # fmt: skip
    if preview:
        spare(paintings, preview)
    if predicted:
        known = StyleInfo(slug=name, name=title, artist=artist)
        style = _predict(paintings, known, model, to, style_size, replace=replace, as_is=as_is)
    else:
        style = _fit(
            paintings, name, model=model, to=to, content=content, title=title, artist=artist, style_size=style_size,
            vgg=vgg, replace=replace, as_is=as_is, options=options,
        )  # fmt: skip
    stylizer = load(to or model)
    preview = preview or library.preview(name, load_model(to or model), appended=to is not None)
    write_image(_before_and_after(stylizer, style, paintings[0]), preview)
    click.echo(f"{preview} shows it; use it with -s {name}")


def _fit(paintings: tuple[Path, ...], name: str, **arguments: Any) -> Style:
    """The style as :func:`impasto.fitting.add_style.add_style` fits it; says how it went."""
    with needs_train_extra():
        from impasto.fitting.add_style import BEGUN, add_style

    began = time.monotonic()
    with bar("step") as progress:
        style = add_style(list(paintings), name, **arguments, progress=progress)
    click.echo(_verdict(style, time.monotonic() - began, style.info.losses[BEGUN]))
    return style


def _predict(
    paintings: tuple[Path, ...], known: StyleInfo, model: Path | None, to: Path | None, style_size: int | None, *,
    replace: bool, as_is: bool,
) -> Style:  # fmt: skip
    """The mean of the paintings' predicted styles, kept where a fitted one would be."""
    import numpy as np

    from impasto.models import library
    from impasto.models.model import load_model
    from impasto.styles.painting import read_painting
    from impasto.styles.style import Style
    from impasto.stylize.stylizer import load

    for painting in paintings:
        read_painting(painting, style_size, as_is=as_is)
    loaded = load_model(to or model)
    library.check_name(known.slug, library.with_own_styles(loaded), replace=replace and to is None)
    stylizer = load(to or model)
    styles = [stylizer.predict(painting, size=style_size) for painting in paintings]
    row = np.mean([style.row for style in styles], axis=0)
    info = msgspec.structs.replace(styles[0].info, slug=known.slug, name=known.name, artist=known.artist)
    style = Style(info, row, styles[0].thumbnail)
    library.add(style, loaded, appended=to is not None, replace=replace)
    return style


def _verdict(style: Style, seconds: float, begun: float) -> str:
    """In words how near the pictures are to the painting and to their photos, and whether fitting was worth it.

    Args:
        style: with its losses.
        seconds: how long it took.
        begun: the share of the gap that was closed by the row at which the fit began, the predicted one if there is
            one. The very same number means that this row is kept.
    """
    losses = style.info.losses
    closed = losses.get("distribution_gap_closed", losses["style_gap_closed"])
    near, kept = _word(_NEAR, closed), _word(_KEPT, -losses["content_distance"])
    gained = f"{100 * closed:.0f} % of the way, from {100 * begun:.0f} % at the start"
    if closed == begun:
        gained = f"no fit was better than what it began at, {100 * begun:.0f} % of the way"
    verdict = f"{style.slug}: {near} the painting, {kept} ({gained}; {seconds:.0f} s)"
    return verdict if closed >= _NEAR[-2][0] else f"{verdict}; try more --minutes, or a part of the painting"


def _word(words: Sequence[tuple[float, str]], value: float) -> str:
    """The first word whose number ``value`` reaches."""
    return next(word for least, word in words if value >= least)


def _before_and_after(stylizer: Stylizer, style: Style, painting: Path) -> Image:
    """The style image, a photo, and the photo in the style, side by side."""
    from PIL import Image, ImageOps

    from impasto.images.contact_sheet import table
    from impasto.images.reading import read_photo
    from impasto.styles.painting import read_painting

    photo = Image.fromarray(read_photo(examples() / _PREVIEW).resized(_WIDTH).array)
    shown = ImageOps.fit(Image.fromarray(read_painting(painting).array), photo.size)
    return table([[shown, photo, stylizer(photo, style)]], ["style image", "photo", style.slug])
