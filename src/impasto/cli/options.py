"""Options that several commands share; defaults come from the Python signatures."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from impasto.assets import BUNDLED, DEFAULT, QUALITY
from impasto.errors import ImpastoError
from impasto.runtime import PRECISIONS, RUNTIMES
from impasto.stylize.stylizer import load


def default(function: Callable[..., Any], parameter: str) -> Any:
    """The default of a function's parameter."""
    return inspect.signature(function).parameters[parameter].default


_model_option = click.option(
    "--model",
    type=click.Path(path_type=Path),
    help=f"A model: {' or '.join(BUNDLED)}, or a folder.  [default: {DEFAULT}]",
)
_quality_option = click.option(
    "--quality",
    "model",
    flag_value=Path(QUALITY),
    type=click.UNPROCESSED,
    help=f"The same as --model {QUALITY}: finer, slower.",
)
runtime_option = click.option(
    "--runtime", default=default(load, "runtime"), help=f"What runs the network: {', '.join(RUNTIMES)}."
)
precision_option = click.option(
    "--precision",
    default=default(load, "precision"),
    help=f"What OpenVINO computes in: {', '.join(PRECISIONS)}; auto is bf16 where there is bf16, int8 is for large "
    "pictures.",
)
vgg_option = click.option(
    "--vgg",
    type=click.Path(path_type=Path),
    envvar="IMPASTO_VGG16",
    help="VGG-16 weights, a safetensors file; without it, the cached copy, downloaded once.  [env: IMPASTO_VGG16]",
)
style_images_option = click.option(
    "--style-images", type=click.Path(path_type=Path), default=Path(), help="Folder of the style images."
)


def model_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--model``, and ``--quality`` for one that comes with impasto."""
    return _model_option(_quality_option(command))


@contextmanager
def needs_train_extra() -> Iterator[None]:
    """A context for imports that need the [train] extra.

    Raises:
        ImpastoError: the extra is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise ImpastoError(f"this command needs {error.name}: pip install 'impasto[train]'") from None
