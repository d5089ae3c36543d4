"""The reference of Python, from signatures and docstrings."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable
from typing import Any

import msgspec

import impasto
from impasto.nn import ConditionalInstanceNorm2d, StyleTransferNetwork, conditional_instance_norm
from impasto.nn.load import load_network
from impasto.nn.save import save_network
from impasto.stylize.stylizer import Plan
from reference_text import plain, table

PUBLIC: dict[str, tuple[Any, list[str]]] = {
    "impasto.load": (impasto.load, []),
    "impasto.Stylizer": (impasto.Stylizer, ["__call__", "styles", "plan", "predict"]),
    "Plan": (Plan, ["paint"]),
    "impasto.Style": (impasto.Style, ["slug", "renamed", "save", "load"]),
    "impasto.blend": (impasto.blend, []),
    "impasto.add_style": (impasto.add_style, []),
    "impasto.ImpastoError": (impasto.ImpastoError, []),
    "impasto.nn.ConditionalInstanceNorm2d": (ConditionalInstanceNorm2d, ["parameters_of", "forward"]),
    "impasto.nn.conditional_instance_norm": (conditional_instance_norm, []),
    "impasto.nn.StyleTransferNetwork": (StyleTransferNetwork, ["forward", "style", "set_style"]),
    "impasto.nn.load.load_network": (load_network, []),
    "impasto.nn.save.save_network": (save_network, []),
}
"""Heading -> a public function or class, and those of its methods that users call."""
SECTIONS = "Args", "Attributes", "Returns", "Raises", "Example"
MADE_BY_LOAD = impasto.Stylizer, Plan
"""Classes that users do not make themselves."""


def names() -> dict[str, Callable[[], str]]:
    """Heading -> what writes the part, for everything public."""
    return {heading: lambda of=of, methods=methods: entry(of, methods) for heading, (of, methods) in PUBLIC.items()}


def entry(of: Any, methods: list[str]) -> str:
    """A function, or a class with some of its methods, as Markdown."""
    hidden = ("Args", "Attributes") if of in MADE_BY_LOAD else ()
    parts = [] if hidden or of is impasto.ImpastoError else [signature(of.__name__, of)]
    parts.append(documented(of, hidden))
    for name in methods:
        method = inspect.getattr_static(of, name)
        title = {"__call__": "stylizer(photo, style, ...)"}.get(name, name)
        parts.append(f"### `{title}`")
        if not isinstance(method, property):
            parts.append(signature({"__call__": "stylizer"}.get(name, name), getattr(of, name)))
        parts.append(documented(method.fget if isinstance(method, property) else getattr(of, name)))
    return "\n\n".join(parts)


def signature(name: str, of: Callable[..., Any]) -> str:
    """The signature without types: names and defaults, in a block of code."""
    parameters = [each for each in inspect.signature(of).parameters.values() if each.name not in ("self", "cls")]
    shown, starred = [], False
    for each in parameters:
        if each.kind is each.KEYWORD_ONLY and not starred:
            shown, starred = [*shown, "*"], True
        star = "**" if each.kind is each.VAR_KEYWORD else ""
        shown.append(star + each.name + ("" if each.default is each.empty else f"={_default(each.default)}"))
    line = f"{name}({', '.join(shown)})"
    if len(line) > 100:
        line = f"{name}(\n    " + ",\n    ".join(shown) + ",\n)"
    return f"```python\n{line}\n```"


def _default(value: object) -> str:
    if isinstance(value, msgspec.Struct) or type(value).__name__ == "type":
        return f"{type(value).__name__}(...)"
    return getattr(value, "__name__", repr(value).replace("'", '"'))


def documented(of: Any, hidden: tuple[str, ...] = ()) -> str:
    """A docstring as Markdown, without the ``hidden`` sections."""
    head, *rest = re.split(rf"^({'|'.join(SECTIONS)}):\n", inspect.getdoc(of) or "", flags=re.MULTILINE)
    parts = [plain(paragraph) for paragraph in head.strip().split("\n\n")]
    for title, text in zip(rest[::2], rest[1::2], strict=True):
        if title not in hidden:
            parts.append(_section(title, textwrap.dedent(text).strip()))
    return "\n\n".join(parts)


def _section(title: str, text: str) -> str:
    """A section of a docstring: parameters as a table, an example as code, all else as a paragraph."""
    if title == "Example":
        return f"```pycon\n{text}\n```"
    if title == "Returns":
        return f"**Returns** {plain(text)}"
    pairs = re.findall(r"^(\S+): (.*(?:\n[ \t]+.*)*)", text, re.MULTILINE)
    if title == "Raises":
        return "\n\n".join(f"**Raises** `{name}`: {plain(words)}" for name, words in pairs)
    return table(["name", "what it is"], [(f"`{name}`", plain(words)) for name, words in pairs])
