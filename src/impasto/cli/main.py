"""The command line: parse, call, report.

A command's module is imported when it is called, and imports what it needs then: `impasto --help` loads neither NumPy
nor a runtime.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
import warnings
from contextlib import suppress
from typing import NoReturn

import click

import impasto
from impasto.errors import StoppedError
from impasto.runtime.allocator import share_arenas

_STOPPED = 130
"""The exit code after Ctrl-C, as shells have it."""

COMMANDS = (
    *("stylize", "batch", "video", "webcam", "sheet", "styles", "serve", "export-web"),
    *("add-style", "info", "train", "refit", "evaluate", "optimize", "distill", "completion"),
)
"""The commands, in the order of ``--help``. Each is a function of that name in a module of that name."""


class Group(click.Group):
    """Shows every :class:`ImpastoError` as one line and exits with 2; after Ctrl-C it exits with 130."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except impasto.ImpastoError as error:
            click.echo(f"impasto: {error}", err=True)
            ctx.exit(_STOPPED if isinstance(error, StoppedError) else 2)
        except KeyboardInterrupt:
            click.echo("impasto: stopped", err=True)
            ctx.exit(_STOPPED)


class Commands(Group):
    """Imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(importlib.import_module(f"impasto.cli.{name}"), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        completing = ctx.resilient_parsing  # nothing is refused then
        if args[0] not in COMMANDS and not completing and (command := _meant(args)):
            raise impasto.ImpastoError(f"{args[0]} is not a command; write {command}")
        return super().resolve_command(ctx, args)


def _meant(args: list[str]) -> str:
    """What to write in place of a command line that begins with a photo, a film or a folder; otherwise nothing."""
    import mimetypes
    import subprocess

    from impasto.files import is_folder
    from impasto.styles.painting import is_painting

    film = (mimetypes.guess_type(args[0])[0] or "").startswith("video/")
    if not (film or is_painting(args[0]) or is_folder(args[0])):
        return ""
    styled = any(each.startswith(("-s", "--style")) for each in args)
    named = any(each.startswith(("-o", "--out")) for each in args)
    missing = [*([] if styled else ["-s", "mural"]), *(["-o", "painted.mp4"] if film and not named else [])]
    return subprocess.list2cmdline(["impasto", "video" if film else "stylize", *args, *missing])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.version_option(impasto.__version__, message="%(prog)s %(version)s")
def main() -> None:
    """One network, every style: repaint photos in the style of paintings."""
    # What readers of odd files warn of is nothing that a user could mend; what matters is said in one line.
    warnings.filterwarnings("ignore", module=r"(PIL|numpy|pillow_heif|impasto)\b")


def run() -> NoReturn:
    """The command as the shell calls it: :func:`main`, and then an exit that frees no memory.

    Freeing networks, threads and modules one by one would take a tenth of the time that one photo needs.
    """
    share_arenas()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of files that the terminal cannot show
    try:
        main(prog_name="impasto")
    except SystemExit as end:
        # Training has processes and logs to close.
        if "torch" in sys.modules or not isinstance(end.code, int):
            raise
        with suppress(BrokenPipeError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(end.code)
    sys.exit()
