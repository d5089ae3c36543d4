"""Training of small parts: a loop with checkpoints, a bar with time left, and Ctrl-C between two steps."""

from __future__ import annotations

import abc
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from tqdm import tqdm

from impasto.errors import ImpastoError
from impasto.nn.precision import fastest_precision
from impasto.training.checkpoint import load_checkpoint, save_checkpoint
from impasto.training.interrupt import Interrupt
from impasto.training.recipe import PartRecipe
from impasto.training.schedule import learning_rate

_LOG_EVERY = 50


@dataclass
class Job(abc.ABC):
    """A run: what is trained, and how far it got."""

    recipe: PartRecipe
    out: Path
    """File or folder for the result; the checkpoint lies beside it."""
    optimizer: torch.optim.Optimizer
    accelerator: Accelerator = field(default_factory=Accelerator)
    step: int = 0

    @property
    @abc.abstractmethod
    def modules(self) -> Mapping[str, nn.Module]:
        """What checkpoints hold."""

    @property
    def numbers(self) -> Mapping[str, Tensor]:
        """What they hold besides."""
        return {}

    @abc.abstractmethod
    def losses(self, batch: list[Tensor]) -> dict[str, Tensor]:
        """Scalars, whose sum is minimised."""

    def stepped(self) -> None:  # noqa: B027  # not every job has something to do
        """What follows a step of the optimiser."""

    @property
    def checkpoint(self) -> Path:
        return self.out.with_name(f"{self.out.stem}-checkpoint.safetensors")

    def autocast(self) -> torch.autocast:
        """The context in which networks run: convolutions in what the device computes fastest in."""
        precision = fastest_precision(self.accelerator.device)
        mixed = precision != torch.float32
        return torch.autocast(self.accelerator.device.type, precision if mixed else None, enabled=mixed)

    def save(self) -> None:
        save_checkpoint(self.checkpoint, self.modules, self.optimizer, self.numbers, self.step, self.recipe.digest)

    def begin(self, *, resume: bool) -> None:
        """Go on from the checkpoint, or see that there is none.

        Raises:
            ImpastoError: there is none of this recipe to resume, or one that would be lost.
        """
        if resume:
            self.step = load_checkpoint(self.checkpoint, self.modules, self.optimizer, self.numbers, self.recipe.digest)
        elif self.checkpoint.exists():
            raise ImpastoError(
                f"output {self.out}: {self.checkpoint.name} is an unfinished run; --resume it, or take it away"
            )

    def run(self, batches: Iterable[list[Tensor]]) -> None:
        """Take the steps that are left.

        Raises:
            ImpastoError: Ctrl-C, the checkpoint holding every finished step; or a loss that is not a finite number.
        """
        options, device = self.recipe.training, self.accelerator.device
        bar = tqdm(total=options.steps, initial=self.step, unit="step", desc=self.recipe.name, smoothing=0.05)
        with Interrupt(self.accelerator) as interrupted, bar:
            for batch in batches:
                losses = self._take_step([part.to(device) for part in batch])
                self.step += 1
                bar.update()
                if self.step % _LOG_EVERY == 0:
                    bar.set_postfix_str(", ".join(f"{name} {loss:.3g}" for name, loss in losses.items()))
                stop = interrupted()
                if stop or self.step % options.checkpoint_every == 0:
                    self.save()
                if stop:
                    raise ImpastoError(f"stopped after step {self.step}, saved; the same command and --resume goes on")

    def _take_step(self, batch: list[Tensor]) -> dict[str, float]:
        options = self.recipe.training
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.step, options)
        losses = self.losses(batch)
        self.optimizer.zero_grad()
        torch.stack(list(losses.values())).sum().backward()
        parameters = [parameter for group in self.optimizer.param_groups for parameter in group["params"]]
        norm = nn.utils.clip_grad_norm_(parameters, options.clip or math.inf)
        if not torch.isfinite(norm):
            raise ImpastoError(f"step {self.step + 1}: a loss is not a finite number; lower learning_rate")
        self.optimizer.step()
        self.stepped()
        return {name: loss.item() for name, loss in losses.items()}
