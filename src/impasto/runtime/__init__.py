"""What runs networks: one contract, and a module for each library that fulfils it."""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING

from impasto.errors import ImpastoError, unknown

if TYPE_CHECKING:
    from impasto.models.model import Model
    from impasto.runtime.base import Runtime

RUNTIMES = {
    "openvino": "impasto",
    "onnxruntime": "impasto[onnxruntime]",
    "torch": "impasto[train]",
}
"""Name -> what to install for it; each is the module of the same name beside this file."""


PRECISIONS = ("auto", "f32", "bf16", "int8")
"""What a network computes in; ``auto`` is bfloat16 where the processor has it. Other than f32 with OpenVINO only."""


def load_runtime(name: str, model: Model, precision: str = "auto", at_once: int = 1) -> Runtime:
    """The runtime of that name, with the model's network in it, for as many threads ``at_once``.

    Raises:
        ImpastoError: there is no such runtime or precision, it is not installed, or it cannot load the network.
    """
    if name not in RUNTIMES:
        raise unknown("runtime", name, RUNTIMES)
    if precision not in PRECISIONS:
        raise unknown("precision", precision, PRECISIONS)
    if name != "openvino" and precision not in ("auto", "f32"):
        raise ImpastoError(f"precision {precision}: the runtime {name} computes in f32; take openvino")
    if precision == "int8" and importlib.util.find_spec("nncf") is None:
        raise ImpastoError("precision int8: nncf is not installed; pip install 'impasto[int8]'")
    try:
        module = importlib.import_module(f"impasto.runtime.{name}")
    except ModuleNotFoundError as error:
        raise ImpastoError(f"runtime {name}: {error.name} is not installed; pip install '{RUNTIMES[name]}'") from None
    try:
        return module.load(model, precision, at_once)
    except ImpastoError:
        raise
    except Exception as error:  # each library has errors of its own for a file that it cannot read
        reason = str(error).strip().splitlines()[-1]
        raise ImpastoError(f"model {model.path}: {name} cannot load its network ({reason})") from None
