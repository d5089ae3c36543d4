"""Imports of libraries without those parts of them that report each use to others."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_LEFT_OUT = ("openvino.tools.ovc", "openvino_telemetry")
"""OpenVINO's converter of models, and what it and NNCF use to report each import and call to Google Analytics. Both
libraries work without them. The converter also takes two thirds of the time of the import."""


@contextmanager
def private_imports() -> Iterator[None]:
    """Within it, OpenVINO and NNCF are imported as if nothing that reports their use were installed.

    Whoever calls ``openvino.convert_model`` later gets the converter all the same.
    """
    left_out = [name for name in _LEFT_OUT if name not in sys.modules]
    sys.modules.update(dict.fromkeys(left_out))  # type: ignore[arg-type]  # None is documented to stop an import
    try:
        yield
    finally:
        for name in left_out:
            sys.modules.pop(name, None)
        openvino = sys.modules.get("openvino")
        if openvino and not hasattr(openvino, "convert_model"):
            openvino.convert_model = _convert_model  # type: ignore[attr-defined]


def _convert_model(*args: Any, **kwargs: Any) -> Any:
    from openvino.tools.ovc import convert_model

    return convert_model(*args, **kwargs)
