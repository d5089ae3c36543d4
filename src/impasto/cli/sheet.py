"""``impasto sheet``."""

from __future__ import annotations

from pathlib import Path

import click

from impasto.cli.options import model_option, runtime_option, spare
from impasto.progress import bar


@click.command()
@click.argument("photo", type=click.Path(path_type=Path))
@click.option("-o", "--out", type=click.Path(path_type=Path), help="The file of the sheet.  [default: PHOTO-sheet.jpg]")
@click.option("--width", type=click.IntRange(32, 4096), default=384, help="Width of each picture, in pixels.")
@click.option("--columns", type=click.IntRange(1), default=3, help="Pictures in a row.")
@click.option(
    "--style-image",
    "style_images",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A painting to add as a style. Give it several times for several paintings.",
)
@model_option()
@runtime_option
def sheet(
    photo: Path, out: Path | None, width: int, columns: int, style_images: tuple[Path, ...], model: Path | None,
    runtime: str,
) -> None:  # fmt: skip
    """Draw a photo in every style, with names."""
    from impasto.images.formats import image_format
    from impasto.images.writing import write_image
    from impasto.stylize.sheet import sheet as draw_sheet
    from impasto.stylize.stylizer import load

    out = out or Path(f"{photo.stem}-sheet.jpg")
    image_format(out)
    spare([photo, *style_images], out)
    stylizer = load(model, runtime=runtime)
    with bar("style") as progress:
        drawn = draw_sheet(stylizer, photo, width=width, columns=columns, style_images=style_images, progress=progress)
    write_image(drawn, out)
    click.echo(out)
