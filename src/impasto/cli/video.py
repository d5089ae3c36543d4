"""``impasto video``."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from impasto import __version__
from impasto.cli.options import (
    film_control_options,
    model_option,
    precision_option,
    runtime_option,
    spare,
)
from impasto.errors import ImpastoError, needs_extra
from impasto.models.choice import choose
from impasto.progress import bar, write
from impasto.stylize.typed import read_film_style, read_region

if TYPE_CHECKING:
    from impasto.batch.film import FilmJob
    from impasto.stylize.timeline import Timeline

_SMALL = 1_000_000
"""The most pixels of frames of which two are painted at the same time, which need twice the memory. Cores that have one
each do not wait for one another."""


@click.command()
@click.argument("film", type=click.Path(path_type=Path))
@click.option(
    "-s",
    "--style",
    help="A style by its name, artist or title, the path of a style file or painting, or a blend (mural:.6,my.jpg:.4). "
    "Or keyframes, between which styles turn into one another: '0:mural, 4.5:scream, 9:mural:.5+starry-night:.5'.",
)
@click.option("--style-image", type=click.Path(path_type=Path), help="A painting, as a style.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="The film's file: .mp4, .mov, .mkv, .webm, .gif, .webp or .png; or a folder for numbered frames.",
)
@film_control_options
@click.option(
    "--steady",
    type=float,
    help="How much of the previous frame, warped by optical flow, is kept: 0 to 1.  [default: 0.6]",
)
@click.option(
    "--region", "regions", multiple=True, metavar="MASK.png=STYLE", help="Another style where the mask is white."
)
@click.option("--start", type=float, default=0.0, help="Begin at this second of the film.")
@click.option("--end", type=float, help="End at this second of the film.")
@click.option("--fps", type=float, help="Frames per second.  [default: the film's]")
@click.option("--codec", help="h264, hevc, av1, vp9 or prores.  [default: h264, in .webm vp9]")
@click.option(
    "--crf",
    type=click.IntRange(0, 63),
    help="Quality of the encoded film; a lower number is better and larger.  [default: the codec's]",
)
@click.option("--no-audio", is_flag=True, help="Leave the sound out.")
@click.option("--overwrite", is_flag=True, help="Replace an existing film or existing frames.")
@model_option()
@runtime_option
@precision_option
def video(film: Path, out: Path, overwrite: bool, **options: Any) -> None:
    """Repaint a FILM: steadily, with its sound.

    FILM is a film, an animated GIF, WebP or PNG, or a folder of numbered frames. After a stop, the same command
    continues where it stopped.
    """
    spare([film], out)
    there = any(out.iterdir()) if out.is_dir() else out.is_file()
    if there and not overwrite:
        raise ImpastoError(f"{out}: already exists; give another --out, or --overwrite")
    began = time.perf_counter()
    job = _job(film, out, **options)
    from impasto.batch.film import paint_film

    with bar("frame") as progress:
        count = paint_film(job, progress)
    seconds, model = time.perf_counter() - began, job.timeline.styles.values[0].model
    write(f"{out}  ({model}, {count} frames, {seconds:.1f} s, {count / seconds:.1f} frames a second)")


def _job(film: Path, out: Path, **options: Any) -> FilmJob:
    with needs_extra("video"):
        from impasto.batch.film import film_job

    steady = {} if options["steady"] is None else {"steady": options["steady"]}
    return film_job(
        film,
        out,
        lambda size: _timeline(options, at_once=2 if math.prod(size) <= _SMALL else 1),
        lambda timeline: _digest(film, timeline, options),
        start=options["start"],
        end=options["end"],
        fps=options["fps"],
        codec=options["codec"],
        crf=options["crf"],
        longer=options["controls"]["size"],
        sound=not options["no_audio"],
        **steady,
    )


def _timeline(options: dict[str, Any], at_once: int) -> Timeline:
    """How the film is painted; the model is loaded for it."""
    from impasto.models.library import bundled_with
    from impasto.stylize.stylizer import load
    from impasto.stylize.timeline import timeline

    model = options["model"]
    style = read_film_style(options["style"], options["style_image"], model)
    regions = [read_region(region, model) for region in options["regions"]]
    blends = [*([blend for _, blend in style] if isinstance(style, list) else [style]), *(of for _, of in regions)]
    chosen = model or choose(bundled_with(name for blend in blends for name in blend))
    stylizer = load(chosen, runtime=options["runtime"], precision=options["precision"], at_once=at_once)
    return timeline(stylizer.plan, style, regions, options["controls"])


def _digest(film: Path, timeline: Timeline, options: dict[str, Any]) -> str:
    """What tells this film from any other: its source, the styles' numbers and all options."""
    from impasto.files import digest
    from impasto.film.folders import frames_in

    files = frames_in(film) if film.is_dir() else [film]
    found = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    rows = [point.base.tobytes() for plan in timeline.styles.values for point in plan.points]
    masks = [mask.array.tobytes() for plan in timeline.styles.values for mask in plan.masks]
    named = {name: str(value) for name, value in options.items()}
    said = [__version__, str(film.resolve()), found, named]
    return digest(b"".join([msgspec.json.encode(said), *rows, *masks]))
