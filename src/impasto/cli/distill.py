"""``impasto distill``."""

from __future__ import annotations

from pathlib import Path

import click

from impasto.cli.options import model_option, needs_train_extra, vgg_option


@click.command()
@click.argument("recipe", type=click.Path(path_type=Path), metavar="RECIPE.toml")
@click.option(
    "--content",
    required=True,
    multiple=True,
    type=click.Path(path_type=Path),
    help="Folder of pictures to learn from. Give it several times for several folders.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="File for the loss network.")
@click.option("--resume", is_flag=True, help="Continue from the checkpoint beside --out.")
@model_option()
@vgg_option
def distill(
    recipe: Path, content: tuple[Path, ...], out: Path, resume: bool, model: Path | None, vgg: Path | None
) -> None:
    """Distil VGG-16 into a slim loss network.

    Styles are fitted with that network.
    """
    with needs_train_extra():
        from impasto.nn.vgg_weights import load_vgg16
        from impasto.training import distill as distillation
        from impasto.training.recipe import read_loss_network_recipe
    from impasto.images.folders import find_photos
    from impasto.models.model import load_model

    pictures = [picture for folder in content for picture in find_photos(folder)]
    distillation.distill(
        read_loss_network_recipe(recipe), pictures, load_vgg16(vgg), load_model(model), out, resume=resume
    )
    click.echo(f"{out}: a loss network of {out.stat().st_size / 1e6:.1f} MB")
