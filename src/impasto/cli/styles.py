"""``impasto styles``."""

from __future__ import annotations

import dataclasses
import unicodedata
from pathlib import Path

import click
import msgspec

from impasto.cli.options import model_option
from impasto.errors import ImpastoError
from impasto.models import library
from impasto.models.model import load_model
from impasto.styles.style import Style, StyleInfo

_replace_option = click.option("--replace", is_flag=True, help="Take the place of a style of yours of that name.")


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print everything that is known, as JSON.")
@model_option
@click.pass_context
def styles(context: click.Context, as_json: bool, model: Path | None) -> None:
    """List the styles of a model and your own for it; export, import, rename and remove your own."""
    if context.invoked_subcommand:
        context.obj = model
        return
    known = library.with_own_styles(load_model(model)).styles
    infos = [msgspec.structs.replace(style.info, slug=slug) for slug, style in known.items()]
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


@styles.command()
@click.argument("name")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="A file; without it, NAME.safetensors.")
@click.pass_obj
def export(model: Path | None, name: str, out: Path | None) -> None:
    """Write the style NAME to a file that others can import."""
    out = out or Path(f"{name}{library.SUFFIX}")
    if out.suffix != library.SUFFIX:
        raise ImpastoError(f"output {out}: style files are called {out.stem}{library.SUFFIX}")
    style = library.find(name, library.with_own_styles(load_model(model)))
    try:
        style.save(out)
    except OSError as error:
        raise ImpastoError(f"output {out}: {error.strerror}") from None
    click.echo(out)


@styles.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", help="Name of the style; without it, the one it had.")
@_replace_option
@click.pass_obj
def import_(model: Path | None, file: Path, name: str | None, replace: bool) -> None:
    """Keep the style of FILE among your own."""
    style = Style.load(file)
    named = dataclasses.replace(style, info=msgspec.structs.replace(style.info, slug=name or style.slug))
    click.echo(library.keep(named, load_model(model), replace=replace))


@styles.command()
@click.argument("old")
@click.argument("new")
@click.pass_obj
def rename(model: Path | None, old: str, new: str) -> None:
    """Give your style OLD the name NEW."""
    library.rename(old, new, load_model(model))


@styles.command()
@click.argument("name")
@click.pass_obj
def remove(model: Path | None, name: str) -> None:
    """Delete your style NAME."""
    library.remove(name, load_model(model))
