"""``impasto stylize``."""

from __future__ import annotations

import functools
import os
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from impasto.cli.options import BY_SIZE, control_options, model_option, precision_option, runtime_option
from impasto.errors import ImpastoError
from impasto.models.choice import alternative, choose
from impasto.progress import bar, reported, silent, write
from impasto.stylize.controls import Controls

if TYPE_CHECKING:
    import io

    from impasto.batch.jobs import Report
    from impasto.stylize.resolve import StyleName
    from impasto.stylize.stylizer import Plan


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
@control_options
@click.option(
    "--region",
    "regions",
    multiple=True,
    metavar="MASK.png=STYLE",
    help="Another style (or blend) where the mask is white; may be given several times.",
)
@click.option("--overwrite", is_flag=True, help="Paint photos of a folder anew whose pictures are there already.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON for each picture.")
@click.option(
    "--max-megapixels", type=click.FloatRange(0.1), default=180, help="Refuse photos that claim more, unread."
)
@model_option(BY_SIZE)
@runtime_option
@precision_option
def stylize(
    photos: tuple[Path, ...],
    style: str | None,
    style_image: Path | None,
    out: Path,
    controls: Controls,
    regions: tuple[str, ...],
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
    from impasto.batch.jobs import Job, find_targets, opened, pixels_of
    from impasto.batch.threads import work
    from impasto.models.library import bundled_with
    from impasto.stylize.stylizer import load

    weights = _style_of(style, style_image)
    masks = [parse_region(region) for region in regions]
    pairs = find_targets(photos, "-".join(Path(name).stem for name in weights), out)
    workers, most = min(len(pairs), os.cpu_count() or 1), int(max_megapixels * 1e6)
    among = () if model else bundled_with(name for blend in (weights, *(of for _, of in masks)) for name in blend)

    @functools.cache
    def plan(chosen: str | Path) -> Plan:
        return load(chosen, runtime=runtime, precision=precision, at_once=workers).plan(weights, controls, masks)

    def job(photo: Path | io.BytesIO, target: Path) -> Job:
        return Job(photo, target, plan(model or choose(pixels_of(photo, controls.size, most), among)))

    # What is wrong with the options is said once, before any photo is decoded.
    jobs = [job(opened(source), target) for source, target in pairs]
    overwrite = overwrite or not any(photo.is_dir() for photo in photos)
    with bar("photo" if len(jobs) > 1 else "tile") as progress:
        reports = work(
            jobs, workers=workers, overwrite=overwrite, max_pixels=most,
            progress=silent if len(jobs) > 1 else progress,
        )  # fmt: skip
        if len(jobs) > 1:
            reports = reported(reports, progress, total=len(jobs))
        seen = [_said(report, among, as_json=as_json, alone=len(jobs) == 1) for report in reports]
    if len(jobs) > 1 and not as_json:
        _say_models(Counter(report.model for report in seen if report.model), among)
    _sum_up(seen)


def _style_of(style: str | None, style_image: Path | None) -> dict[StyleName, float]:
    """The blend that the two options ask for."""
    if style is not None and style_image is None:
        return parse_blend(style)
    if style_image is not None and style is None:
        return {style_image: 1.0}
    raise ImpastoError("give either --style or --style-image; `impasto styles` lists the styles")


def _said(report: Report, among: Collection[str], *, as_json: bool, alone: bool) -> Report:
    """The report, once it is printed: of a single picture also its model, which was chosen ``among`` some."""
    from impasto.batch.jobs import STREAM

    if as_json:
        write(msgspec.json.encode(report).decode())
    elif report.status == "painted" and report.picture != str(STREAM):
        by, other = (f"{report.model}, ", alternative(report.model, among)) if alone else ("", "")
        write(f"{report.picture}  ({by}{report.seconds:.1f} s{other and f'; {other}'})")
    return report


def _say_models(pictures: Counter[str], among: Collection[str]) -> None:
    """Say how many ``pictures`` are by which model, if they were chosen ``among`` several."""
    if not pictures or len(among) < 2:
        return
    (first, _), *others = pictures.most_common()
    by = " and ".join(f"{count} by {name}" for name, count in pictures.most_common())
    click.echo(f"impasto: {by}; {'--model asks for one' if others else alternative(first, among)}", err=True)


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


def parse_blend(text: str) -> dict[StyleName, float]:
    """``mural:0.6,my.jpg:0.4`` -> weights by slug, or by path for what has the name of a style file or picture.

    A style without a weight has 1.

    Raises:
        ImpastoError: a weight is no number, or a style is named twice.
    """
    from impasto.stylize.resolve import blend_of, names_a_file

    return {Path(name) if names_a_file(name) else name: weight for name, weight in blend_of(text).items()}


def parse_region(text: str) -> tuple[Path, dict[StyleName, float]]:
    """``MASK.png=STYLE`` -> the mask's path and the style, a blend.

    Raises:
        ImpastoError: there is no ``=``, or the blend cannot be read.
    """
    mask, equals, style = text.rpartition("=")
    if not (equals and mask and style):
        raise ImpastoError(f"region {text!r}: write MASK.png=STYLE")
    return Path(mask), parse_blend(style)
