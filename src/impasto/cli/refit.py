"""``impasto refit``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from impasto.assets import free_photos
from impasto.cli.options import fit_options, needs_train_extra, objective_options, style_images_option
from impasto.fitting.options import REFIT, REFIT_BY_GAP
from impasto.progress import bar, reported

if TYPE_CHECKING:
    from impasto.styles.style import Style


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the new model.")
@click.option(
    "-s",
    "--style",
    "only",
    multiple=True,
    help="A style to fit. Give it several times for several styles.  [default: all]",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    help=f"Time for each style, in seconds.  [default: {60 * REFIT.minutes:.0f}]",
)
@objective_options
@click.option("--raster", type=float, help="Weight of the loss against rasters in smooth areas, 0 or more.")
@click.option(
    "--specks", type=float, help=f"Weight of the loss against specks in smooth areas.  [default: {REFIT.specks}]"
)
@click.option(
    "--content", type=click.Path(path_type=Path), help="Folder of photos to fit on.  [default: those of the package]"
)
@click.option("--vgg", type=click.Path(path_type=Path), help="A file of VGG-16's weights, to fit with them: slower.")
@style_images_option
def refit(
    model: Path, out: Path, only: tuple[str, ...], seconds: float | None, objective: str,
    content_weight: float | None, likeness: float | None, raster: float | None, specks: float | None,
    content: Path | None, vgg: Path | None, style_images: Path,
) -> None:  # fmt: skip
    """Fit each style of a trained model once more.

    Do this after a training: each style is fitted alone, and the convolutions stay as they are. The result is a new
    model. Started again with the same --out, the command continues with the styles that are left.
    """
    with needs_train_extra():
        from impasto.fitting import refit as refitting
        from impasto.fitting.add_style import loss_network
    from impasto.images.folders import find_photos
    from impasto.models.model import load_model

    options = fit_options(
        {"distribution": REFIT, "gap": REFIT_BY_GAP}, objective, content_weight=content_weight, likeness=likeness,
        minutes=seconds and seconds / 60, raster=raster, specks=specks,
    )  # fmt: skip
    photos, loaded = find_photos(content or free_photos()), load_model(model)
    styles = refitting.refit(loaded, style_images, photos, loss_network(vgg), out, only=only, options=options)
    with bar("style") as progress:
        for style in reported(styles, progress, total=len(only) or len(loaded.styles)):
            click.echo(_outcome(style))


def _outcome(style: Style) -> str:
    losses = style.info.losses
    closed = losses.get("distribution_gap_closed", losses["style_gap_closed"])
    return f"{style.slug}: {100 * closed:.0f} % of the way, at a content distance of {losses['content_distance']:.2f}"
