"""``impasto styles``."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from impasto.cli.options import model_option
from impasto.models.choice import choose
from impasto.stylize.typed import styles_of

if TYPE_CHECKING:
    from impasto.models.model import Model
    from impasto.styles.style import StyleInfo

_replace_option = click.option("--replace", is_flag=True, help="Replace your style of that name.")


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print everything that is known, as JSON.")
@model_option()
@click.pass_context
def styles(context: click.Context, as_json: bool, model: Path | None) -> None:
    """List styles; manage your own.

    The list has the styles of the model, and your own for it. Without --model it has your own for all models that come
    with impasto.
    """
    if context.invoked_subcommand:
        context.obj = model
        return
    import msgspec

    infos = [msgspec.structs.replace(style.info, slug=slug) for slug, style in styles_of(model).items()]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(infos), indent=2).decode())
        return
    _print_in_columns([_row(info) for info in infos])


def _with_model(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--model``, which may stand before the command's name (``styles --model paper remove X``) or after it."""

    @functools.wraps(command)
    def with_model(*, model: Path | None, **options: Any) -> Any:
        return command(model or click.get_current_context().obj, **options)

    return model_option("one that has the style")(with_model)


def _model_of(style: str | Path, model: Path | None) -> Model:
    """The model that is named, or else one that has the style of this slug or file."""
    from impasto.models import library
    from impasto.models.model import load_model

    return load_model(model or choose(library.bundled_with([style])))


def _print_in_columns(rows: list[tuple[str, str, str, str]]) -> None:
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
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="The file of the style.  [default: NAME.safetensors]"
)
@_with_model
def export(model: Path | None, name: str, out: Path | None) -> None:
    """Write the style NAME to a file that others can import."""
    from impasto.models import library

    click.echo(library.export(name, _model_of(name, model), out))


@styles.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", help="What the style is called here.  [default: the name it has]")
@_replace_option
@_with_model
def import_(model: Path | None, file: Path, name: str | None, replace: bool) -> None:
    """Add the style in FILE to your own."""
    from impasto.models import library
    from impasto.styles.style import Style

    style = Style.load(file)
    click.echo(library.keep(style.renamed(name or style.slug), _model_of(file, model), replace=replace))


@styles.command()
@click.argument("old")
@click.argument("new")
@_with_model
def rename(model: Path | None, old: str, new: str) -> None:
    """Rename your style OLD to NEW."""
    from impasto.models import library

    library.rename(old, new, _model_of(old, model))


@styles.command()
@click.argument("name")
@_with_model
def remove(model: Path | None, name: str) -> None:
    """Delete your style NAME."""
    from impasto.models import library

    library.remove(name, _model_of(name, model))
