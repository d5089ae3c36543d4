"""Names of weights in files that older versions wrote.

Until November 2026 a predictor's encoder was called ``looks``. The 1×1 convolutions of the slim loss network, which
turn its maps into VGG-16's, were called ``look1_2`` and so on. They are called ``encoder`` and ``head1_2`` now. The
files of the bundled models keep the old names, because their graphs point to the weights by their place in the file.
"""

from __future__ import annotations

from typing import Any

from torch import nn


def current_name(name: str) -> str:
    """The present name of a weight: ``looks.look1_2.bias`` becomes ``encoder.head1_2.bias``; others stay the same."""
    return ".".join(_current(part) for part in name.split("."))


def _current(part: str) -> str:
    if part == "looks":
        return "encoder"
    return "head" + part.removeprefix("look") if part.startswith("look") else part


def accept_old_names(module: nn.Module, state: dict[str, Any], prefix: str, *_: object) -> None:
    """Rename a module's weights before they are loaded.

    It is a hook for :meth:`torch.nn.Module.register_load_state_dict_pre_hook`, so that models, loss networks and
    checkpoints of training are all read by it.
    """
    for name in [name for name in state if name.startswith(prefix)]:
        state[prefix + current_name(name.removeprefix(prefix))] = state.pop(name)
