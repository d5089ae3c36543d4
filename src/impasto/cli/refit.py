"""``impasto refit``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from impasto.assets import free_photos
from impasto.cli.options import needs_train_extra, style_images_option
from impasto.fitting.options import REFIT
from impasto.progress import bar, reported

if TYPE_CHECKING:
    from impasto.styles.style import Style


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the new model.")
@click.option("-s", "--style", "only", multiple=True, help="A style to fit; without any, all. May be repeated.")
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    default=60 * REFIT.minutes,
    help="Time for each style, in seconds.",
)
@click.option("--likeness", type=float, default=REFIT.likeness, help="How much of a photo's forms stays, 0.1 to 0.9.")
@click.option(
    "--raster", type=float, default=REFIT.raster, help="Weight of the loss against rasters in smooth areas, 0 or more."
)
@click.option(
    "--specks",
    type=float,
    default=REFIT.specks,
    help="Weight of the loss against specks in smooth areas, 0 or more; 0.02 already has an effect.",
)
@click.option(
    "--content", type=click.Path(path_type=Path), help="Folder of photos to fit on; without it, those of the package."
)
@click.option("--vgg", type=click.Path(path_type=Path), help="Fit with VGG-16, from this file: slower.")
@style_images_option
def refit(
    model: Path, out: Path, only: tuple[str, ...], seconds: float, likeness: float, raster: float, specks: float,
    content: Path | None, vgg: Path | None, style_images: Path,
) -> None:  # fmt: skip
    """Fit the styles of MODEL once more, each alone, and write a new model: what to end a training with.

    The convolutions stay as they are. Started again with the same --out, it goes on with the styles that are left.
    """
    with needs_train_extra():
        from impasto.fitting import refit as refitting
        from impasto.fitting.add_style import loss_network
    from impasto.images.io import find_photos
    from impasto.models.model import load_model

    options = msgspec.structs.replace(REFIT, likeness=likeness, minutes=seconds / 60, raster=raster, specks=specks)
    photos, loaded = find_photos(content or free_photos()), load_model(model)
    styles = refitting.refit(loaded, style_images, photos, loss_network(vgg), out, only=only, options=options)
    with bar("style") as progress:
        for style in reported(styles, progress, total=len(only) or len(loaded.styles)):
            click.echo(_outcome(style))


def _outcome(style: Style) -> str:
    losses = style.info.losses
    gap, distance = 100 * losses["style_gap_closed"], losses["content_distance"]
    return f"{style.slug}: {gap:.0f} % of the style gap at a content distance of {distance:.2f}"
