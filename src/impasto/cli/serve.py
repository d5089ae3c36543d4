"""``impasto serve``."""

from __future__ import annotations

import importlib.util
import webbrowser
from pathlib import Path

import click

import impasto
from impasto.cli.options import model_option, struct_options
from impasto.errors import ImpastoError, pip_install
from impasto.server.settings import Settings


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
        click.echo(f"impasto: {address}  (Ctrl-C ends it)")
        if opens:
            webbrowser.open(address)

    fits = all(map(importlib.util.find_spec, ("torch", "accelerate")))
    fit = add_style_apart if fits else None
    run(impasto.__version__, settings, model=model, photos=photos, fit=fit, ready=ready)
