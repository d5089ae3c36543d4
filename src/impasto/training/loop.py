"""The training loop, on accelerate: one process or many, CPU or GPU, the same code."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from torch import Tensor

from impasto.errors import ImpastoError
from impasto.model import load_model
from impasto.nn import StyleTransferNetwork
from impasto.nn.vgg_weights import load_vgg16
from impasto.runtime.torch import load_network
from impasto.training.checkpoint import load_checkpoint, save_checkpoint
from impasto.training.config import Recipe, TrainingOptions
from impasto.training.data import Crops, ShareOfSteps, find_photos, loader
from impasto.training.interrupt import Interrupt
from impasto.training.log import Log
from impasto.training.objective import Losses, Objective
from impasto.training.sheet import sample_sheet

CHECKPOINT = "checkpoint.safetensors"
RECIPE = "recipe.json"


@dataclass
class Run:
    """A training run: what a recipe, a folder of photos and an output folder become."""

    recipe: Recipe
    out: Path
    accelerator: Accelerator
    network: StyleTransferNetwork
    optimizer: torch.optim.Optimizer
    objective: Objective
    crops: Crops
    precision: torch.dtype
    step: int = 0

    @property
    def options(self) -> TrainingOptions:
        return self.recipe.training

    def autocast(self) -> torch.autocast:
        """The context in which the network runs: convolutions in the run's precision."""
        mixed = self.precision != torch.float32
        return torch.autocast(self.accelerator.device.type, self.precision if mixed else None, enabled=mixed)

    def save(self) -> None:
        """Write the checkpoint, from the main process.

        Raises:
            ImpastoError: it cannot be written; the one before is kept.
        """
        if self.accelerator.is_main_process:
            network = self.accelerator.unwrap_model(self.network, keep_torch_compile=False)
            path = self.out / CHECKPOINT
            try:
                save_checkpoint(path, network, self.optimizer, self.step, self.recipe.digest)
            except OSError as error:
                raise ImpastoError(
                    f"checkpoint {path}: cannot be written ({error.strerror}); make room there"
                ) from None


def fastest_precision(device: torch.device) -> torch.dtype:
    """bfloat16 where the hardware computes in it, else float32."""
    if device.type == "cuda":
        supported = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        supported = device.type == "cpu" and torch.cpu._is_avx512_bf16_supported()
    return torch.bfloat16 if supported else torch.float32


def prepare(
    recipe: Recipe,
    content: str | Path,
    out: str | Path,
    *,
    style_images: str | Path = ".",
    vgg: str | Path | None = None,
    start: str | Path | None = None,
    resume: bool = False,
    precision: torch.dtype | None = None,
) -> Run:
    """Build a run, at its first step or where its checkpoint left it.

    ``start`` is a model folder, of the same architecture and number of slots, whose weights and styles are trained on.

    Raises:
        ImpastoError: an input is missing or broken, the output folder already holds a run, or there is none to resume.
    """
    out = Path(out)
    if not resume and (out / CHECKPOINT).exists():
        raise ImpastoError(f"output {out}: holds a training run; add --resume to go on with it, or name another folder")
    accelerator = Accelerator()
    precision = precision or fastest_precision(accelerator.device)
    _check_batch(recipe.training, accelerator)
    photos = find_photos(content)
    crops = Crops(photos, [entry.slot for entry in recipe.styles], recipe.training)
    objective = _objective(recipe, crops, Path(style_images), vgg, accelerator.device, precision)
    set_seed(recipe.training.seed)
    network = _initial(recipe, start)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.Adam(network.parameters(), lr=recipe.training.learning_rate)
    step = load_checkpoint(out / CHECKPOINT, network, optimizer, recipe.digest) if resume else 0
    network, optimizer = accelerator.prepare(network, optimizer)
    if accelerator.is_main_process:
        _make_folder(out, recipe)
    return Run(recipe, out, accelerator, network, optimizer, objective, crops, precision, step)


def _initial(recipe: Recipe, start: str | Path | None) -> StyleTransferNetwork:
    if start is None:
        return StyleTransferNetwork(recipe.network, recipe.slots)
    model = load_model(start)
    if (model.info.architecture, len(model.styles)) != (recipe.network, recipe.slots):
        has = f"{model.info.architecture!r} with {len(model.styles)} styles"
        raise ImpastoError(f"model {start}: is {has}, the recipe asks for {recipe.network!r} with {recipe.slots}")
    return load_network(model)


def _check_batch(options: TrainingOptions, accelerator: Accelerator) -> None:
    if options.batch_size % accelerator.num_processes:
        raise ImpastoError(
            f"batch_size {options.batch_size} cannot be shared by {accelerator.num_processes} processes; "
            "make it a multiple of that"
        )


def _make_folder(out: Path, recipe: Recipe) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / RECIPE).write_bytes(msgspec.json.format(msgspec.json.encode(recipe), indent=2))
    except OSError as error:
        raise ImpastoError(f"output {out}: {error.strerror}") from None


def _objective(
    recipe: Recipe,
    crops: Crops,
    style_images: Path,
    vgg: str | Path | None,
    device: torch.device,
    precision: torch.dtype,
) -> Objective:
    loss_network = load_vgg16(vgg)
    loss_network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    objective = Objective(loss_network, recipe, style_images, device)
    photos = torch.stack([crops[number][0] for number in range(32)]).to(device)
    objective.balance(photos.float() / 255, recipe.training.balance)
    loss_network.to(precision)
    return objective


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
    batches = loader(run.crops, sampler, pin_memory=run.accelerator.device.type == "cuda")
    try:
        with Interrupt(run.accelerator) as interrupted:
            for batch in batches:
                losses = train_step(run, step_function, *[part.to(run.accelerator.device) for part in batch])
                run.step += 1
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
        group["lr"] = learning_rate(run.step, run.options)
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
