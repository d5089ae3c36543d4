"""Write the reference pages: made from the code, so that they cannot say anything else.

    python tools/reference.py [FOLDER]

Tables of options come from structs: a field is annotated with `msgspec.Meta`, which has the range, a description, and
where the default says nothing to a reader, words for it (`extra={"default": ...}`). What stands below a field as its
docstring is added to the description. The page of commands comes from click (`reference_commands.py`), that of Python
from docstrings (`reference_python.py`). A new page is one entry in `PAGES`.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from impasto.errors import meta_of, range_in_words
from impasto.fitting.options import FitOptions
from impasto.models.model import GRAPHS, Graph, ModelInfo
from impasto.server.settings import Settings
from impasto.styles.style import StyleInfo
from impasto.stylize.controls import Controls
from impasto.training.recipe import PredictorOptions, Recipe, StyleEntry, TrainingOptions
from reference_commands import commands
from reference_python import names
from reference_text import plain, table

FOLDER = Path(__file__).parents[1] / "docs" / "reference"


class Page(NamedTuple):
    """A page of the reference: an introduction, and the parts below it, each by its heading."""

    title: str
    introduction: str
    parts: dict[str, Callable[[], str]]


def fields(struct: type[msgspec.Struct], says: str = "what it does") -> Callable[[], str]:
    """What writes the table of a struct's fields; the last column is called ``says``."""
    return lambda: table(
        ["name", "default", "range", says],
        [row(field, docstrings(struct).get(field.name, "")) for field in msgspec.structs.fields(struct)],
    )


def row(field: msgspec.structs.FieldInfo, below: str) -> tuple[str, ...]:
    """A field as a line of the table, with the docstring ``below`` it."""
    meta = meta_of(field.type)
    text = " ".join(part for part in (meta.description, below) if part)
    return f"`{field.name}`", default(field), range_in_words(meta), text


def docstrings(of: type[Any]) -> dict[str, str]:
    """Name -> the docstring below it, on one line and without roles, also of the fields of bases."""
    found: dict[str, str] = {}
    for base in reversed(of.__mro__):
        if base.__module__.partition(".")[0] != "impasto":
            continue
        (body,) = ast.parse(textwrap.dedent(inspect.getsource(base))).body
        assert isinstance(body, ast.ClassDef)
        for field, after in zip(body.body, body.body[1:], strict=False):
            match field, after:
                case (
                    ast.AnnAssign(target=target) | ast.Assign(targets=[target]),
                    ast.Expr(value=ast.Constant(value=str(text))),
                ):
                    found[ast.unparse(target)] = plain(text)
    return found


def default(field: msgspec.structs.FieldInfo) -> str:
    """The default of a field in words, or as it is written in Python."""
    said = (meta_of(field.type).extra or {}).get("default")
    if said or field.required:
        return said or "none: it must be given"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    return "the defaults below" if isinstance(value, msgspec.Struct) else f"`{value!r}`"


def graphs() -> str:
    """The graphs of a model: file, inputs, outputs, and what each does."""
    said = docstrings(Graph)
    rows = [
        (f"`{graph.value}`", ", ".join(inputs), ", ".join(outputs), said[graph.name])
        for graph, (inputs, outputs) in GRAPHS.items()
    ]
    return table(["file", "inputs", "outputs", "what it does"], rows)


PAGES = {
    "commands.md": Page(
        "Commands",
        "Every command and option. `impasto COMMAND --help` prints the same.\n\n"
        "The exit code is 0 if all went well, and 1 if some photos failed. It is 2 if something could not be done\n"
        "as it was asked for, and 130 after Ctrl-C.",
        commands(),
    ),
    "python.md": Page(
        "Python",
        "What `import impasto` has, and the layers in `impasto.nn`. [The guide](../guide/python.md) shows how they\n"
        "are used.",
        names(),
    ),
    "controls.md": Page(
        "Controls",
        "How a photo is painted, in whatever style. Each control is a keyword of `stylizer(photo, style, ...)`, a\n"
        "field of `impasto.stylize.controls.Controls`, and an option of `impasto stylize`: `keep_color` is\n"
        "`--keep-color`. [What they look like](../guide/controls.md).",
        {"": fields(Controls)},
    ),
    "fitting.md": Page(
        "Options of a fit",
        "How `impasto.add_style` fits a style to a painting: keywords of it, and fields of\n"
        "`impasto.fitting.options.FitOptions`. `impasto add-style` and `impasto refit` have options for some of them.",
        {"": fields(FitOptions)},
    ),
    "service.md": Page(
        "Options of the service",
        "How `impasto serve` is set up: fields of `impasto.server.settings.Settings`, and options of the command:\n"
        "`max_megapixels` is `--max-megapixels`. Others are in `impasto serve --help`.\n"
        "[How it is used](../guide/service.md).",
        {"": fields(Settings)},
    ),
    "recipe.md": Page(
        "Recipes",
        "What `impasto train` reads from a TOML file. `recipes/` has the recipes of the bundled models.\n"
        "[How to train](../guide/training.md).\n\n"
        'A recipe may also say `catalogue = "catalogue.toml"`, a path relative to it. The catalogue describes\n'
        "artworks once, by slug, with the keys of `[[styles]]`; the recipe's styles then give their slug and\n"
        "what differs.",
        {
            "The file": fields(Recipe),
            "[[styles]]": fields(StyleEntry),
            "[training]": fields(TrainingOptions),
            "[predictor]": fields(PredictorOptions),
        },
    ),
    "formats.md": Page(
        "File formats of models and styles",
        "Styles and weights are [safetensors](https://huggingface.co/docs/safetensors) files, graphs are ONNX files,\n"
        "and descriptions are JSON. Nothing is pickled, so opening a stranger's file runs no code.\n\n"
        "A **style** is one file. Its tensor `row` (P,) float32 holds γ and β of layer 1, γ and β of layer 2, and so\n"
        "on in network order. P is 1,560 for `fast` and 3,206 for `paper`. Its tensor `thumbnail` holds the bytes of\n"
        "a small JPEG. The metadata key `impasto.style` holds the fields below, as JSON.\n\n"
        "A **model** is a folder: `model.json`, `network.safetensors` with the weights in float16, graphs that refer\n"
        "to these weights, and `styles/` with one file for each style. A model that predicts styles has\n"
        "`predictor.safetensors`, too.",
        {
            "A style": fields(StyleInfo, "what it is"),
            "model.json": fields(ModelInfo, "what it is"),
            "The graphs of a model": graphs,
        },
    ),
}


def render(page: Page) -> str:
    """The page as Markdown."""
    parts = ["<!-- Written by tools/reference.py; do not edit. -->", f"# {page.title}", page.introduction]
    for heading, part in page.parts.items():
        parts += [f"## {heading}"] * bool(heading) + [part()]
    return "\n\n".join(parts) + "\n"


def main(folder: Path = FOLDER) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / name).write_text(render(page), "utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
