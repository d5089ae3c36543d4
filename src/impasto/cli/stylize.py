"""``impasto stylize``."""

from __future__ import annotations

import functools
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from impasto.cli.completion import complete_style
from impasto.cli.options import (
    FileOptions,
    control_options,
    file_options,
    model_option,
    precision_option,
    runtime_option,
    spare,
)
from impasto.errors import ImpastoError, StoppedError
from impasto.files import is_folder
from impasto.models.choice import alternative, choose
from impasto.progress import bar, reported, silent, write
from impasto.stylize.controls import Controls
from impasto.stylize.typed import label, labelled, read_region, read_styles

if TYPE_CHECKING:
    from impasto.batch.jobs import Job, Report
    from impasto.batch.targets import Target
    from impasto.stylize.plan import Plan
    from impasto.stylize.typed import Blend, Region


@click.command()
@click.argument("photos", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PHOTO...")
@click.option(
    "-s",
    "--style",
    "styles",
    multiple=True,
    shell_complete=complete_style,
    help="A style: its name, title or artist (see `impasto styles`); a style file or painting; a blend such as "
    "mural:.6,my.jpg:.4; or all. Give it several times for several pictures.",
)
@click.option(
    "--style-image",
    "style_images",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A painting to use as the style. Give it several times for several pictures.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    default=Path(),
    help="A file for one picture, a folder, or - for standard output. In a folder, a picture is called PHOTO-STYLE.",
)
@file_options
@control_options
@click.option(
    "--region",
    "regions",
    multiple=True,
    metavar="MASK.png=STYLE",
    help="Another style, or blend, where the mask is white. Give it several times for several masks.",
)
@click.option(
    "--overwrite",
    is_flag=True,
    help="Paint existing pictures again. Also lets a picture replace its photo.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON for each picture.")
@click.option(
    "--max-megapixels",
    type=click.FloatRange(0.1),
    default=250,
    help="Refuse larger photos before they are read, and larger pictures before they are painted.",
)
@model_option()
@runtime_option
@precision_option
def stylize(
    photos: tuple[Path, ...],
    styles: tuple[str, ...],
    style_images: tuple[Path, ...],
    out: Path,
    files: FileOptions,
    controls: Controls,
    regions: tuple[str, ...],
    overwrite: bool,
    as_json: bool,
    max_megapixels: float,
    model: Path | None,
    runtime: str,
    precision: str,
) -> None:
    """Repaint photos in one or several styles.

    A PHOTO may be a folder. The folder of --out then gets the same subfolders. Existing pictures are skipped, so a
    stopped run can be started again. A PHOTO of - is read from standard input.
    """
    from impasto.batch.targets import Naming, find_targets
    from impasto.stylize.stylizer import load

    blends = read_styles(styles, style_images, model)
    masks = [read_region(region, model) for region in regions]
    asked = labelled(blends, [label(blend, controls, masks, model) for blend in blends])
    naming = Naming(out=out, name=files.name, format=files.format or "", depth=files.depth, overwrite=overwrite)
    targets = find_targets(photos, list(asked), naming)
    if not overwrite:
        _spare_styles(targets, blends, masks)
    workers, most = min(len(targets), os.cpu_count() or 1), int(max_megapixels * 1e6)
    loaded = functools.cache(functools.partial(load, runtime=runtime, precision=precision, at_once=workers))

    @functools.cache
    def plan_for(style: str) -> Plan:
        chosen = model or choose(_among([asked[style]], masks))
        return loaded(chosen).plan(asked[style], controls, masks)

    # What is wrong with the options is said once, before any photo is decoded.
    jobs = _jobs(targets, plan_for, files)
    again = overwrite or not any(map(is_folder, photos))
    among = () if model else _among(blends, masks)
    seen = _paint(jobs, among, workers=workers, overwrite=again, max_pixels=most, as_json=as_json)
    if len(jobs) > 1 and not as_json:
        _say_models(Counter(report.model for report in seen if report.model), among)
    _sum_up(seen)


def _spare_styles(targets: Iterable[Target], blends: Iterable[Blend], masks: Iterable[Region]) -> None:
    """Refuse to put a picture in the place of a painting or mask; photos are spared by ``find_targets``."""
    named = [name for blend in (*blends, *(of for _, of in masks)) for name in blend]
    read = [*(name for name in named if isinstance(name, Path)), *(mask for mask, _ in masks)]
    for target in targets:
        spare(read, target.picture)


def _among(blends: Iterable[Blend], masks: Iterable[Region]) -> tuple[str, ...]:
    """The models that come with the package and have all these styles."""
    from impasto.models.library import bundled_with

    return bundled_with(name for blend in (*blends, *(of for _, of in masks)) for name in blend)


def _jobs(targets: Iterable[Target], plan_for: Callable[[str], Plan], files: FileOptions) -> list[Job]:
    """A job for each target; ``plan_for`` gives the plan for a style."""
    from impasto.batch.jobs import Job, opened
    from impasto.images.formats import image_format

    source = functools.cache(opened)
    stream = image_format(f"a.{files.format}") if files.format else None
    return [
        Job(source(photo), picture, plan_for(style), stream, files.quality, files.strip_metadata)
        for photo, style, picture in targets
    ]


def _paint(
    jobs: list[Job], among: Collection[str], *, workers: int, overwrite: bool, max_pixels: int, as_json: bool
) -> list[Report]:
    """Do all jobs and print a line for each."""
    from impasto.batch.threads import work

    alone = len(jobs) == 1
    with bar("tile" if alone else "picture") as progress:
        tiles = progress if alone else silent
        done = work(jobs, workers=workers, overwrite=overwrite, max_pixels=max_pixels, progress=tiles)
        with closing(done) as reports:
            told = reports if alone else reported(reports, progress, total=len(jobs))
            try:
                return [_said(report, among, as_json=as_json, alone=alone) for report in told]
            except KeyboardInterrupt:
                kept = "" if overwrite else "; the same command continues with the pictures that are left"
                raise StoppedError(f"stopped{kept}") from None


def _said(report: Report, among: Collection[str], *, as_json: bool, alone: bool) -> Report:
    """The report, once it is printed: of a single picture also its model, which was chosen ``among`` some."""
    from impasto.batch.targets import STREAM

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
    """Say what was not painted, and exit with 1 if some of many pictures failed, with 2 if the only one did."""
    failed = [report for report in reports if report.status == "failed"]
    skipped = sum(report.status == "skipped" for report in reports)
    if skipped:
        exist, them = ("1 picture exists", "it") if skipped == 1 else (f"{skipped} pictures exist", "them")
        click.echo(f"impasto: {exist} already; --overwrite paints {them} again", err=True)
    if failed and len(reports) > 1:
        photos, all_photos = ({report.photo for report in some} for some in (failed, reports))
        click.echo(f"impasto: {len(photos)} of {len(all_photos)} photos failed:", err=True)
        click.echo("\n".join(f"  {error}" for error in dict.fromkeys(report.error for report in failed)), err=True)
        raise click.exceptions.Exit(1)
    if failed:
        raise ImpastoError(failed[0].error)
