"""Write the reference pages: tables of options, made from the structs that hold them.

    python tools/reference.py [FOLDER]

A table belongs to one struct. Its fields are annotated with `msgspec.Meta`: the range, a description, and where the
default says nothing to a reader, words for it (`extra={"default": ...}`). What stands below a field as its docstring is
added to the description. A new page is one entry in `PAGES`.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from impasto.errors import meta_of, range_in_words
from impasto.fitting.options import FitOptions
from impasto.server.settings import Settings
from impasto.stylize.controls import Controls
from impasto.training.recipe import PredictorOptions, Recipe, StyleEntry, TrainingOptions

FOLDER = Path(__file__).parents[1] / "docs" / "reference"


class Page(NamedTuple):
    """A page of the reference: an introduction, and a table for each struct, by its heading."""

    title: str
    introduction: str
    tables: dict[str, type[msgspec.Struct]]


PAGES = {
    "controls.md": Page(
        "Controls",
        "How a photo is painted, in whatever style. Each control is a keyword of `stylizer(photo, style, ...)`, a\n"
        "field of `impasto.stylize.controls.Controls`, and an option of `impasto stylize`: `keep_color` is\n"
        "`--keep-color`. [What they look like](../guide/controls.md).",
        {"": Controls},
    ),
    "fitting.md": Page(
        "Options of a fit",
        "How `impasto.add_style` fits a style to a painting: keywords of it, and fields of\n"
        "`impasto.fitting.options.FitOptions`. `impasto add-style` and `impasto refit` have options for some of them.",
        {"": FitOptions},
    ),
    "service.md": Page(
        "Options of the service",
        "How `impasto serve` is set up: fields of `impasto.server.settings.Settings`, and options of the command:\n"
        "`max_megapixels` is `--max-megapixels`. Others are in `impasto serve --help`.\n"
        "[How it is used](../guide/service.md).",
        {"": Settings},
    ),
    "recipe.md": Page(
        "Recipes",
        "What `impasto train` reads from a TOML file. `recipes/` has the recipes of the bundled models.\n\n"
        'A recipe may also say `catalogue = "catalogue.toml"`, a path relative to it. The catalogue describes\n'
        "artworks once, by slug, with the keys of `[[styles]]`; the recipe's styles then give their slug and\n"
        "what differs.",
        {
            "The file": Recipe,
            "[[styles]]": StyleEntry,
            "[training]": TrainingOptions,
            "[predictor]": PredictorOptions,
        },
    ),
}


def render(page: Page) -> str:
    """The page as Markdown."""
    parts = ["<!-- Written by tools/reference.py; do not edit. -->", f"# {page.title}", page.introduction]
    for heading, struct in page.tables.items():
        parts += [f"## {heading}"] * bool(heading) + [table(struct)]
    return "\n\n".join(parts) + "\n"


def table(struct: type[msgspec.Struct]) -> str:
    """The fields of a struct as a Markdown table."""
    below = docstrings(struct)
    rows = [row(field, below.get(field.name, "")) for field in msgspec.structs.fields(struct)]
    return "\n".join(["| name | default | range | what it does |", "|---|---|---|---|", *rows])


def row(field: msgspec.structs.FieldInfo, below: str) -> str:
    """A field as a line of the table, with the docstring ``below`` it."""
    meta = meta_of(field.type)
    text = " ".join(part for part in (meta.description, below) if part)
    cells = f"`{field.name}`", default(field), range_in_words(meta), text
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def docstrings(struct: type[Any]) -> dict[str, str]:
    """Field -> the docstring below it, on one line and without roles, also for the fields of its bases."""
    found: dict[str, str] = {}
    for base in reversed(struct.__mro__):
        if not issubclass(base, msgspec.Struct) or base is msgspec.Struct:
            continue
        (body,) = ast.parse(textwrap.dedent(inspect.getsource(base))).body
        assert isinstance(body, ast.ClassDef)
        for field, after in zip(body.body, body.body[1:], strict=False):
            match field, after:
                case ast.AnnAssign(target=target), ast.Expr(value=ast.Constant(value=str(text))):
                    found[ast.unparse(target)] = plain(text)
    return found


def plain(text: str) -> str:
    """Sphinx's roles as code: ``:func:`impasto.x``` -> `impasto.x`."""
    return " ".join(re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text).replace("``", "`").split())


def default(field: msgspec.structs.FieldInfo) -> str:
    """The default of a field in words, or as it is written in Python."""
    said = (meta_of(field.type).extra or {}).get("default")
    if said or field.required:
        return said or "none: it must be given"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    return "the defaults below" if isinstance(value, msgspec.Struct) else f"`{value!r}`"


def main(folder: Path = FOLDER) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / name).write_text(render(page), "utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
