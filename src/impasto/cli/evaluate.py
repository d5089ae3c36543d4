"""``impasto evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from impasto.assets import examples
from impasto.cli.options import needs_train_extra, runtime_option, style_images_option, vgg_option
from impasto.errors import ImpastoError
from impasto.progress import bar

if TYPE_CHECKING:
    from PIL import Image

    from impasto.evaluation import Evaluation


_SHOWN = 216, 162


@click.command()
@click.argument("model", required=False, type=click.Path(path_type=Path))
@click.option("--photos", type=click.Path(path_type=Path), help="Folder of photos; without it, the eight examples.")
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
    """Measure the styles of MODEL (the bundled one if not given): style gap closed, content distance, steadiness."""
    from PIL import ImageOps

    from impasto.images.io import write_image
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


def table(scores: Evaluation) -> str:
    """The scores as a Markdown table."""
    lines = [
        "| style | style gap closed, % | worst photo, % | content distance | worst photo | content likeness "
        "| change by noise | by a pan | ST-LPIPS | seconds |",
        "|---|" + "---:|" * 9,
    ]
    for row in scores.styles:
        least = min(photo.style_gap_closed for photo in row.photos)
        most = max(photo.content_distance for photo in row.photos)
        lines.append(
            f"| {row.style} | {100 * row.style_gap_closed:.1f} | {100 * least:.1f} "
            f"| {row.content_distance:.2f} | {most:.2f} | {row.content_likeness:.2f} "
            f"| {row.change_by_noise:.1f} | {row.change_by_pan:.1f} "
            f"| {'–' if row.st_lpips is None else f'{row.st_lpips:.3f}'} | {row.seconds:.2f} |"
        )
    gap, distance, likeness = (
        sum(getattr(row, name) for row in scores.styles) / len(scores.styles)
        for name in ("style_gap_closed", "content_distance", "content_likeness")
    )
    lines.append(f"| **mean** | {100 * gap:.1f} | | {distance:.2f} | | {likeness:.2f} | | | | |")
    if scores.identity_psnr is not None:
        lines += ["", f"Identity style: the photo, by its skip; without that {scores.identity_psnr:.1f} dB PSNR."]
    return "\n".join(lines)
