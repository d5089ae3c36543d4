"""One step of an optimiser, for networks and for the loss network alike."""

from __future__ import annotations

import math

import torch
from accelerate import Accelerator
from torch import Tensor


def minimise(
    objective: Tensor, optimizer: torch.optim.Optimizer, accelerator: Accelerator, *, rate: float, clip: float | None
) -> bool:
    """Take one step against the gradient of ``objective``, a scalar, unless its gradient is not finite.

    Args:
        objective: what is minimised.
        optimizer: its groups may have a ``rate``, by which their learning rate is multiplied.
        accelerator: averages gradients over processes.
        rate: the learning rate.
        clip: the longest gradient, as a norm over all weights; a longer one is scaled down to it.

    Returns:
        Whether the gradient was finite. If it was not, no weight has changed, in any process: the gradients that are
        checked are the averaged ones.
    """
    for group in optimizer.param_groups:
        group["lr"] = group.get("rate", 1.0) * rate
    optimizer.zero_grad()
    accelerator.backward(objective)
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    norm = accelerator.clip_grad_norm_(parameters, clip or math.inf)
    if not torch.isfinite(norm):
        return False
    optimizer.step()
    return True
