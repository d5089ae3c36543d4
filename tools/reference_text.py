"""What the pages of the reference share: tables, and docstrings as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def plain(text: str) -> str:
    """Sphinx's roles as code, on one line: ``:func:`impasto.x``` -> `impasto.x`."""
    return " ".join(re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text).replace("``", "`").split())


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, without the columns in which nothing stands."""
    rows = list(rows)
    used = [column for column in range(len(titles)) if any(row[column] for row in rows)]
    lines = [[titles[column] for column in used], ["---"] * len(used)]
    lines += [[row[column].replace("|", "\\|") for column in used] for row in rows]
    head, rule, *body = ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join([head, rule.replace(" ", ""), *body])
