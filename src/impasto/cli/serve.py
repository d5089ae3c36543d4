"""``impasto serve``."""

from __future__ import annotations

import importlib.util
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import click

import impasto
from impasto.cli.options import model_option, struct_options
from impasto.errors import ImpastoError, pip_install
from impasto.server.settings import Settings

if TYPE_CHECKING:
    from impasto.server.service import Film


@click.command()
@struct_options(Settings, "settings")
@click.option("--open", "opens", is_flag=True, help="Open the page in the browser.")
@click.option(
    "--input",
    "photos",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="A folder of photos that the page offers to paint.",
)
@model_option("all that come with impasto")
def serve(settings: Settings, opens: bool, photos: Path | None, model: Path | None) -> None:
    """Serve a page to paint in, and an HTTP interface for programs.

    Only this computer can reach it, unless --host says otherwise. Ctrl-C ends it.
    """
    from impasto.fitting.apart import add_style_apart

    try:
        from impasto.server.run import serve as run
    except ModuleNotFoundError as error:
        raise ImpastoError(f"this command needs {error.name}: {pip_install('serve')}") from None

    def ready(address: str) -> None:
        click.echo(f"impasto: {address}  (Ctrl-C stops it)")
        if opens:
            webbrowser.open(address)

    fit = add_style_apart if _are_there("torch", "accelerate") else None
    film = _film() if _are_there("av", "cv2") else None
    run(impasto.__version__, settings, model=model, photos=photos, fit=fit, film=film, ready=ready)


def _film() -> Film:
    from impasto.batch.film import prepared

    return prepared


def _are_there(*modules: str) -> bool:
    """Whether all modules are installed; none is imported."""
    return all(map(importlib.util.find_spec, modules))
