"""The training loop, on accelerate: one process or many, CPU or GPU, the same code."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from impasto.errors import ImpastoError
from impasto.training.config import TrainingOptions
from impasto.training.data import ShareOfSteps, loader
from impasto.training.interrupt import Interrupt
from impasto.training.log import Log
from impasto.training.objective import Losses
from impasto.training.run import CHECKPOINT, Run
from impasto.training.sheet import sample_sheet


def learning_rate(step: int, options: TrainingOptions) -> float:
    """The learning rate at ``step``: rising over the warm-up, constant, then falling along a cosine."""
    rising = min(1.0, (step + 1) / options.warmup) if options.warmup else 1.0
    decay_steps = options.decay * options.steps
    left = options.steps - step
    falling = 0.5 - 0.5 * math.cos(math.pi * left / decay_steps) if left < decay_steps else 1.0
    return options.learning_rate * rising * falling


def train(run: Run) -> None:
    """Train to the recipe's last step, with checkpoints and sample sheets on the way.

    Raises:
        ImpastoError: Ctrl-C, the checkpoint holding every finished step; or a loss that is not a finite number, the
            last good checkpoint kept.
    """
    main = run.accelerator.is_main_process
    step_function = torch.compile(run.network) if run.options.compile else run.network
    log = Log(run) if main else None
    sampler = ShareOfSteps(run.step, run.options, run.accelerator.process_index, run.accelerator.num_processes)
    batches = loader(run.crops, sampler, run.options.workers, pin_memory=run.accelerator.device.type == "cuda")
    try:
        with Interrupt(run.accelerator) as interrupted:
            for batch in batches:
                losses = train_step(run, step_function, *[part.to(run.accelerator.device) for part in batch])
                run.step += 1
                run.look_closer()
                if log:
                    log.add(losses, batch[2])
                stop = interrupted()
                _after_step(run, last=stop)
                if stop:
                    raise ImpastoError(f"stopped after step {run.step}, saved; the same command and --resume goes on")
    finally:
        if log:
            log.close()
    run.save()


def _after_step(run: Run, *, last: bool) -> None:
    """Checkpoint and sample sheet, when they are due."""
    if last or run.step % run.options.checkpoint_every == 0:
        run.save()
    if run.accelerator.is_main_process and run.step % run.options.sample_every == 0:
        sample_sheet(run)


def train_step(
    run: Run, network: Callable[[Tensor, Tensor], Tensor], photo: Tensor, noisy: Tensor, slot: Tensor
) -> Losses:
    """One step of the optimiser on one batch: photo and network input (N,3,H,W) uint8, slot (N,)."""
    for group in run.optimizer.param_groups:
        group["lr"] = group["rate"] * learning_rate(run.step, run.options)
    photo, noisy = ((part.float() / 255).contiguous(memory_format=torch.channels_last) for part in (photo, noisy))
    with run.autocast():
        picture = network(noisy, slot)
    losses = run.objective(picture.float(), photo, slot)
    run.optimizer.zero_grad()
    run.accelerator.backward(losses.objective.mean())
    # Averaged over processes like the gradients, the norm stops all of them together, before the weights are touched.
    norm = run.accelerator.clip_grad_norm_(run.network.parameters(), run.options.clip or math.inf)
    if not torch.isfinite(norm):
        raise ImpastoError(_not_finite(run, losses, slot))
    run.optimizer.step()
    if run.average:
        run.average.update_parameters(run.modules["network"])
    # Every process moves the same weights.
    run.objective.adapt(*run.accelerator.gather((slot, losses.content)))
    return losses


def _not_finite(run: Run, losses: Losses, slot: Tensor) -> str:
    """What went wrong, and where to go on."""
    finite = torch.isfinite(losses.objective)
    slots = sorted(set((slot if finite.all() else slot[~finite]).tolist()))
    parts = {"content loss": losses.content, "style loss": losses.style}
    part = next((name for name, loss in parts.items() if not torch.isfinite(loss).all()), "gradient")
    kept = run.out / CHECKPOINT
    kept_note = f"{kept} is the last good state" if kept.exists() else "no checkpoint had been written yet"
    return (
        f"step {run.step + 1}: the {part} is not a finite number (slots {slots}, learning rate "
        f"{learning_rate(run.step, run.options):.2g}); {kept_note}; lower learning_rate or the style's weight"
    )
