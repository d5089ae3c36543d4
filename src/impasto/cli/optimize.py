"""``impasto optimize``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from impasto.cli.options import needs_train_extra, spare, style_size_option, vgg_option
from impasto.progress import bar

if TYPE_CHECKING:
    from PIL.Image import Image


@click.command()
@click.argument("photo", type=click.Path(path_type=Path))
@click.option("--style-image", required=True, type=click.Path(path_type=Path), help="The painting.")
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path), help="The picture, a file.")
@click.option("--size", default=512, type=click.IntRange(16), help="Long side of the picture, in pixels.")
@style_size_option
@click.option(
    "--weight",
    default=1.0,
    type=click.FloatRange(0),
    help="Weight of the style loss; a higher one goes farther from the photo.",
)
@click.option("--steps", default=300, type=click.IntRange(1), help="Steps of the optimisation.")
@vgg_option
def optimize(
    photo: Path, style_image: Path, out: Path, size: int, style_size: int | None, weight: float, steps: int,
    vgg: Path | None,
) -> None:  # fmt: skip
    """Repaint one photo slowly, by optimising its pixels.

    This is the method of Gatys et al. (2016), with any painting, at a few seconds per step.

    Ctrl-C ends it early and keeps the best picture so far.
    """
    with needs_train_extra():
        from impasto.fitting import pixels
        from impasto.nn.vgg_weights import load_vgg16
    from impasto.images.formats import image_format
    from impasto.images.reading import read_photo
    from impasto.images.writing import write_image
    from impasto.styles.painting import read_painting

    image_format(out)
    spare([photo, style_image], out)
    source = read_photo(photo)
    if max(source.array.shape) > size:
        source = source.resized(size)
    painting = read_painting(style_image, style_size)
    network = load_vgg16(vgg)
    with bar("step") as progress:
        result = pixels.optimize(source.array, painting.array, network, weight=weight, steps=steps, progress=progress)
    write_image(cast("Image", source.origin.picture(result.picture)), out)
    click.echo(f"{out}  (style gap closed {100 * result.style_gap_closed:.1f} %)")
