"""What runs networks: one contract, :class:`impasto.runtime.base.Runtime`, and one module for each library that fulfils
it.

The command line reads the names from here for its help, so this file imports neither NumPy nor any of those libraries.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING

from impasto.errors import ImpastoError, pip_install, shown, unknown
from impasto.runtime.private_import import private_imports

if TYPE_CHECKING:
    from impasto.models.model import Model
    from impasto.runtime.base import Runtime

RUNTIMES = {
    "openvino": "",
    "onnxruntime": "onnxruntime",
    "torch": "train",
}
"""The name of each runtime, and the extra that it needs, if any. The module of a runtime has its name."""
PRECISIONS = ("auto", "f32", "bf16", "int8")
"""The number formats that a network can compute in. ``auto`` is bfloat16 where the processor computes in it, and
float32 elsewhere. Only OpenVINO has all of them; the other runtimes compute in float32."""


def load_runtime(
    name: str, model: Model, precision: str = "auto", at_once: int = 1, cores: int | None = None
) -> Runtime:
    """Load a model's network into a runtime.

    Args:
        name: a name in :data:`RUNTIMES`.
        model: the model.
        precision: one of :data:`PRECISIONS`.
        at_once: how many threads will use the runtime at the same time.
        cores: how many cores it may use; None are all.

    Raises:
        ImpastoError: there is no such runtime or precision, it is not installed, or it cannot load the network; or a
            count is below 1.
    """
    check_runtime(name, precision)
    _check_count("at_once", at_once)
    if cores is not None:
        _check_count("cores", cores)
    try:
        with private_imports():
            module = importlib.import_module(f"impasto.runtime.{name}")
    except ModuleNotFoundError as error:
        raise ImpastoError(f"runtime {name}: {error.name} is not installed; {pip_install(RUNTIMES[name])}") from None
    try:
        runtime: Runtime = module.load(model, precision, at_once, cores)
        return runtime
    except ImpastoError:
        raise
    except Exception as error:  # each library has errors of its own for a file that it cannot read
        reason = str(error).strip().splitlines()[-1]
        raise ImpastoError(f"model {model.path}: {name} cannot load its network ({reason})") from None


def check_runtime(name: str, precision: str) -> None:
    """Raise :class:`ImpastoError` for a runtime or a precision that does not exist, and for pairs that do not fit."""
    if name not in [*RUNTIMES]:  # whatever was given, hashable or not
        raise unknown("runtime", name, RUNTIMES)
    if precision not in PRECISIONS:
        raise unknown("precision", precision, PRECISIONS)
    if name != "openvino" and precision not in ("auto", "f32"):
        raise ImpastoError(f"precision {precision}: the runtime {name} computes in f32; take openvino")
    if precision == "int8" and importlib.util.find_spec("nncf") is None:
        raise ImpastoError("precision int8: nncf is not installed; " + pip_install("int8"))


def _check_count(name: str, count: int) -> None:
    """Raise :class:`ImpastoError` for what is no whole number, or below 1."""
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise ImpastoError(f"{name} {shown(count)}: must be a whole number, at least 1")
