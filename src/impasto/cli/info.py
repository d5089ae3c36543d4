"""``impasto info``."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import click

import impasto
from impasto.assets import BUNDLED
from impasto.cli.options import model_option
from impasto.errors import pip_install
from impasto.runtime import RUNTIMES


@click.command()
@model_option(" and ".join(BUNDLED))
def info(model: Path | None) -> None:
    """Show versions, runtimes and models.

    It also shows where your own styles are. Please put what it prints into bug reports.
    """
    from impasto.models import library
    from impasto.models.model import load_model

    models = [load_model(name) for name in ([model] if model else BUNDLED)]
    click.echo(f"impasto   {impasto.__version__}, Python {platform.python_version()}, {platform.platform()}")
    click.echo(f"machine   {platform.machine()}, {os.cpu_count()} cores")
    for runtime, extra in RUNTIMES.items():
        click.echo(f"runtime   {runtime} {_installed(runtime) or f'(not installed: {pip_install(extra)})'}")
    for each in models:
        click.echo(f"model     {each.name}, {each.info.architecture}, {len(each.styles)} styles, {each.path}")
    click.echo(f"styles    your own: {library.root()}")


def _installed(package: str) -> str | None:
    import importlib.metadata  # takes a sixth of the time that the command line needs to start

    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
