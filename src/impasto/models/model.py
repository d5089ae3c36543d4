"""A model on disk: a folder anyone can look into.

``model.json`` (:class:`ModelInfo`), ``network.safetensors`` with all weights, the graphs to run (:class:`Graph`), which
point into that file, and ``styles/`` with one file a style.
"""

from __future__ import annotations

import enum
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from impasto.assets import BUNDLED, DEFAULT, bundled
from impasto.errors import ImpastoError
from impasto.files import digest, write_file
from impasto.styles.style import Style

VERSION = 2
"""Version of the folder's format that this code writes. It reads all before; of 1, not what predicts styles."""
INFO, WEIGHTS, STYLES = "model.json", "network.safetensors", "styles"
PREDICTOR_WEIGHTS = "predictor.safetensors"
CORRECTION = "correction.safetensors"
"""Of predicted styles (:class:`impasto.stylize.correction.Correction`); not every model with a predictor has one."""


class Graph(str, enum.Enum):
    """The graphs of a model; each value is a file name."""

    WHOLE = "network.onnx"
    """A whole picture in one style."""
    STATISTICS = "statistics.onnx"
    """The statistics of a picture in one style."""
    FROZEN = "network-frozen.onnx"
    """A part of a picture, its statistics given."""
    REGIONS = "regions.onnx"
    """A whole picture with several styles, and its statistics."""
    REGIONS_FROZEN = "regions-frozen.onnx"
    """A part of a picture with several styles, its statistics given."""
    PREDICTOR = "predictor.onnx"
    """A painting's style; not every model has one."""
    GRAMS = "grams.onnx"
    """What the predictor's encoder sees in pictures, for the correction of predicted styles."""


GRAPHS = {
    Graph.WHOLE: (("image", "style"), ("picture",)),
    Graph.STATISTICS: (("image", "style"), ("statistics",)),
    Graph.FROZEN: (("image", "style", "statistics"), ("picture",)),
    Graph.REGIONS: (("image", "styles", "masks"), ("picture", "statistics")),
    Graph.REGIONS_FROZEN: (("image", "styles", "masks", "statistics"), ("picture",)),
    Graph.PREDICTOR: (("painting",), ("style", "grams")),
    Graph.GRAMS: (("picture",), ("grams",)),
}
"""Inputs and outputs of each graph, all float32: image, painting and picture (N,3,H,W), style and statistics (N,P),
styles (R,P), masks (N,R,H,W), grams (N,S)."""
_PREDICTING = (Graph.PREDICTOR, Graph.GRAMS)


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
    """Of the noise (:mod:`impasto.images.noise`) added to photos: standard deviation, on the 0..255 scale."""
    fold: int = 1
    """Side of the blocks of pixels that the last layer paints at once."""
    halo: int = 64
    """How far around a pixel the network looks, in pixels."""
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

    @property
    def predicts(self) -> bool:
        """Whether it can predict the style of any painting."""
        return Graph.PREDICTOR.value in self.info.files

    @property
    def outdated(self) -> bool:
        """Whether it predicts styles in a format of before, which only ``impasto correct`` reads."""
        return self.predicts and self.info.version < VERSION

    @property
    def corrects(self) -> bool:
        """Whether it corrects the styles that it predicts."""
        return CORRECTION in self.info.files

    def graph(self, graph: Graph) -> Path:
        """The checked file of a graph; the weights that it points to are checked too.

        Raises:
            ImpastoError: one of them is damaged, or the model has no such graph.
        """
        if graph is Graph.PREDICTOR and not self.predicts:
            raise ImpastoError(f"model {self.info.name}: predicts no styles; impasto add-style makes one of a painting")
        self._read(PREDICTOR_WEIGHTS if graph in _PREDICTING else WEIGHTS)
        self._read(graph.value)
        return self.path / graph.value

    def weights(self, name: str = WEIGHTS) -> bytes:
        """The checked content of ``network.safetensors``, or of another file of numbers."""
        return self._read(name)

    def _read(self, name: str) -> bytes:
        content = _read(self.path, name)
        if digest(content) != self.info.files.get(name):
            raise ImpastoError(f"model {self.path}: {name} is damaged or not the file that {INFO} names; get it anew")
        return content


def load_model(path: str | os.PathLike[str] | None = None) -> Model:
    """Read a model.

    Args:
        path: its folder, or the name of one of the :data:`BUNDLED`; without one, the :data:`DEFAULT`.

    Raises:
        ImpastoError: there is no model there, it is damaged, or a newer impasto made it.
    """
    name = os.fspath(path) if path is not None else DEFAULT
    path = bundled(name) if name in BUNDLED else Path(name)
    info = _read_info(path)
    styles = {slug: Style.load(path / STYLES / f"{slug}.safetensors") for slug in info.styles}
    for slug, style in styles.items():
        if style.row.shape != (info.style_size,) or style.info.network != info.network:
            raise ImpastoError(f"model {path}: style {slug!r} was made for another network; take its file away")
    return Model(path, info, styles)


def copy_model(model: Model, out: Path) -> Model:
    """A copy of a model, whole or not at all, in a new folder.

    Raises:
        ImpastoError: ``out`` is there already, or cannot be written.
    """
    if out.exists():
        raise ImpastoError(f"{out}: is there already; give another --out")
    unfinished = out.with_name(f"{out.name}.unfinished")
    try:
        shutil.copytree(model.path / STYLES, unfinished / STYLES, dirs_exist_ok=True)
        for name in (INFO, *model.info.files):
            shutil.copy(model.path / name, unfinished)
        os.replace(unfinished, out)
    except OSError as error:
        raise unwritable(out, error) from None
    return load_model(out)


def add_files(path: Path, contents: dict[str, bytes]) -> None:
    """Write what predicts styles into a model folder, in the present format; what it is comes last.

    Raises:
        ImpastoError: ``path`` cannot be written.
    """
    info = _read_info(path)
    digests = {name: digest(content) for name, content in contents.items()}
    info = msgspec.structs.replace(info, version=VERSION, files=info.files | digests)
    try:
        for name, content in (contents | {INFO: msgspec.json.format(msgspec.json.encode(info), indent=2)}).items():
            write_file(path / name, content)
    except OSError as error:
        raise unwritable(path, error) from None


def unwritable(out: Path, error: OSError) -> ImpastoError:
    """What to raise where a model's folder cannot be written."""
    return ImpastoError(f"{out}: cannot be written ({error.strerror}); give another --out")


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
