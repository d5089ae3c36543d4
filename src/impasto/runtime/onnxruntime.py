"""ONNX Runtime."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import onnxruntime

from impasto.images import Pixels
from impasto.model import Model
from impasto.runtime import Runtime


class ONNXRuntime:
    """See :class:`impasto.runtime.Runtime`."""

    def __init__(self, model: Model) -> None:
        self._session = onnxruntime.InferenceSession(model.graph(), providers=["CPUExecutionProvider"])

    def run(self, image: Pixels, style: npt.NDArray[np.float32]) -> Pixels:
        return self._session.run(["picture"], {"image": image, "style": style})[0]


def load(model: Model) -> Runtime:
    return ONNXRuntime(model)
