"""``impasto stylize``."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import click
from PIL.Image import Image
from tqdm import tqdm

from impasto.cli.options import default, model_option, runtime_option
from impasto.errors import ImpastoError
from impasto.images import FORMATS, image_format, write_image
from impasto.stylizer import Stylizer, load


@click.command()
@click.argument("photos", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PHOTO...")
@click.option(
    "-s",
    "--style",
    required=True,
    help="A style (`impasto styles` lists them), or a blend: mural:0.6,scream:0.4.",
)
@click.option(
    "--strength",
    type=float,
    default=default(Stylizer.__call__, "strength"),
    help="0 is the photo, 1 the style, up to 1.5 beyond it.",
)
@click.option("--keep-color", is_flag=True, help="Keep the photo's colours, take the brushwork alone.")
@click.option(
    "--size", type=click.IntRange(1), help="Long side of the picture, in pixels; without it, the photo's size."
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    default=Path(),
    help="A file (for one photo) or a folder, where each picture is called PHOTO-STYLE.",
)
@model_option
@runtime_option
def stylize(
    photos: tuple[Path, ...],
    style: str,
    strength: float,
    keep_color: bool,
    size: int | None,
    out: Path,
    model: Path | None,
    runtime: str,
) -> None:
    """Repaint PHOTO... in a style."""
    weights = parse_blend(style)
    targets = plan(photos, "-".join(weights), out)
    stylizer = load(model, runtime=runtime)

    def paint(photo: Path) -> Image:
        return stylizer(photo, weights, strength=strength, keep_color=keep_color, size=size)

    stylizer.row(weights, strength)  # what is wrong with the options is said once, before any photo is read
    failed = 0
    for photo, target in tqdm(targets, unit="photo", disable=None if len(targets) > 1 else True):
        try:
            seconds = _stylize_one(paint, photo, target)
            tqdm.write(f"{target}  ({seconds:.1f} s)")
        except ImpastoError as error:
            failed += 1
            click.echo(f"impasto: {error}", err=True)
    if failed:
        if len(targets) > 1:
            click.echo(f"impasto: {failed} of {len(targets)} photos failed, see above", err=True)
        raise click.exceptions.Exit(2)


def parse_blend(text: str) -> dict[str, float]:
    """``mural:0.6,scream:0.4`` -> slug -> weight; a style without a weight has 1.

    Raises:
        ImpastoError: a weight is no number, or a style is named twice.
    """
    weights: dict[str, float] = {}
    for part in text.split(","):
        slug, _, weight = part.strip().partition(":")
        if slug in weights:
            raise ImpastoError(f"style {text!r}: {slug!r} is named twice")
        try:
            weights[slug] = float(weight or 1)
        except ValueError:
            raise ImpastoError(f"style {text!r}: {weight!r} is no number; write mural:0.6,scream:0.4") from None
    return weights


def plan(photos: tuple[Path, ...], style: str, out: Path) -> list[tuple[Path, Path]]:
    """Which photo becomes which file.

    Raises:
        ImpastoError: one file for several photos, two photos for one file, or a file name of unknown format.
    """
    if len(photos) == 1 and out.suffix and not out.is_dir():
        image_format(out)
        return [(photos[0], out)]
    if out.suffix.lower() in FORMATS and not out.is_dir():
        raise ImpastoError(f"{out}: is one file for {len(photos)} photos; give a folder as --out")
    targets: dict[Path, Path] = {}
    for photo in photos:
        suffix = photo.suffix if photo.suffix.lower() in FORMATS else ".png"
        target = out / f"{photo.stem}-{style}{suffix}"
        if target in targets:
            raise ImpastoError(f"{photo}: would be written to {target} like {targets[target]}; stylize them apart")
        targets[target] = photo
    return [(photo, target) for target, photo in targets.items()]


def _stylize_one(paint: Callable[[Path], Image], photo: Path, target: Path) -> float:
    began = time.perf_counter()
    picture = paint(photo)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImpastoError(f"{target.parent}: cannot be made ({error.strerror}); give another --out") from None
    write_image(picture, target)
    return time.perf_counter() - began
