"""All runtimes compute the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

import impasto
from impasto.models.model import load_model
from impasto.runtime import PRECISIONS, RUNTIMES, load_runtime
from impasto.styles.painting import for_predictor, read_painting


def test_all_runtimes_predict_the_same(with_predictor: Path, workshop) -> None:
    model, pixels = load_model(with_predictor), for_predictor(read_painting(workshop.style_images / "glass.png"))[0]
    runtimes = [load_runtime(name, model) for name in ("openvino", "onnxruntime", "torch")]
    row, *others = [runtime.predict(pixels) for runtime in runtimes]
    assert row.shape == (1, model.info.style_size)
    assert row.std() > 0.01
    for other in others:
        np.testing.assert_allclose(other, row, atol=1e-2 * row.std())


def test_their_names_are_known_without_numpy_and_without_their_libraries() -> None:
    """The command line shows the names in its help, which must not take long."""
    bare = "import sys, types; sys.modules['impasto'] = package = types.ModuleType('impasto'); "
    code = f"{bare}package.__path__ = [{str(Path(impasto.__file__).parent)!r}]; import impasto.runtime as runtime; "
    code += (
        "print(*runtime.RUNTIMES, *runtime.PRECISIONS); assert not {'numpy', 'openvino', 'msgspec'} & {*sys.modules}"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split() == [*RUNTIMES, *PRECISIONS], done.stderr
