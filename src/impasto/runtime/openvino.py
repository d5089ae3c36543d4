"""OpenVINO: the default, and the fastest on processors."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import openvino

from impasto.images import Pixels
from impasto.model import Model
from impasto.runtime import Runtime

# Left alone, OpenVINO computes in bfloat16 on processors that can; the other runtimes do not.
_CONFIG = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}


class OpenVINORuntime:
    """See :class:`impasto.runtime.Runtime`."""

    def __init__(self, model: Model) -> None:
        core = openvino.Core()
        network = core.read_model(model.graph(), openvino.Tensor(np.empty(0, np.uint8)))
        self._compiled = core.compile_model(network, "CPU", _CONFIG)

    def run(self, image: Pixels, style: npt.NDArray[np.float32]) -> Pixels:
        # A request of its own for each call makes calls from several threads independent.
        request = self._compiled.create_infer_request()
        return request.infer({"image": image, "style": style})["picture"]


def load(model: Model) -> Runtime:
    return OpenVINORuntime(model)
