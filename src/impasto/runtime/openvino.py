"""OpenVINO: the default, and the fastest on processors."""

from __future__ import annotations

import os

import numpy as np
import numpy.typing as npt
import openvino
import platformdirs

from impasto.images import Pixels
from impasto.model import Model
from impasto.runtime import Runtime

# Left alone, OpenVINO computes in bfloat16 on processors that can; the other runtimes do not.
_CONFIG = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}


def _config() -> dict[str, str]:
    """With a cache of compiled networks, which load three times as fast, where there is room for one."""
    cache = platformdirs.user_cache_path("impasto") / "openvino"
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError:
        return _CONFIG
    return _CONFIG | {"CACHE_DIR": str(cache)} if os.access(cache, os.W_OK) else _CONFIG


class OpenVINORuntime:
    """See :class:`impasto.runtime.Runtime`."""

    def __init__(self, model: Model) -> None:
        core = openvino.Core()
        network = core.read_model(model.graph(), openvino.Tensor(np.empty(0, np.uint8)))
        self._compiled = core.compile_model(network, "CPU", _config())

    def run(self, image: Pixels, style: npt.NDArray[np.float32]) -> Pixels:
        # A request of its own for each call makes calls from several threads independent.
        request = self._compiled.create_infer_request()
        return request.infer({"image": image, "style": style})["picture"]


def load(model: Model) -> Runtime:
    return OpenVINORuntime(model)
