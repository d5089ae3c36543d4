"""``impasto batch``, and ``impasto batch status``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click
import msgspec

from impasto.cli.options import (
    FileOptions,
    control_options,
    file_options,
    model_option,
    precision_option,
    runtime_option,
)
from impasto.errors import StoppedError
from impasto.progress import Progress, bar, silent, write
from impasto.stylize.controls import Controls

if TYPE_CHECKING:
    from pathlib import Path

    from impasto.batch.run import Summary

_EVERY = 60.0
"""How often a line tells of the progress where no bar can be drawn, in seconds."""


class _WithStatus(click.Command):
    """A command that is also ``status`` if that is its first word."""

    @property
    def commands(self) -> dict[str, click.Command]:
        """As in a group; the reference of the command line lists them."""
        return {"status": status}

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        if args[:1] == ["status"]:
            return status.make_context(f"{info_name} status", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


@click.command(
    cls=_WithStatus,
    short_help="Repaint a folder, a bucket or a list.",
    context_settings={"default_map": {"name": "{stem}"}},  # another style is painted in the place of the first one
    epilog="`impasto batch status TARGET` sums up what is there. A folder of that name is ./status.",
)
@click.argument("source")
@click.option(
    "-s",
    "--style",
    default="",
    help="A style by its name, artist or title, the address of a style file or painting, or a blend. A list may have "
    "styles of its own.",
)
@click.option("-o", "--out", "target", required=True, help="A folder, or the prefix of a bucket: s3://, gs://, az://.")
@click.option(
    "--on",
    default="threads",
    help="What paints: threads of this process, or ray, a cluster.",
    metavar="EXECUTOR",
)
@click.option("--address", help="The address of a Ray cluster.  [default: Ray is started on this machine]")
@click.option("--column", default="source", help="The column of a list that has the addresses of photos.")
@click.option("--overwrite", is_flag=True, help="Paint all pictures again.")
@click.option("--verify", is_flag=True, help="Read the existing pictures, and paint damaged ones again.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as a line of JSON.")
@file_options
@control_options
@click.option(
    "--region", "regions", multiple=True, metavar="MASK.png=STYLE", help="Another style where the mask is white."
)
@click.option("--max-megapixels", type=click.FloatRange(0.1), default=250, help="Refuse larger photos and pictures.")
@model_option()
@runtime_option
@precision_option
def batch(
    source: str,
    style: str,
    target: str,
    on: str,
    address: str | None,
    column: str,
    overwrite: bool,
    verify: bool,
    as_json: bool,
    files: FileOptions,
    controls: Controls,
    regions: tuple[str, ...],
    max_megapixels: float,
    model: Path | None,
    runtime: str,
    precision: str,
) -> None:
    """Repaint all photos of SOURCE, each once, on this machine or a cluster.

    SOURCE is a folder, a glob, the prefix of a bucket (s3://bucket/photos), or a list of addresses: a Parquet, CSV or
    text file. Run again, it paints what is missing, changed, or was painted with other settings, and nothing else.
    """
    from impasto.batch.run import executor, run
    from impasto.batch.settings import BatchSettings
    from impasto.batch.targets import Naming

    settings = BatchSettings(
        style=style,
        region=";".join(regions),
        controls=controls,
        model=str(model or ""),
        runtime=runtime,
        precision=precision,
        quality=files.quality,
        strip_metadata=files.strip_metadata,
        max_megapixels=max_megapixels,
    )
    naming = Naming(name=files.name, format=files.format or "", depth=files.depth)
    work = executor(on, address, lambda line: click.echo(f"impasto: {line}", err=True))
    options: dict[str, Any] = {"column": column, "overwrite": overwrite, "verify": verify}
    with bar("picture") as shown:
        try:
            summary = run(source, target, settings, naming, work, progress=_told(shown), **options)
        except KeyboardInterrupt:
            raise StoppedError("stopped; the same command continues with the pictures that are left") from None
    _sum_up(summary, as_json=as_json)


def _told(shown: Progress) -> Progress:
    """The bar, and a line each minute where none can be drawn, as in a file of logs."""
    began = told = time.monotonic()
    first: int | None = None

    def progress(done: int, total: int, note: str) -> None:
        nonlocal told, first
        shown(done, total, note)
        first = done if first is None else first
        now = time.monotonic()
        if now - told >= _EVERY and shown is silent:
            told, rate = now, (done - first) / (now - began)
            left = f", {_time(round((total - done) / rate))} left" if rate else ""
            line = f"{done:,} of {total:,} pictures, {rate:.1f} a second{left}"
            click.echo(f"impasto: {', '.join(filter(None, (line, note)))}", err=True)

    return progress


def _time(seconds: int) -> str:
    """``45 s``, ``12 min``, ``3 h 20 min``."""
    if seconds < 100:
        return f"{seconds} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _sum_up(summary: Summary, *, as_json: bool) -> None:
    """Say what was done; exit with 1 if photos failed."""
    if as_json:
        write(msgspec.json.encode(summary).decode())
    else:
        rate = f", {summary.painted / summary.seconds:.1f} a second" if summary.painted else ""
        there = f"; {summary.there:,} were there" if summary.there else ""
        write(f"{summary.target}: {summary.painted:,} painted in {_time(round(summary.seconds))}{rate}{there}")
    if summary.failed:
        click.echo(f"impasto: {summary.failed:,} failed; `impasto batch status` lists them:", err=True)
        _list(summary.failures, summary.failed)
        raise click.exceptions.Exit(1)


def _list(failures: tuple[str, ...], count: int) -> None:
    click.echo("\n".join(f"  {failure}" for failure in failures), err=True)
    if count > len(failures):
        click.echo(f"  … and {count - len(failures):,} more", err=True)


@click.command()
@click.argument("target")
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON.")
@click.option("--failed", "only_failed", is_flag=True, help="Print the addresses of photos that failed, as a list.")
def status(target: str, as_json: bool, only_failed: bool) -> None:
    """Sum up the record of TARGET: pictures, styles, failures."""
    from impasto.batch.status import status_of

    found = status_of(target)
    if only_failed:
        for source, _ in found.failures:
            write(source)
    elif as_json:
        write(msgspec.json.encode(found).decode())
    else:
        write(found.in_words())
