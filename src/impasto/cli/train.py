"""``impasto train``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from impasto.cli.options import needs_train_extra, style_images_option, vgg_option

if TYPE_CHECKING:
    from impasto.styles.style import Style


@click.command()
@click.argument("recipe", type=click.Path(path_type=Path), metavar="RECIPE.toml")
@click.option("--content", required=True, type=click.Path(path_type=Path), help="Folder of photos to train on.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for the model and its checkpoints.")
@style_images_option
@vgg_option
@click.option("--start", type=click.Path(path_type=Path), help="A model to begin with, in place of random weights.")
@click.option(
    "--paintings",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Folder of paintings, from which the recipe's [predictor] learns. Give it several times for several folders; "
    "all count the same.",
)
@click.option("--resume", is_flag=True, help="Continue from the checkpoint in --out, exactly where it stopped.")
def train(
    recipe: Path,
    content: Path,
    out: Path,
    style_images: Path,
    vgg: Path | None,
    start: Path | None,
    paintings: tuple[Path, ...],
    resume: bool,
) -> None:
    """Train a network from a recipe.

    On several GPUs or machines: `accelerate launch -m impasto train ...`.
    """
    with needs_train_extra():
        from impasto import training
    settings = training.read_recipe(recipe)
    run = training.prepare(
        settings, content, out, style_images=style_images, vgg=vgg, start=start, paintings=paintings, resume=resume,
        tell=_tell,
    )  # fmt: skip
    training.train(run, tell=_tell)
    if run.accelerator.is_main_process:
        for style in training.export_model(run, style_images):
            _warn(style, training.TRAINED)
        click.echo(f"{out}: a model with {settings.slots} styles; impasto stylize PHOTO --model {out} -s STYLE")


def _tell(line: str) -> None:
    click.echo(f"impasto: {line}", err=True)


def _warn(style: Style, trained: float) -> None:
    gap = style.info.losses.get("style_gap_closed", 1.0)
    if gap < trained:
        advice = "train longer, raise its weight or share, or read its image at another size"
        click.echo(
            f"impasto: style {style.slug!r} did not train, it closes {100 * gap:.0f} % of its gap; {advice}", err=True
        )
