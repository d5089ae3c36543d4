"""``impasto correct``."""

from __future__ import annotations

from pathlib import Path

import click

from impasto.cli.options import needs_train_extra
from impasto.progress import bar


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("recipe", type=click.Path(path_type=Path), metavar="RECIPE.toml")
@click.option("--content", required=True, type=click.Path(path_type=Path), help="Folder of photos.")
@click.option(
    "--paintings",
    required=True,
    multiple=True,
    type=click.Path(path_type=Path),
    help="Folder of the paintings that the predictor learned from; may be repeated.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the new model.")
def correct(model: Path, recipe: Path, content: Path, paintings: tuple[Path, ...], out: Path) -> None:
    """Find anew what corrects the styles that MODEL predicts, and write a new model.

    The RECIPE is the one that it was trained with, with `directions` in its [predictor]. Training ends with it, too.
    """
    with needs_train_extra():
        from impasto.training import calibration
    with bar("painting") as progress:
        correction = calibration.correct(model, recipe, content, paintings, out, progress)
    click.echo(f"{out}: corrects predicted styles in {len(correction.directions)} directions")
