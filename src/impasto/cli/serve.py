"""``impasto serve``."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Any

import click

from impasto.cli.options import model_option
from impasto.errors import ImpastoError, pip_install


@click.command()
@click.option("--host", default="127.0.0.1")
@click.option("--port", type=int, default=8000)
@click.option("--open", "opens", is_flag=True, help="Open the page in the browser.")
@model_option("all that come with impasto")
def serve(opens: bool, model: Path | None, **settings: Any) -> None:
    """Serve a page to paint in, and an HTTP interface, on this computer.

    Ctrl-C ends it.
    """
    try:
        from impasto.server.run import serve as run
        from impasto.server.settings import Settings
    except ModuleNotFoundError as error:
        raise ImpastoError(f"this command needs {error.name}: {pip_install('serve')}") from None

    def said(address: str) -> None:
        click.echo(f"impasto: {address}  (Ctrl-C ends it)")
        if opens:
            webbrowser.open(address)

    run(Settings(**settings), str(model) if model else None, said)
