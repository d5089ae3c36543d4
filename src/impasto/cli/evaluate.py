"""``impasto evaluate``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click
import msgspec

from impasto.assets import examples
from impasto.cli.options import needs_train_extra, runtime_option, style_images_option, vgg_option
from impasto.errors import ImpastoError
from impasto.progress import bar

if TYPE_CHECKING:
    from PIL import Image

    from impasto.evaluation import Evaluation, StyleScore


_SHOWN = 216, 162


@click.command()
@click.argument("model", required=False, type=click.Path(path_type=Path))
@click.option("--photos", type=click.Path(path_type=Path), help="Folder of photos.  [default: the eight examples]")
@style_images_option
@click.option("--size", default=512, type=click.IntRange(32), help="Shorter side of the photos, in pixels.")
@click.option("--json", "report", type=click.Path(path_type=Path), help="Also write everything to this file, as JSON.")
@click.option("--sheet", type=click.Path(path_type=Path), help="Also draw the pictures, a row for each style.")
@vgg_option
@runtime_option
def evaluate(
    model: Path | None,
    photos: Path | None,
    style_images: Path,
    size: int,
    report: Path | None,
    sheet: Path | None,
    vgg: Path | None,
    runtime: str,
) -> None:
    """Measure how good the styles of a model are.

    It measures style, contrast, content and steadiness. Without MODEL it is `fast`.
    """
    from PIL import ImageOps

    from impasto.images.writing import write_image
    from impasto.stylize.sheet import styles_by_photos
    from impasto.stylize.stylizer import load

    with needs_train_extra():
        from impasto import evaluation
    stylizer = load(model, runtime=runtime)
    pictures: dict[str, list[Image.Image]] = {}

    def keep(name: str, picture: Image.Image) -> None:
        pictures.setdefault(name, []).append(ImageOps.fit(picture, _SHOWN))

    with bar("photo") as progress:
        scores = evaluation.evaluate(
            stylizer, photos or examples(), style_images, size=size, vgg=vgg, on_picture=keep, progress=progress
        )
    click.echo(table(scores))
    if sheet:
        write_image(styles_by_photos(stylizer.styles, pictures), sheet)
    if report:
        try:
            report.write_bytes(msgspec.json.format(msgspec.json.encode(scores), indent=2))
        except OSError as error:
            raise ImpastoError(f"{report}: cannot be written ({error.strerror})") from None


class _Column(NamedTuple):
    """A column of the table.

    Attributes:
        heading: what it is called.
        value: its value for one style; None if the report does not have it.
        form: how numbers are formatted.
        averaged: whether the last row has the mean over styles.
    """

    heading: str
    value: Callable[[StyleScore], float | None]
    form: str
    averaged: bool = False


_COLUMNS = (
    _Column("style gap closed, %", lambda row: row.style_gap_closed, ".1%", averaged=True),
    _Column("worst photo, %", lambda row: min(photo.style_gap_closed for photo in row.photos), ".1%"),
    _Column("distribution gap closed, %", lambda row: row.distribution_gap_closed, ".1%", averaged=True),
    _Column("light contrast", lambda row: row.light_contrast, ".2f", averaged=True),
    _Column("chroma contrast", lambda row: row.chroma_contrast, ".2f", averaged=True),
    _Column("colour distance", lambda row: row.color_distance, ".1f", averaged=True),
    _Column("content distance", lambda row: row.content_distance, ".2f", averaged=True),
    _Column("worst photo", lambda row: max(photo.content_distance for photo in row.photos), ".2f"),
    _Column("content likeness", lambda row: row.content_likeness, ".2f", averaged=True),
    _Column("change by noise", lambda row: row.change_by_noise, ".1f"),
    _Column("by a pan", lambda row: row.change_by_pan, ".1f"),
    _Column("ST-LPIPS", lambda row: row.st_lpips, ".3f"),
    _Column("seconds", lambda row: row.seconds, ".2f"),
)


def table(scores: Evaluation) -> str:
    """The scores as a Markdown table."""
    lines = [_line("style", [column.heading for column in _COLUMNS]), "|---|" + "---:|" * len(_COLUMNS)]
    lines += [_line(row.style, [_cell(column, [row]) for column in _COLUMNS]) for row in scores.styles]
    means = [_cell(column, scores.styles) if column.averaged else "" for column in _COLUMNS]
    lines.append(_line("**mean**", means))
    if scores.identity_psnr is not None:
        lines += ["", f"Identity style: the photo, by its skip; without that {scores.identity_psnr:.1f} dB PSNR."]
    return "\n".join(lines)


def _line(name: str, cells: Sequence[str]) -> str:
    return " | ".join([f"| {name}", *cells]) + " |"


def _cell(column: _Column, rows: Sequence[StyleScore]) -> str:
    """The mean of a column over styles, or a dash if one of them has no value."""
    values = [value for row in rows if (value := column.value(row)) is not None]
    return f"{sum(values) / len(values):{column.form}}".rstrip("%") if len(values) == len(rows) else "–"
