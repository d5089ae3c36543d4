"""The correction of a trained model's predicted styles found anew, the rest as it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from impasto.correction import Correction
from impasto.errors import ImpastoError
from impasto.model import CORRECTION, PREDICTOR_WEIGHTS, add_files, copy_model, load_model
from impasto.nn.export import predictor_to_onnx
from impasto.runtime.torch import load_network, load_predictor
from impasto.training.config import read_recipe
from impasto.training.correction import find_correction
from impasto.training.data import find_photos
from impasto.training.painter import Painter
from impasto.training.run import fastest_precision, find_paintings


def correct(model: Path, recipe: Path, content: Path, paintings: Sequence[Path], out: Path) -> Correction:
    """Find the correction of the styles that ``model`` predicts, for a copy of it in ``out``.

    Raises:
        ImpastoError: an input is missing or broken, the model predicts no styles, the recipe has no directions, or
            ``out`` is there already.
    """
    loaded, settings = load_model(model), read_recipe(recipe)
    if settings.predictor is None or settings.predictor.directions is None:
        raise ImpastoError(f"recipe {recipe}: gives no directions in a [predictor] to correct styles in")
    if out.exists():
        raise ImpastoError(f"{out}: is there already; give another --out")
    unnamed = find_paintings(settings, paintings)
    assert unnamed is not None
    predictor = load_predictor(loaded)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    painter = Painter(load_network(loaded), predictor).to(device)
    precision = fastest_precision(device)
    mixed = precision != torch.float32
    found = find_correction(
        painter, settings, unnamed, find_photos(content), lambda: torch.autocast(device.type, precision, enabled=mixed)
    )
    graphs = predictor_to_onnx(load_predictor(loaded), loaded.weights(PREDICTOR_WEIGHTS))
    contents = {graph.value: content for graph, content in graphs.items()} | {CORRECTION: found.to_bytes()}
    add_files(copy_model(loaded, out).path, contents)
    return found
