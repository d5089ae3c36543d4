"""Write the reference pages: tables of options, made from the structs that hold them.

    python tools/reference.py [FOLDER]

A page belongs to one struct, whose fields are annotated with `msgspec.Meta`: the description, the range, and where the
default says nothing to a reader, words for it (`extra={"default": ...}`). A new page is one line in `PAGES`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

import msgspec

from impasto.errors import meta_of, range_in_words
from impasto.stylize.controls import Controls

FOLDER = Path(__file__).parents[1] / "docs" / "reference"


class Page(NamedTuple):
    """A page of the reference."""

    title: str
    introduction: str
    struct: type[msgspec.Struct]


PAGES = {
    "controls.md": Page(
        "Controls",
        "How a photo is painted, in whatever style. Each control is a keyword of `stylizer(photo, style, ...)`, a\n"
        "field of `impasto.stylize.controls.Controls`, and an option of `impasto stylize`: `keep_color` is\n"
        "`--keep-color`. [What they look like](../guide/controls.md).",
        Controls,
    ),
}


def render(page: Page) -> str:
    """The page as Markdown."""
    head = ["| name | default | range | what it does |", "|---|---|---|---|"]
    rows = [row(field) for field in msgspec.structs.fields(page.struct)]
    made = "<!-- Written by tools/reference.py; do not edit. -->"
    return "\n\n".join([made, f"# {page.title}", page.introduction, "\n".join([*head, *rows])]) + "\n"


def row(field: msgspec.structs.FieldInfo) -> str:
    """A field as a line of the table."""
    meta = meta_of(field.type)
    cells = f"`{field.name}`", default(field), range_in_words(meta), meta.description or ""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def default(field: msgspec.structs.FieldInfo) -> str:
    """The default of a field in words, or as it is written in Python."""
    said = (meta_of(field.type).extra or {}).get("default")
    if said or field.required:
        return said or "none: it must be given"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    return f"`{value!r}`"


def main(folder: Path = FOLDER) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / name).write_text(render(page), "utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
