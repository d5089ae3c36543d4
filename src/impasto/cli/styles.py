"""``impasto styles``."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import click
import msgspec

from impasto.cli.options import model_option
from impasto.model import load_model
from impasto.styles import StyleInfo


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print everything that is known, as JSON.")
@model_option
def styles(as_json: bool, model: Path | None) -> None:
    """List the styles of a model."""
    infos = [style.info for style in load_model(model).styles.values()]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(infos), indent=2).decode())
        return
    rows = [_row(info) for info in infos]
    widths = [max(_width(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        cells = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def _row(info: StyleInfo) -> tuple[str, str, str, str]:
    return info.slug, info.name, info.name_zh, ", ".join(part for part in (info.artist, info.year) if part)


def _width(text: str) -> int:
    """Columns that a text takes in a terminal: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
