"""``impasto stylize``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import click
import msgspec
import PIL.Image
from tqdm import tqdm

from impasto.batch.jobs import STREAM, Report, plan
from impasto.batch.threads import work
from impasto.cli.options import default, model_option, precision_option, runtime_option
from impasto.errors import ImpastoError
from impasto.images.io import Photo
from impasto.models.library import SUFFIX
from impasto.styles.painting import is_painting
from impasto.stylize.stylizer import Stylizer, load

_default = partial(default, Stylizer.__call__)


@click.command()
@click.argument("photos", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PHOTO...")
@click.option(
    "-s",
    "--style",
    help="A style (`impasto styles` lists them), the path of a style file or painting, or a blend: mural:.6,my.jpg:.4.",
)
@click.option("--style-image", type=click.Path(path_type=Path), help="A painting, in place of --style.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    default=Path(),
    help="A file (for one photo), - (standard output), or a folder, where a picture is called PHOTO-STYLE.",
)
@click.option(
    "--strength",
    type=float,
    default=_default("strength"),
    help="0 is the photo, 1 the style, up to 1.5 beyond it.",
)
@click.option(
    "--detail",
    type=float,
    default=_default("detail"),
    help="How much of the photo's forms to bring back in the painting's colours, from 0 to 1.",
)
@click.option("--keep-color", is_flag=True, help="Keep the photo's colours, take the brushwork alone.")
@click.option(
    "--stroke",
    type=float,
    default=_default("stroke"),
    help="Size of the strokes relative to the picture, from 0.5 to 4; 1 is what a picture of 1024 pixels has.  "
    "[default: 1 for larger pictures, as it comes for smaller ones]",
)
@click.option(
    "--region",
    "regions",
    multiple=True,
    metavar="MASK.png=STYLE",
    help="Another style (or blend) where the mask is white; may be given several times.",
)
@click.option(
    "--size", type=click.IntRange(1), help="Long side of the picture, in pixels; without it, the photo's size."
)
@click.option("--overwrite", is_flag=True, help="Paint photos of a folder anew whose pictures are there already.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON a picture.")
@click.option(
    "--max-megapixels", type=click.FloatRange(0.1), default=180, help="Refuse photos that claim more, unread."
)
@model_option
@runtime_option
@precision_option
def stylize(
    photos: tuple[Path, ...],
    style: str | None,
    style_image: Path | None,
    out: Path,
    strength: float,
    detail: float,
    keep_color: bool,
    stroke: float | None,
    regions: tuple[str, ...],
    size: int | None,
    overwrite: bool,
    as_json: bool,
    max_megapixels: float,
    model: Path | None,
    runtime: str,
    precision: str,
) -> None:
    """Repaint PHOTO... in a style.

    A PHOTO may be a folder: its tree is mirrored under --out, and pictures that are there already are left alone, so
    that a run can be stopped and started again. With PHOTO - the photo comes from standard input.
    """
    if (style is None) == (style_image is None):
        raise ImpastoError("give either --style or --style-image; `impasto styles` lists the styles")
    weights = parse_blend(style) if style is not None else {str(style_image): 1.0}
    masks = [parse_region(region) for region in regions]
    # Pillow warns at its limit and refuses at twice as much.
    PIL.Image.MAX_IMAGE_PIXELS = int(max_megapixels * 1e6 / 2)
    jobs = plan(photos, "-".join(Path(name).stem for name in weights), out)
    workers = min(len(jobs), os.cpu_count() or 1)
    stylizer = load(model, runtime=runtime, precision=precision, at_once=workers)
    # What is wrong with the options is said once, before any photo is read.
    stylizer.check(weights, strength=strength, detail=detail, stroke=stroke, regions=masks)

    def paint(photo: Photo) -> PIL.Image.Image:
        return stylizer(
            photo, weights, strength=strength, detail=detail, keep_color=keep_color, stroke=stroke, regions=masks,
            size=size, progress=len(jobs) == 1,
        )  # fmt: skip

    overwrite = overwrite or not any(photo.is_dir() for photo in photos)
    _sum_up(_shown(work(jobs, paint, workers=workers, overwrite=overwrite), len(jobs), as_json=as_json))


def _shown(reports: Iterator[Report], count: int, *, as_json: bool) -> list[Report]:
    """Say each when it comes."""
    seen = []
    with tqdm(total=count, unit="photo", disable=None if count > 1 else True) as bar:
        for report in reports:
            seen.append(report)
            bar.update()
            _say(report, as_json=as_json)
    return seen


def _say(report: Report, *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(report))
    elif report.status == "painted" and report.picture != str(STREAM):
        tqdm.write(f"{report.picture}  ({report.seconds:.1f} s)")


def _sum_up(reports: list[Report]) -> None:
    """Say what was not painted, and exit with 1 if some of many photos failed, with 2 if the only one did."""
    failed = [report.error for report in reports if report.status == "failed"]
    skipped = sum(report.status == "skipped" for report in reports)
    if skipped:
        click.echo(f"impasto: {skipped} pictures were there already; --overwrite paints them anew", err=True)
    if failed and len(reports) > 1:
        click.echo(f"impasto: {len(failed)} of {len(reports)} photos failed:", err=True)
        click.echo("\n".join(f"  {error}" for error in failed), err=True)
        raise click.exceptions.Exit(1)
    if failed:
        raise ImpastoError(failed[0])


def parse_blend(text: str) -> dict[str, float]:
    """``mural:0.6,scream:0.4`` -> slug or path -> weight; a style without a weight has 1.

    Raises:
        ImpastoError: a weight is no number, or a style is named twice.
    """
    weights: dict[str, float] = {}
    for part in map(str.strip, text.split(",")):
        # Not every colon is one before a weight: C:\my.safetensors.
        slug, weight = part, ""
        if ":" in part and not (part.endswith(SUFFIX) or is_painting(part)):
            slug, _, weight = part.rpartition(":")
        if slug in weights:
            raise ImpastoError(f"style {text!r}: {slug!r} is named twice")
        try:
            weights[slug] = float(weight or 1)
        except ValueError:
            raise ImpastoError(f"style {text!r}: {weight!r} is no number; write mural:0.6,scream:0.4") from None
    return weights


def parse_region(text: str) -> tuple[Path, dict[str, float]]:
    """``MASK.png=STYLE`` -> the mask's path and the style, a blend.

    Raises:
        ImpastoError: there is no ``=``, or the blend cannot be read.
    """
    mask, equals, style = text.rpartition("=")
    if not (equals and mask and style):
        raise ImpastoError(f"region {text!r}: write MASK.png=STYLE")
    return Path(mask), parse_blend(style)
