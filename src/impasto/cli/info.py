"""``impasto info``."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

import impasto
from impasto.cli.options import model_option
from impasto.runtime import RUNTIMES


@click.command()
@model_option
def info(model: Path | None) -> None:
    """Show versions, runtimes and the model: what to put in a bug report."""
    from impasto.models.model import load_model

    loaded = load_model(model)
    click.echo(f"impasto   {impasto.__version__}, Python {platform.python_version()}, {platform.platform()}")
    click.echo(f"machine   {platform.machine()}, {os.cpu_count()} cores")
    for runtime, package in RUNTIMES.items():
        click.echo(f"runtime   {runtime} {_installed(runtime) or f'(not installed: pip install {package!r})'}")
    click.echo(f"model     {loaded.info.name}, {loaded.info.architecture}, {len(loaded.styles)} styles, {loaded.path}")


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
