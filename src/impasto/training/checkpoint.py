"""Checkpoints: one safetensors file with weights, optimiser state and step, written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from impasto.errors import ImpastoError
from impasto.files import write_file


def save_checkpoint(
    path: Path,
    modules: Mapping[str, nn.Module],
    optimizer: torch.optim.Optimizer,
    state: Mapping[str, Tensor],
    step: int,
    recipe: str,
) -> None:
    """Write everything that training needs to go on after ``step`` steps.

    Args:
        path: the file.
        modules: the networks, and the mean of their weights if there is one, by name.
        optimizer: its state is kept, its settings are not.
        state: other tensors that training changes, by name.
        step: how many steps are done.
        recipe: the digest of the recipe.
    """
    tensors = dict(state)
    for prefix, module in modules.items():
        tensors |= {f"{prefix}.{name}": tensor for name, tensor in module.state_dict().items()}
    for index, moments in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": tensor for name, tensor in moments.items()}
    # Channels-last weights are not contiguous; safetensors stores contiguous ones only.
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_file(path, save(tensors, {"step": str(step), "recipe": recipe}))


def load_checkpoint(
    path: Path,
    modules: Mapping[str, nn.Module],
    optimizer: torch.optim.Optimizer,
    state: Mapping[str, Tensor],
    recipe: str,
) -> int:
    """Restore what :func:`save_checkpoint` wrote into ``modules``, ``optimizer`` and ``state``.

    Returns:
        How many steps are done.

    Raises:
        ImpastoError: there is no checkpoint, it is damaged, or another recipe made it.
    """
    with _opened(path, recipe) as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    for prefix, module in modules.items():
        module.load_state_dict(_below(prefix, tensors))
    for name, tensor in state.items():
        tensor.copy_(tensors[name])
    _load_optimizer(optimizer, _below("optimizer", tensors))
    return int(metadata["step"])


def check_checkpoint(path: Path, recipe: str) -> None:
    """Raise now the :class:`ImpastoError` that :func:`load_checkpoint` would raise later."""
    with _opened(path, recipe):
        pass


@contextmanager
def _opened(path: Path, recipe: str) -> Iterator[Any]:
    """The file of a checkpoint that was made with this recipe; only its list of tensors is read."""
    if not path.exists():
        raise ImpastoError(f"checkpoint {path}: there is none to resume from; start without --resume")
    try:
        with safe_open(path, "pt") as file:
            if (file.metadata() or {}).get("recipe") != recipe:
                wrong = "made with another recipe; resume with that one, or give another --out"
                raise ImpastoError(f"checkpoint {path}: {wrong}")
            yield file
    except (SafetensorError, OSError) as error:
        raise ImpastoError(f"checkpoint {path}: damaged ({error})") from None


def _below(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    prefix += "."
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _load_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        index, name = key.split(".", 1)
        state.setdefault(int(index), {})[name] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
