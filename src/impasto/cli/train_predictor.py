"""``impasto train-predictor``."""

from __future__ import annotations

from pathlib import Path

import click

from impasto.cli.options import training_side
from impasto.model import load_model


@click.command("train-predictor")
@click.argument("recipe", type=click.Path(path_type=Path), metavar="RECIPE.toml")
@click.option("--model", required=True, type=click.Path(path_type=Path), help="Folder of the model that gets it.")
@click.option("--content", required=True, type=click.Path(path_type=Path), help="Folder of photographs to paint.")
@click.option(
    "--paintings",
    required=True,
    multiple=True,
    type=click.Path(path_type=Path),
    help="Folder of paintings to learn from; may be given several times, and each counts as much as the others.",
)
@click.option("--resume", is_flag=True, help="Go on from the checkpoint beside --model, exactly.")
def train_predictor(recipe: Path, model: Path, content: Path, paintings: tuple[Path, ...], resume: bool) -> None:
    """Teach a model to predict the style of any painting; its network and styles stay as they are."""
    training = training_side("impasto.training.predictor")
    find_photos = training_side("impasto.training.data").find_photos
    training.train_predictor(
        training_side("impasto.training.config").read_part_recipe(recipe),
        find_photos(content),
        [find_photos(folder) for folder in paintings],
        load_model(model),
        resume=resume,
    )
    click.echo(f"{model}: predicts styles; impasto stylize PHOTO --model {model} --style-image PAINTING")
