"""Options that several commands share; defaults come from the Python signatures."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import click

from impasto.errors import ImpastoError
from impasto.runtime import PRECISIONS, RUNTIMES
from impasto.stylizer import load


def default(function: Callable[..., Any], parameter: str) -> Any:
    """The default of a function's parameter."""
    return inspect.signature(function).parameters[parameter].default


model_option = click.option(
    "--model", type=click.Path(path_type=Path), help="Model folder; without it, the model that comes with impasto."
)
runtime_option = click.option(
    "--runtime", default=default(load, "runtime"), help=f"What runs the network: {', '.join(RUNTIMES)}."
)
precision_option = click.option(
    "--precision",
    default=default(load, "precision"),
    help=f"What OpenVINO computes in: {', '.join(PRECISIONS)}; int8 for large pictures.",
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


def training_side(module: str) -> ModuleType:
    """Import a module that needs the [train] extra.

    Raises:
        ImpastoError: the extra is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise ImpastoError(f"this command needs {error.name}: pip install 'impasto[train]'") from None
