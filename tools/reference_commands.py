"""The reference of the command line, from click's own parameters."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator

import click

from impasto.cli.main import main
from reference_text import table


def commands() -> dict[str, Callable[[], str]]:
    """Heading -> what writes the part, for every command and subcommand."""
    context = click.Context(main, info_name="impasto", **main.context_settings)
    return {_path(each): lambda each=each: command(each) for each in _below(context)}


def _below(context: click.Context) -> Iterator[click.Context]:
    """The contexts of all commands below one."""
    group = context.command
    for name in group.list_commands(context) if isinstance(group, click.Group) else ():
        each = group.get_command(context, name)
        assert each
        inner = click.Context(each, info_name=name, parent=context, **each.context_settings)
        yield inner
        yield from _below(inner)


def _path(context: click.Context) -> str:
    """The words that call a command. click's own also has the arguments of the commands before it."""
    return f"{_path(context.parent) if context.parent else ''} {context.info_name}".strip()


def command(context: click.Context) -> str:
    """Usage, help and options of a command as Markdown."""
    usage = " ".join([_path(context), *context.command.collect_usage_pieces(context)])
    text = [_paragraph(each) for each in inspect.cleandoc(context.command.help or "").split("\n\n")]
    options = [each for each in context.command.get_params(context) if isinstance(each, click.Option)]
    records = [each.get_help_record(context) for each in options if "--help" not in each.opts]
    rows = [_row(*record) for record in records if record]
    tables = [table(["option", "default", "range", "what it does"], rows)] if rows else []
    return "\n\n".join([f"```text\n{usage}\n```", *text, *tables])


def _paragraph(text: str) -> str:
    """A paragraph of help; one that click leaves as it is (`\\b`) is code."""
    if text.startswith("\b"):
        return f"```text\n{inspect.cleandoc(text[2:])}\n```"
    lines = text.split("\n")
    if all(line.startswith("    ") for line in lines):
        return "```text\n" + "\n".join(line[4:] for line in lines) + "\n```"
    return text


def _row(names: str, text: str) -> tuple[str, str, str, str]:
    """An option as a line of the table. click adds `[default: 1; x>=0]` and the like to the text; these are columns."""
    said = re.search(r"(?:\s+\[[^\[\]]+\])+$", text)
    notes = [note for part in re.findall(r"\[([^\[\]]+)\]", said[0]) for note in part.split("; ")] if said else []
    default = "".join(note[9:] for note in notes if note.startswith("default: ") and note[9:] != '""')
    if default and " " not in default:
        default = f"`{default}`"
    if "required" in notes:
        default = "none: it must be given"
    limits = "".join(_range(note) for note in notes if re.search("[<>]", note))
    from_environment = [f" The environment variable `{note[5:]}` also sets it." for note in notes if note[:3] == "env"]
    shown = re.sub(r"[\[\]]| RANGE", "", names)
    return f"`{shown}`", default, limits, text[: said.start() if said else None] + "".join(from_environment)


def _range(note: str) -> str:
    """click's way to write a range, in words: ``32<=x<=4096`` -> 32 to 4096."""
    words = {r"(\S+)<=x<=(\S+)": r"\1 to \2", r"x>=(\S+)": r"at least \1", r"x>(\S+)": r"above \1"}
    return next(re.sub(pattern, said, note) for pattern, said in words.items() if re.fullmatch(pattern, note))
