"""``impasto refit``."""

from __future__ import annotations

from pathlib import Path

import click

from impasto.assets import free_photos
from impasto.cli.options import style_images_option, training_side
from impasto.images.io import find_photos
from impasto.models.model import load_model
from impasto.progress import progress


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the new model.")
@click.option("-s", "--style", "only", multiple=True, help="A style to fit; without any, all. May be repeated.")
@click.option("--seconds", type=click.FloatRange(0, min_open=True), default=30.0, help="For each style.")
@click.option("--likeness", type=click.FloatRange(0.1, 0.9), default=0.34, help="How much of a photo's forms stays.")
@click.option("--raster", type=click.FloatRange(0), default=2.0, help="Weight against rasters in smooth areas.")
@click.option("--specks", type=click.FloatRange(0), default=0.0, help="Weight against specks there; 0.02 counts.")
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
    refitting, adding = training_side("impasto.fitting.refit"), training_side("impasto.fitting.add_style")
    photos = find_photos(content or free_photos())
    loaded = load_model(model)
    styles = refitting.refit(
        loaded, style_images, photos, adding.loss_network(vgg), out, only=only, likeness=likeness, seconds=seconds,
        raster=raster, specks=specks,
    )  # fmt: skip
    for style in progress(styles, unit="style", total=len(only) or len(loaded.styles)):
        losses = style.info.losses
        gap, distance = 100 * losses["style_gap_closed"], losses["content_distance"]
        click.echo(f"{style.slug}: {gap:.0f} % of the style gap at a content distance of {distance:.2f}")
