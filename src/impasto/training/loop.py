"""The training loop, on accelerate: one process or many, CPU or GPU, the same code."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from impasto.data.loading import ShareOfSteps, loader
from impasto.data.resident import ResidentCrops, ResidentPaintings
from impasto.errors import ImpastoError
from impasto.nn.cin import trained_instance_norm
from impasto.training.interrupt import Interrupt
from impasto.training.log import Log
from impasto.training.objective import Losses
from impasto.training.run import CHECKPOINT, Run
from impasto.training.samples import sample_sheet
from impasto.training.schedule import learning_rate


def train(run: Run, watch: Callable[[Run], None] | None = None) -> None:
    """Train to the recipe's last step, with checkpoints and sample sheets on the way.

    Args:
        run: the run.
        watch: called with the run after each step.

    Raises:
        ImpastoError: Ctrl-C, the checkpoint holding every finished step; or a loss that is not a finite number, the
            last good checkpoint kept.
    """
    main = run.accelerator.is_main_process
    step_function = _step_function(run)
    log = Log(run) if main else None
    try:
        with Interrupt(run.accelerator) as interrupted:
            for batch in _batches(run):
                losses = train_step(run, step_function, *[part.to(run.accelerator.device) for part in batch])
                run.step += 1
                run.look_closer()
                if log:
                    log.add(losses, batch[2].tolist())
                stop = interrupted()
                _after_step(run, last=stop)
                if watch:
                    watch(run)
                if stop:
                    raise ImpastoError(f"stopped after step {run.step}, saved; the same command and --resume goes on")
    finally:
        if log:
            log.close()
    run.save()


def _step_function(run: Run) -> Callable[..., Tensor]:
    if not run.options.compile:
        run.modules["painter"].network.normalise = trained_instance_norm  # type: ignore[union-attr]
        return run.painter
    if run.accelerator.device.type == "cuda":
        torch.backends.cudnn.benchmark = True  # only now that all pictures have one size
        run.modules["painter"].network.compile_parts()  # type: ignore[operator, union-attr]
        return run.painter
    compiled: Callable[..., Tensor] = torch.compile(run.painter)
    return compiled


def _batches(run: Run) -> Iterator[list[Tensor]]:
    """Photos, inputs and slots of each step, the last of which are predicted: then parts of paintings, and numbers."""
    steps, process = range(run.step, run.options.steps), run.accelerator
    if run.options.resident and steps:
        yield from _resident(run, steps)
        return
    shared = {"workers": run.options.workers, "pin_memory": process.device.type == "cuda"}
    place = (process.process_index, process.num_processes)
    photos = loader(run.crops, ShareOfSteps(steps, run.options.batch_size, *place), **shared)
    if run.paintings is None:
        yield from photos
        return
    predicted = run.recipe.predicted
    parts = loader(run.paintings, ShareOfSteps(steps, predicted, *place), **shared)
    for (photo, noisy, slot), painting in zip(photos, parts, strict=True):
        yield [photo, noisy, slot[: len(slot) - len(painting[1])], *painting]


def _resident(run: Run, steps: range) -> Iterator[list[Tensor]]:
    """The like, from what is kept on the device."""
    process, device = run.accelerator.process_index, run.accelerator.device
    share = run.options.batch_size // run.accelerator.num_processes
    recipe, size = run.recipe, run.options.batch_size
    crops = ResidentCrops(run.crops.photos, recipe.drawn, run.options, recipe.identity, size, device)
    predicted, unnamed = run.recipe.predicted // run.accelerator.num_processes, run.paintings
    paintings = unnamed and ResidentPaintings(
        unnamed.folders, unnamed.seed, run.recipe.predicted, device, unnamed.mixed
    )
    for step in steps:
        photo, noisy, slot = crops.batch(step, slice(process * share, (process + 1) * share))
        parts = paintings.batch(step, slice(process * predicted, (process + 1) * predicted)) if paintings else []
        yield [photo, noisy, slot[: share - predicted], *parts]


def _after_step(run: Run, *, last: bool) -> None:
    """Checkpoint and sample sheet, when they are due."""
    if last or run.step % run.options.checkpoint_every == 0:
        run.save()
    if run.accelerator.is_main_process and run.step % run.options.sample_every == 0:
        sample_sheet(run)


def train_step(
    run: Run,
    painter: Callable[..., Tensor],
    photo: Tensor,
    noisy: Tensor,
    slot: Tensor,
    parts: Tensor | None = None,
    index: Tensor | None = None,
) -> Losses:
    """One step of the optimiser on one batch.

    Args:
        run: the run.
        painter: its painter, or what :func:`torch.compile` made of it.
        photo: (N,3,H,W) uint8.
        noisy: (N,3,H,W) uint8, what the painter sees.
        slot: (N-M,), of the first photos.
        parts: (M,3,h,w) uint8, paintings of the last photos.
        index: (M,), their numbers.
    """
    for group in run.optimizer.param_groups:
        group["lr"] = group["rate"] * learning_rate(run.step, run.options)
    photo, noisy = _pixels(photo), _pixels(noisy)
    parts = None if parts is None else _pixels(parts)
    with run.autocast():
        picture = painter(noisy, slot, parts)
    objective = run.objective
    losses = objective(picture.float(), photo, slot, parts, index)
    run.optimizer.zero_grad()
    run.accelerator.backward(losses.objective.mean())
    # Averaged over processes like the gradients, the norm stops all of them together, before the weights are touched.
    norm = run.accelerator.clip_grad_norm_(run.painter.parameters(), run.options.clip or math.inf)
    if not torch.isfinite(norm):
        raise ImpastoError(_not_finite(run, losses, slot))
    run.optimizer.step()
    if run.average:
        run.average.update_parameters(run.modules["painter"])
    # Every process moves the same weights.
    objective.adapt(*run.accelerator.gather((slot, losses.likeness[: len(slot)])))
    if index is not None:
        objective.paintings.adapt(*run.accelerator.gather((index, losses.likeness[len(slot) :])))
    return losses


def _pixels(part: Tensor) -> Tensor:
    return (part.float() / 255).contiguous(memory_format=torch.channels_last)


def _not_finite(run: Run, losses: Losses, slot: Tensor) -> str:
    """What went wrong, and where to go on."""
    finite = torch.isfinite(losses.objective)
    slots = sorted(set((slot if finite.all() else slot[~finite[: len(slot)]]).tolist()))
    parts = {"content loss": losses.content, "style loss": losses.style}
    part = next((name for name, loss in parts.items() if not torch.isfinite(loss).all()), "gradient")
    kept = run.out / CHECKPOINT
    kept_note = f"{kept} is the last good state" if kept.exists() else "no checkpoint had been written yet"
    return (
        f"step {run.step + 1}: the {part} is not a finite number (slots {slots}, learning rate "
        f"{learning_rate(run.step, run.options):.2g}); {kept_note}; lower learning_rate or the style's weight"
    )
