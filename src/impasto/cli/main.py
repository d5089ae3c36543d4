"""The command line: parse, call, report.

Command modules import what they need when they are called: `impasto --help` loads neither NumPy nor a runtime.
"""

from __future__ import annotations

import io
import os
import sys
import warnings
from contextlib import suppress
from typing import NoReturn

import click

import impasto
from impasto.cli.add_style import add_style
from impasto.cli.batch import batch
from impasto.cli.completion import completion
from impasto.cli.distill import distill
from impasto.cli.evaluate import evaluate
from impasto.cli.export_web import export_web
from impasto.cli.info import info
from impasto.cli.optimize import optimize
from impasto.cli.refit import refit
from impasto.cli.serve import serve
from impasto.cli.sheet import sheet
from impasto.cli.styles import styles
from impasto.cli.stylize import stylize
from impasto.cli.train import train
from impasto.cli.video import video
from impasto.cli.webcam import webcam
from impasto.errors import StoppedError

_STOPPED = 130
"""The exit code after Ctrl-C, as shells have it."""


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

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self.commands and (command := _meant(args)):
            raise impasto.ImpastoError(f"{args[0]} is no command; write {command}")
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
    missing = [*([] if styled else ["-s", "mural"]), *(["-o", "painted.mp4"] if film and "-o" not in args else [])]
    return subprocess.list2cmdline(["impasto", "video" if film else "stylize", *args, *missing])


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.version_option(impasto.__version__, message="%(prog)s %(version)s")
def main() -> None:
    """One network, every style: repaint photos in the manner of paintings."""
    # What readers of odd files warn of is nothing that a user could mend; what matters is said in one line.
    warnings.filterwarnings("ignore", module=r"(PIL|numpy|pillow_heif|impasto)\b")


for command in (
    stylize,
    batch,
    video,
    webcam,
    sheet,
    styles,
    serve,
    export_web,
    add_style,
    info,
    train,
    refit,
    evaluate,
    optimize,
    distill,
    completion,
):
    main.add_command(command)


def run() -> NoReturn:
    """The command as the shell calls it: :func:`main`, and then an exit that frees no memory.

    Freeing networks, threads and modules one by one would take a tenth of the time that one photo needs.
    """
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
