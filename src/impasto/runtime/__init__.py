"""Runtimes: the one contract that every backend implements."""

from __future__ import annotations

import importlib
from typing import Protocol

import numpy as np
import numpy.typing as npt

from impasto.errors import ImpastoError, unknown
from impasto.images import Pixels
from impasto.model import Model

RUNTIMES = {
    "openvino": "impasto",
    "onnxruntime": "impasto[onnxruntime]",
    "torch": "impasto[train]",
}
"""Name -> what to install for it; each is the module of the same name beside this file."""


class Runtime(Protocol):
    """A network, ready to run. Safe to call from several threads."""

    def __init__(self, model: Model) -> None: ...

    def run(self, image: Pixels, style: npt.NDArray[np.float32]) -> Pixels:
        """Paint.

        Args:
            image: (N,3,H,W) float32, RGB in [0,1]; H and W multiples of 4, at least 32.
            style: (N,P) float32.

        Returns:
            (N,3,H,W) float32, RGB in [0,1].
        """


def load_runtime(name: str, model: Model) -> Runtime:
    """The runtime of that name, with the model's network in it.

    Raises:
        ImpastoError: there is no such runtime, it is not installed, or it cannot load the network.
    """
    if name not in RUNTIMES:
        raise unknown("runtime", name, RUNTIMES)
    try:
        module = importlib.import_module(f"impasto.runtime.{name}")
    except ModuleNotFoundError as error:
        raise ImpastoError(f"runtime {name}: {error.name} is not installed; pip install '{RUNTIMES[name]}'") from None
    try:
        return module.load(model)
    except ImpastoError:
        raise
    except Exception as error:  # each library has errors of its own for a file that it cannot read
        reason = str(error).strip().splitlines()[-1]
        raise ImpastoError(f"model {model.path}: {name} cannot load its network ({reason})") from None
