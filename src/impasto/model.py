"""A model on disk: a folder anyone can look into.

``model.json`` (:class:`ModelInfo`), ``network.onnx`` to run, ``network.safetensors`` to train on, ``styles/`` with one
file a style.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import msgspec

from impasto.errors import ImpastoError, unknown
from impasto.styles import Style

VERSION = 1
"""Version of the folder's format that this code reads and writes."""
INFO, GRAPH, WEIGHTS, STYLES = "model.json", "network.onnx", "network.safetensors", "styles"


class _Version(msgspec.Struct):
    version: int


class ModelInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The content of ``model.json``."""

    version: int = VERSION
    name: str
    architecture: str
    """``paper`` or ``fast``; see :data:`impasto.nn.ARCHITECTURES`."""
    network: str
    """Fingerprint of the convolutions: styles made for another network do not fit."""
    style_size: int
    """P, the numbers of one style."""
    input_noise: float = 0.0
    """Pixel noise that a photo gets before the network: standard deviation, 0..255 scale; see docs/design.md."""
    styles: tuple[str, ...]
    """Slugs, in slot order."""
    files: dict[str, str]
    """File name -> SHA-256."""
    licence: str = ""
    provenance: dict[str, str | int | float] = {}
    """How and from what it was trained."""


@dataclass(frozen=True)
class Model:
    """A model folder, read and checked."""

    path: Path
    info: ModelInfo
    styles: Mapping[str, Style]
    """Slug -> style, in slot order."""

    def style(self, slug: str) -> Style:
        """The style of that slug.

        Raises:
            ImpastoError: the model has none; near names are suggested.
        """
        if slug not in self.styles:
            raise unknown("style", slug, self.styles)
        return self.styles[slug]

    def graph(self) -> bytes:
        """The checked content of ``network.onnx``."""
        return self._read(GRAPH)

    def weights(self) -> bytes:
        """The checked content of ``network.safetensors``."""
        return self._read(WEIGHTS)

    def _read(self, name: str) -> bytes:
        content = _read(self.path, name)
        if hashlib.sha256(content).hexdigest() != self.info.files.get(name):
            raise ImpastoError(f"model {self.path}: {name} is damaged or not the file that {INFO} names; get it anew")
        return content


def bundled() -> Path:
    """The folder of the model that comes with the package."""
    return Path(str(files("impasto") / "models" / "gallery"))


def load_model(path: str | os.PathLike[str] | None = None) -> Model:
    """Read a model folder; without a path, the bundled one.

    Raises:
        ImpastoError: there is no model there, it is damaged, or a newer impasto made it.
    """
    path = Path(path) if path is not None else bundled()
    info = _read_info(path)
    styles = {slug: Style.load(path / STYLES / f"{slug}.safetensors") for slug in info.styles}
    for slug, style in styles.items():
        if style.row.shape != (info.style_size,) or style.info.network != info.network:
            raise ImpastoError(f"model {path}: style {slug!r} was made for another network; take its file away")
    return Model(path, info, styles)


def _read_info(path: Path) -> ModelInfo:
    content = _read(path, INFO)
    try:
        version = msgspec.json.decode(content, type=_Version).version
        if version > VERSION:
            raise ImpastoError(f"model {path}: made by a newer impasto (format {version}); pip install -U impasto")
        return msgspec.json.decode(content, type=ModelInfo)
    except msgspec.MsgspecError as error:
        raise ImpastoError(f"model {path}: {INFO} is damaged ({error})") from None


def _read(path: Path, name: str) -> bytes:
    try:
        return (path / name).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise ImpastoError(f"model {path}: there is no {name}; give the folder that impasto train made") from None
    except OSError as error:
        raise ImpastoError(f"model {path}: {name} cannot be read ({error.strerror})") from None
