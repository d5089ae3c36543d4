"""The training loop, on accelerate: the same code for one process or many, CPU or GPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from impasto.data.batch import Batch
from impasto.data.loading import ShareOfSteps, batches
from impasto.data.resident import ResidentCrops, ResidentPaintings, resident_batches
from impasto.errors import ImpastoError, StoppedError
from impasto.nn.cin import trained_instance_norm
from impasto.progress import Tell, quiet
from impasto.training.interrupt import Interrupt
from impasto.training.log import Log
from impasto.training.objective import Losses
from impasto.training.run import CHECKPOINT, Run
from impasto.training.samples import sample_sheet
from impasto.training.schedule import learning_rate
from impasto.training.step import minimise


def train(run: Run, watch: Callable[[Run], None] | None = None, tell: Tell = quiet) -> None:
    """Train to the recipe's last step, with checkpoints and sample sheets on the way.

    Args:
        run: the run; it is changed.
        watch: called with the run after each step.
        tell: is told, in the main process, what the first step waits for.

    Raises:
        StoppedError: Ctrl-C was pressed, and every finished step is in the checkpoint.
        ImpastoError: a loss is not a finite number, and the last good checkpoint is kept.
    """
    main = run.accelerator.is_main_process
    step_function = _step_function(run)
    log = Log(run) if main else None
    if main:
        tell(_first_step(run))
    try:
        with Interrupt(run.accelerator) as interrupted:
            for batch in run_batches(run):
                losses = train_step(run, step_function, batch)
                run.step += 1
                run.use_vgg()
                if log:
                    log.add(losses, batch)
                stop = interrupted()
                _after_step(run, last=stop)
                if watch:
                    watch(run)
                if stop:
                    raise StoppedError(f"stopped after step {run.step}, saved; continue with --resume")
    finally:
        if log:
            log.close()
    run.save()


def _first_step(run: Run) -> str:
    """What is told before the first step, which takes longer than others."""
    waits = ["puts all photos on the device"] * run.options.resident
    waits += ["compiles the network, which takes minutes"] * run.options.compile
    return f"step {run.step + 1} of {run.options.steps}" + (f" first {' and '.join(waits)}" if waits else "")


def _step_function(run: Run) -> Callable[..., Tensor]:
    """The run's joint network, compiled if the recipe wants it."""
    if not run.options.compile:
        run.modules["joint"].network.normalise = trained_instance_norm  # type: ignore[union-attr]
        return run.joint
    if run.accelerator.device.type == "cuda":
        torch.backends.cudnn.benchmark = True  # only now that all pictures have one size
        run.modules["joint"].network.compile_parts()  # type: ignore[operator, union-attr]
        return run.joint
    compiled: Callable[..., Tensor] = torch.compile(run.joint)
    return compiled


def run_batches(run: Run) -> Iterator[Batch]:
    """The batches of the steps that are left, this process's share of them, pictures as uint8."""
    options, accelerator = run.options, run.accelerator
    steps = range(run.step, options.steps)
    share = ShareOfSteps(steps, options.batch_size, accelerator.process_index, accelerator.num_processes)
    if options.resident and steps:
        return _resident_batches(run, share)
    pin_memory = accelerator.device.type == "cuda"
    predicted, workers = run.recipe.predicted, options.workers
    return batches(
        run.crops, share, paintings=run.paintings, predicted=predicted, workers=workers, pin_memory=pin_memory
    )


def _resident_batches(run: Run, share: ShareOfSteps) -> Iterator[Batch]:
    """The batches, made on the device from photos and paintings that are kept there."""
    recipe, device, found = run.recipe, run.accelerator.device, run.paintings
    crops = ResidentCrops(run.crops.photos, recipe.drawn, run.options, recipe.identity, share.batch_size, device)
    if found is None:
        return resident_batches(crops, share)
    paintings = ResidentPaintings(found.folders, found.seed, recipe.predicted, device, found.mixed)
    return resident_batches(crops, share, paintings)


def _after_step(run: Run, *, last: bool) -> None:
    """Write a checkpoint and a sample sheet if they are due; a checkpoint in any case after the ``last`` step."""
    if last or run.step % run.options.checkpoint_every == 0:
        run.save()
    if run.accelerator.is_main_process and run.step % run.options.sample_every == 0:
        sample_sheet(run)


def train_step(run: Run, joint: Callable[..., Tensor], batch: Batch) -> Losses:
    """Take one step of the optimiser.

    Args:
        run: the run; its weights and the state of its objectives are changed.
        joint: the run's joint network, or what :func:`torch.compile` made of it.
        batch: pictures as uint8, on any device.

    Raises:
        ImpastoError: the gradient is not finite; no weight has changed.
    """
    batch = batch.pixels(run.accelerator.device)
    with run.autocast():
        picture = joint(batch.noisy, batch.named.slot, batch.parts)
    losses = run.objective(picture.float(), batch, _taught(run, batch))
    rate = learning_rate(run.step, run.options)
    if not minimise(losses.objective.mean(), run.optimizer, run.accelerator, rate=rate, clip=run.options.clip):
        raise ImpastoError(_not_finite(run, losses, batch))
    if run.average:
        run.average.update_parameters(run.modules["joint"])
    _adapt(run, batch, losses.likeness)
    return losses


@torch.no_grad()
def _taught(run: Run, batch: Batch) -> Tensor | None:
    """The teacher's pictures (N,3,H,W), RGB in [0,1], if there is a teacher."""
    if run.teacher is None:
        return None
    with run.autocast():
        return run.teacher(batch.noisy, batch.named.slot, batch.parts).float()


def _adapt(run: Run, batch: Batch, likeness: Tensor) -> None:
    """Adapt the objective to the content likeness (N,) of pictures; each process to those of all processes, so that
    their factors stay the same."""
    gather, (named, predicted) = run.accelerator.gather, batch.halves(likeness)
    run.objective.adapt(*gather((batch.named.slot, named)))
    if batch.predicted:
        run.objective.adapt_predicted(*gather((batch.predicted.index, predicted)))


def _not_finite(run: Run, losses: Losses, batch: Batch) -> str:
    """The message for a gradient that is not finite: which loss, in which slots, and where to go on."""
    slot, finite = batch.named.slot, torch.isfinite(losses.objective)
    slots = sorted(set((slot if finite.all() else slot[~batch.halves(finite)[0]]).tolist()))
    parts = {"content loss": losses.content, "style loss": losses.style}
    part = next((name for name, loss in parts.items() if not torch.isfinite(loss).all()), "gradient")
    kept = run.out / CHECKPOINT
    kept_note = f"{kept} is the last good state" if kept.exists() else "no checkpoint had been written yet"
    return (
        f"step {run.step + 1}: the {part} is not a finite number (slots {slots}, learning rate "
        f"{learning_rate(run.step, run.options):.2g}); {kept_note}; lower learning_rate or the style's weight"
    )
