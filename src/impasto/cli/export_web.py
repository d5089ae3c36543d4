"""``impasto export-web``."""

from __future__ import annotations

from pathlib import Path

import click

from impasto.cli.options import model_option


@click.command(short_help="Make a page that paints inside the browser.")
@click.argument("out", type=click.Path(path_type=Path))
@model_option()
def export_web(out: Path, model: Path | None) -> None:
    """Write a page that paints inside the browser to the folder OUT.

    Any web host can serve it, and no photo is uploaded. It needs npm, which fetches ONNX Runtime for browsers once.
    """
    from impasto.models.model import load_model
    from impasto.models.site import write_site

    click.echo(write_site(load_model(model), out))
