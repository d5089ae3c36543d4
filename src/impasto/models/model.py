"""A model on disk: a folder whose files anyone can open.

It holds ``model.json`` (:class:`ModelInfo`), the weights of the network in ``network.safetensors``, and one file for
each style in ``styles/``. The graphs that runtimes run (:class:`Graph`) refer to the weights in that file. A model that
predicts styles has the weights of its predictor in ``predictor.safetensors``.
"""

from __future__ import annotations

import enum
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from impasto.assets import BUNDLED, bundled
from impasto.errors import ImpastoError, checked_path, kind_of, unknown
from impasto.files import digest
from impasto.models.choice import DEFAULT
from impasto.styles.style import Style

VERSION = 2
"""The version of the folder's format that this code writes. It reads version 1, too."""
INFO, WEIGHTS, STYLES = "model.json", "network.safetensors", "styles"
"""The names of the file that describes the model, of the file of weights, and of the folder of styles."""
PREDICTOR_WEIGHTS = "predictor.safetensors"
"""The name of the file with the predictor's weights."""


class Graph(str, enum.Enum):
    """The graphs of a model. The value of each is its file name."""

    WHOLE = "network.onnx"
    """Paints a whole picture in one style."""
    STATISTICS = "statistics.onnx"
    """Returns the statistics with which a whole picture in one style is painted."""
    FROZEN = "network-frozen.onnx"
    """Paints a part of a picture in one style, with given statistics."""
    REGIONS = "regions.onnx"
    """Paints a whole picture in several styles, and returns its statistics."""
    REGIONS_FROZEN = "regions-frozen.onnx"
    """Paints a part of a picture in several styles, with given statistics."""
    PREDICTOR = "predictor.onnx"
    """Predicts the style of a painting. Not every model has this graph."""


GRAPHS = {
    Graph.WHOLE: (("image", "style"), ("picture",)),
    Graph.STATISTICS: (("image", "style"), ("statistics",)),
    Graph.FROZEN: (("image", "style", "statistics"), ("picture",)),
    Graph.REGIONS: (("image", "styles", "masks"), ("picture", "statistics")),
    Graph.REGIONS_FROZEN: (("image", "styles", "masks", "statistics"), ("picture",)),
    Graph.PREDICTOR: (("painting",), ("style",)),
}
"""The inputs and the outputs of each graph. All are float32: image, painting and picture are (N,3,H,W), style and
statistics (N,P), styles (R,P), and masks (N,R,H,W)."""


class _Version(msgspec.Struct):
    """The one field that ``model.json`` has in every version of the format."""

    version: int


class ModelInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The content of ``model.json``."""

    version: int = VERSION
    """The version of the folder's format."""
    name: str
    """The model's name."""
    architecture: str
    """The network's architecture, ``paper`` or ``fast``; see :data:`impasto.nn.ARCHITECTURES`."""
    network: str
    """The fingerprint of the network's convolutions. Styles that were made for another network do not fit this one."""
    style_size: int
    """P, the length of a style row."""
    input_noise: float = 0.0
    """The standard deviation of the noise added to photos (:mod:`impasto.images.noise`), on the 0..255 scale."""
    fold: int = 1
    """The side of the blocks that the last layer paints at once, in pixels."""
    halo: int = 64
    """How far from a pixel the photo still has an effect on it, in pixels."""
    styles: tuple[str, ...]
    """The slugs of the styles, in the order of their slots."""
    files: dict[str, str]
    """The name of each file that is checked -> its SHA-256."""
    licence: str = ""
    """The licence of the model."""
    provenance: dict[str, str | int | float] = {}
    """How the model was trained, and on what."""


@dataclass(frozen=True)
class Model:
    """A model folder whose description and styles have been read and checked."""

    path: Path
    """The folder."""
    info: ModelInfo
    """What ``model.json`` says."""
    styles: Mapping[str, Style]
    """Slug -> style, in the order of slots."""

    @property
    def name(self) -> str:
        """What users call the model: its name among those that come with the package, or its folder."""
        return self.path.name if self.path == bundled(self.path.name) else str(self.path)

    @property
    def predicts(self) -> bool:
        """Whether the model has a predictor, which predicts the style of any painting."""
        return Graph.PREDICTOR.value in self.info.files

    def graph(self, graph: Graph) -> Path:
        """The file of a graph, after it and the weights that it refers to have been checked.

        Raises:
            ImpastoError: one of the two files is damaged, or the model has no such graph.
        """
        if graph is Graph.PREDICTOR and not self.predicts:
            raise ImpastoError(f"model {self.name}: cannot predict styles; impasto add-style makes one of a painting")
        self._read(PREDICTOR_WEIGHTS if graph is Graph.PREDICTOR else WEIGHTS)
        self._read(graph.value)
        return self.path / graph.value

    def weights(self, name: str = WEIGHTS) -> bytes:
        """The content of ``network.safetensors``, or of another file of weights, after it has been checked."""
        return self._read(name)

    def _read(self, name: str) -> bytes:
        content = _read(self.path, name)
        if digest(content) != self.info.files.get(name):
            raise ImpastoError(
                f"model {self.path}: {name} is damaged or not the file that {INFO} names; get a new copy"
            )
        return content


def load_model(path: str | os.PathLike[str] | None = None) -> Model:
    """Read the description and the styles of a model.

    Args:
        path: the model's folder, or a name in :data:`impasto.assets.BUNDLED`; without it,
            :data:`impasto.models.choice.DEFAULT`.

    Raises:
        ImpastoError: there is no model, it is damaged, or a newer version of impasto made it.
    """
    name = checked_path(path, "model", f"a name ({', '.join(BUNDLED)}) or a folder") if path is not None else DEFAULT
    path = bundled(name) if name in BUNDLED else Path(name)
    if name == path.name and not path.exists():
        raise unknown("model", name, BUNDLED)
    info = read_info(path)
    styles = {slug: Style.load(path / STYLES / f"{slug}.safetensors") for slug in info.styles}
    for slug, style in styles.items():
        if style.row.shape != (info.style_size,) or style.info.network != info.network:
            raise ImpastoError(f"model {path}: style {slug!r} was made for another network; remove its file")
    return Model(path, info, styles)


def check_model(model: object) -> None:
    """Raise an :class:`ImpastoError` for what is no :class:`Model`."""
    if not isinstance(model, Model):
        raise ImpastoError(f"model: is {kind_of(model)}; give what load_model returns, load_model('fast') for instance")


def copy_model(model: Model, out: Path) -> Model:
    """Copy a model to a new folder, which appears only when it is complete.

    Raises:
        ImpastoError: ``out`` exists already, or cannot be written.
    """
    if out.exists():
        raise ImpastoError(f"{out}: already exists; give another --out")
    unfinished = out.with_name(f"{out.name}.unfinished")
    try:
        shutil.copytree(model.path / STYLES, unfinished / STYLES, dirs_exist_ok=True)
        for name in (INFO, *model.info.files):
            shutil.copy(model.path / name, unfinished)
        os.replace(unfinished, out)
    except OSError as error:
        raise unwritable(out, error) from None
    return load_model(out)


def unwritable(out: Path, error: OSError) -> ImpastoError:
    """The error for a model folder that cannot be written."""
    return ImpastoError(f"{out}: cannot be written ({error.strerror}); give another --out")


def read_info(path: Path) -> ModelInfo:
    """The description of the model in a folder; an :class:`ImpastoError` if there is none, or it is damaged."""
    content = _read(path, INFO)
    try:
        version = msgspec.json.decode(content, type=_Version).version
        if version > VERSION:
            raise ImpastoError(f"model {path}: made by a newer impasto (format {version}); update impasto")
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
