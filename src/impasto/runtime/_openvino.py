"""OpenVINO without its model converter.

The converter and its telemetry, which ``import openvino`` brings along, take longer to import than all the rest.
Nothing here converts; whoever does, can still import them.
"""

import sys

_CONVERTER = "openvino.tools.ovc"
_hidden = _CONVERTER not in sys.modules
if _hidden:
    sys.modules[_CONVERTER] = None  # type: ignore[assignment]

import openvino  # noqa: E402
from openvino import opset13 as opset  # noqa: E402

if _hidden:
    del sys.modules[_CONVERTER]

__all__ = ["openvino", "opset"]
