"""A model as a web page loads it: graphs and weights packed, all rows in one file, thumbnails, and a list with digests.

Every large file is compressed here, because many hosts compress nothing. Its name ends in ``.bin``, so that hosts do
not take it for something that they should unpack.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from impasto.models.model import PREDICTOR_WEIGHTS, WEIGHTS, Graph, Model

MANIFEST = "manifest.json"
"""The name of the file that says what is in a bundle."""
_ROWS = "styles"
"""The name of the file with the rows of all styles: (S,P) float32, little-endian."""
FIRST = (Graph.WHOLE.value, WEIGHTS, _ROWS, "onnxruntime")
"""How the names of files begin that are needed for the first picture."""
_THUMBNAILS = "thumbnails"
"""The folder of thumbnails, one JPEG a style."""


def write_bundle(model: Model, out: Path, others: Mapping[str, bytes]) -> None:
    """Write a model into a folder, for the browser.

    Args:
        model: the model, whose files are checked.
        out: an empty folder.
        others: name -> content of what else belongs to it.

    Raises:
        ImpastoError: a file of the model is damaged.
    """
    graphs = [graph for graph in Graph if graph is not Graph.PREDICTOR or model.predicts]
    contents = {graph.value: model.graph(graph).read_bytes() for graph in graphs}
    contents |= {name: model.weights(name) for name in (WEIGHTS, PREDICTOR_WEIGHTS) if name in model.info.files}
    contents[_ROWS] = np.stack([style.row for style in model.styles.values()]).astype("<f4").tobytes()
    files = {name: _packed(out, name, content) for name, content in (contents | dict(others)).items()}
    styles = [_described(model, slug, out) for slug in model.styles]
    fields = ("network", "style_size", "input_noise", "fold", "halo", "licence")
    about = {"name": model.name} | {field: getattr(model.info, field) for field in fields}
    manifest = {"model": about, "styles": styles, "files": files}
    (out / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1))


def integrity(content: bytes) -> str:
    """SHA-256 in base64, as browsers compare it."""
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def _packed(out: Path, name: str, content: bytes) -> dict[str, str]:
    compressed = gzip.compress(content, 9, mtime=0)
    path = out / f"{name}.bin"
    path.write_bytes(compressed)
    return {"path": path.name, "sha256": integrity(compressed)}


def _described(model: Model, slug: str, out: Path) -> dict[str, Any]:
    """What is known about a style; its thumbnail is written."""
    style = model.styles[slug]
    known: dict[str, Any] = msgspec.to_builtins(style.info)
    known.pop("losses")
    if style.thumbnail:
        path = out / _THUMBNAILS / f"{slug}.jpg"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(style.thumbnail)
        known["thumbnail"] = f"{_THUMBNAILS}/{slug}.jpg"
    return known
