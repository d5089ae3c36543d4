"""Options that several commands share.

Options that stand for fields of a struct take their default and help from the field. Nothing here imports NumPy or a
runtime, because every ``--help`` reads this module.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

import click
import msgspec

from impasto.assets import BUNDLED
from impasto.errors import ImpastoError, meta_of, needs_extra, plain_types
from impasto.files import identity
from impasto.fitting.options import ADD_STYLE, FitOptions
from impasto.models.choice import DEFAULT, FINE
from impasto.runtime import PRECISIONS, RUNTIMES
from impasto.styles import LONG_SIDE
from impasto.stylize.controls import Controls

_QUALITY = "impasto.quality"
"""Where a command's context notes that ``--quality`` was given."""


def _note_quality(context: click.Context, parameter: click.Parameter, given: bool) -> None:
    if given:
        context.meta[_QUALITY] = Path(FINE)
        click.echo(f"impasto: --quality is now called --model {FINE}", err=True)


def _model_or_quality(context: click.Context, parameter: click.Parameter, model: Path | None) -> Path | None:
    return model or context.meta.get(_QUALITY)


_quality_option = click.option(  # eager: it is read before --model
    "--quality",
    "asks_for_quality",
    is_flag=True,
    hidden=True,
    expose_value=False,
    is_eager=True,
    callback=_note_quality,
)
runtime_option = click.option(
    "--runtime", default=next(iter(RUNTIMES)), help=f"What runs the network: {', '.join(RUNTIMES)}."
)
precision_option = click.option(
    "--precision",
    default=PRECISIONS[0],
    help=f"The precision of OpenVINO: {', '.join(PRECISIONS)}. auto is bf16 on processors that support it, else f32. "
    "int8 takes a few seconds to prepare each style, once.",
)
vgg_option = click.option(
    "--vgg",
    type=click.Path(path_type=Path),
    envvar="IMPASTO_VGG16",
    help="A safetensors file of VGG-16's weights.  [default: downloaded once, then kept; env: IMPASTO_VGG16]",
)
style_size_option = click.option(
    "--style-size",
    type=click.IntRange(32),
    help="Long side at which paintings are read, in pixels. Less makes finer strokes.  [default: the painting's own, "
    f"at most {LONG_SIDE}]",
)
style_images_option = click.option(
    "--style-images", type=click.Path(path_type=Path), default=Path(), help="Folder of the style images."
)
_objective_option = click.option(
    "--objective",
    type=click.Choice(["distribution", "gap"]),
    default="distribution",
    show_default=True,
    help="What is minimised: distances of distributions, or the paper's losses.",
)
_content_weight_option = click.option(
    "--content-weight",
    type=float,
    help=f"How much of the photo to keep; more keeps more of its forms.  [default: {ADD_STYLE.content_weight}]",
)
_likeness_option = click.option(
    "--likeness", type=float, help="With --objective gap: how much of the photo's forms to keep, 0.1 to 0.9."
)


def objective_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What a fit minimises: ``objective``, ``content_weight`` and ``likeness``, None where it is not given."""
    return _objective_option(_content_weight_option(_likeness_option(command)))


def fit_options(by: Mapping[str, FitOptions], objective: str, **given: float | None) -> FitOptions:
    """The options for an objective, with those changed that were given.

    Args:
        by: the options by objective.
        objective: one of its keys.
        given: fields and values; None changes nothing.
    """
    return msgspec.structs.replace(by[objective], **{name: value for name, value in given.items() if value is not None})


def model_option(default: str = DEFAULT) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``--model``; ``default`` says in words which model it is without the option."""
    option = click.option(
        "--model",
        type=click.Path(path_type=Path),
        callback=_model_or_quality,
        help=f"The model: {' or '.join(BUNDLED)}, or a model folder.  [default: {default}]",
    )
    return lambda command: option(_quality_option(command))


def struct_options(struct: type[msgspec.Struct], name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """An option for every field of ``struct``; the command gets all of them as one value, called ``name``."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def with_struct(**options: Any) -> Any:
            given = {field: options.pop(field) for field in struct.__struct_fields__}
            return command(**options, **{name: struct(**given)})

        for field in reversed(msgspec.structs.fields(struct)):
            with_struct = _field_option(field)(with_struct)
        return with_struct

    return decorate


def control_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """An option for every field of :class:`Controls`; the command gets all of them as one value, ``controls``."""
    return struct_options(Controls, "controls")(command)


def film_control_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """:func:`control_options` for a film: strength and stroke are texts, which may be keyframes. The command gets a
    dictionary, ``controls``."""

    @functools.wraps(command)
    def with_controls(**options: Any) -> Any:
        given = {name: options.pop(name) for name in Controls.__struct_fields__}
        return command(**options, controls=given)

    for field in reversed(msgspec.structs.fields(Controls)):
        moves = field.name in ("strength", "stroke")
        with_controls = _field_option(field, text="May be keyframes: 0:0.5, 4:1." if moves else "")(with_controls)
    return with_controls


class FileOptions(NamedTuple):
    """What pictures' files are like, and which photos of a folder are painted.

    Attributes:
        format: the ending of pictures; None is their photos' own.
        quality: of files that lose something, from 1 to 100; None is the writer's own.
        name: what pictures are called, see :class:`impasto.batch.targets.Naming`.
        depth: how many levels of folders are searched, or None for all.
        strip_metadata: whether pictures' files say nothing of what their photos' say about them.
    """

    format: str | None
    quality: int | None
    name: str
    depth: int | None
    strip_metadata: bool


_FILE_OPTIONS = (
    click.option(
        "--format",
        type=click.Choice(["jpg", "png", "webp", "avif", "tiff"], case_sensitive=False),
        help="The format of pictures.  [default: the photo's]",
    ),
    click.option(
        "--file-quality",
        "quality",
        type=click.IntRange(1, 100),
        help="Quality of JPEG, WebP, AVIF and HEIC files, from 1 to 100. Less makes smaller files.  [default: no loss "
        "is visible]",
    ),
    click.option(
        "--name",
        default="{stem}-{style}",
        help="What pictures are called in a folder, without the ending. {style}/{stem} makes a folder for each style.",
    ),
    click.option(
        "--depth",
        type=click.IntRange(1),
        help="How many levels of folders to search. 1 is the folder alone.  [default: all]",
    ),
    click.option("--strip-metadata", is_flag=True, help="Leave out the photo's EXIF, GPS, XMP and IPTC data."),
)


def file_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options of files; the command gets them as one value, ``files``."""

    @functools.wraps(command)
    def with_files(**options: Any) -> Any:
        given = {name: options.pop(name) for name in FileOptions._fields}
        return command(**options, files=FileOptions(**given))

    for option in reversed(_FILE_OPTIONS):
        with_files = option(with_files)
    return with_files


def _field_option(field: msgspec.structs.FieldInfo, text: str = "") -> Callable[..., Any]:
    """An option for a field of a struct: its type, its default, and its help come from the field.

    With ``text``, which is added to its help, it is not parsed.

    Its range does not: the struct checks that for every caller.
    """
    meta, name = meta_of(field.type), f"--{field.name.replace('_', '-')}"
    if isinstance(field.default, bool):
        return click.option(name, is_flag=True, default=field.default, help=meta.description)
    kinds, extra = plain_types(field.type), meta.extra or {}
    notes = [f"[{word}: {extra[word]}]" for word in ("default", "env") if word in extra]
    explained = " ".join(part for part in (meta.description, text) if part)
    return click.option(
        name,
        type=str if text else next(each for each in (float, int, str) if each in kinds),
        default=field.default,
        multiple=isinstance(field.default, tuple),
        envvar=extra.get("env"),
        help="  ".join([explained, *notes]),
    )


def spare(photos: Iterable[Path], out: Path) -> None:
    """Check that a picture takes no photo's place.

    Raises:
        ImpastoError: it would.
    """
    if identity(out) in {identity(photo) for photo in photos} - {None}:
        raise ImpastoError(f"{out}: is an input of this command, and would be replaced; give another file")


def needs_train_extra() -> AbstractContextManager[None]:
    """A context for imports that need the [train] extra; see :func:`impasto.errors.needs_extra`."""
    return needs_extra("train")
