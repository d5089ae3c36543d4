"""All runtimes compute the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from impasto.models.model import load_model
from impasto.runtime import load_runtime
from impasto.styles.painting import for_predictor, read_painting


def test_all_runtimes_predict_the_same(with_predictor: Path, workshop) -> None:
    model, pixels = load_model(with_predictor), for_predictor(read_painting(workshop.style_images / "glass.png"))
    runtimes = [load_runtime(name, model) for name in ("openvino", "onnxruntime", "torch")]
    (row, grams), *others = [runtime.predict(pixels) for runtime in runtimes]
    assert row.shape == (1, model.info.style_size)
    assert row.std() > 0.01
    np.testing.assert_allclose(grams, runtimes[0].grams(pixels), atol=1e-2 * grams.std())
    for other, seen in others:
        np.testing.assert_allclose(other, row, atol=1e-2 * row.std())
        np.testing.assert_allclose(seen, grams, atol=1e-2 * grams.std())
