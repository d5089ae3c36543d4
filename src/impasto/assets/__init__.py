"""Data that comes with the package, and where it is: models, the loss network, photos. No code."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent

_MODELS = _HERE / "models"
BUNDLED = tuple(sorted(path.parent.name for path in _MODELS.glob("*/model.json")))
"""The models that come with the package, named by their architectures; see :mod:`impasto.models.choice`."""
LOSS_NETWORK = _HERE / "loss" / "slim-vgg.safetensors"
"""The slim loss network (:class:`impasto.nn.slim.SlimVGG`)."""


def bundled(name: str) -> Path:
    """The folder of a model that comes with the package; ``name`` is one of :data:`BUNDLED`."""
    return _MODELS / name


def examples() -> Path:
    """The folder of the eight free photos that come with the package."""
    return _HERE / "examples"


def free_photos() -> Path:
    """The folder of small free photos that come with the package, to fit styles on."""
    return _HERE / "photos"


def web() -> Path:
    """The folder of the JavaScript module that paints inside the browser."""
    return _HERE.parent / "web"


def page() -> Path:
    """The folder of the page, whose engine is the service or that module."""
    return _HERE.parent / "server" / "static"
