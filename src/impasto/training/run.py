"""A training run: its state, made from a recipe, a folder of photos and an output folder, or from a checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from impasto.errors import ImpastoError
from impasto.model import load_model
from impasto.nn import StyleTransferNetwork
from impasto.nn.slim import SlimVGG, load_slim_vgg
from impasto.nn.vgg import VGG16
from impasto.nn.vgg_weights import load_vgg16
from impasto.runtime.torch import load_network
from impasto.training.checkpoint import load_checkpoint, save_checkpoint
from impasto.training.config import Recipe, TrainingOptions
from impasto.training.data import Crops, find_photos
from impasto.training.objective import Objective, read_style_image, style_grams

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
    look: Callable[[bool], Objective]
    """Makes the objective, with the slim loss network or with VGG-16."""
    average: AveragedModel | None = None
    """The mean of the network's weights over the last steps."""
    step: int = 0

    @property
    def options(self) -> TrainingOptions:
        return self.recipe.training

    def autocast(self) -> torch.autocast:
        """The context in which the network runs: convolutions in the run's precision."""
        mixed = self.precision != torch.float32
        return torch.autocast(self.accelerator.device.type, self.precision if mixed else None, enabled=mixed)

    @property
    def modules(self) -> dict[str, nn.Module]:
        """What checkpoints hold: the network, and the mean of its weights."""
        network = self.accelerator.unwrap_model(self.network, keep_torch_compile=False)
        return {"network": network} | ({"average": self.average} if self.average else {})

    def look_closer(self) -> None:
        """Look with VGG-16, where the steps with the slim loss network are done."""
        if isinstance(self.objective.loss_network, SlimVGG) and self.step >= self.recipe.slim_steps:
            factors = self.objective.factors
            self.objective = self.look(False)
            self.objective.factors.copy_(factors)

    @property
    def numbers(self) -> dict[str, Tensor]:
        """What checkpoints hold besides: the factors of the style losses."""
        return {"factors": self.objective.factors}

    @property
    def trained(self) -> StyleTransferNetwork:
        """The network to show and to export: the mean one if there is one."""
        network = self.average.module if self.average else self.modules["network"]
        assert isinstance(network, StyleTransferNetwork)
        return network

    def save(self) -> None:
        """Write the checkpoint, from the main process.

        Raises:
            ImpastoError: it cannot be written; the one before is kept.
        """
        if self.accelerator.is_main_process:
            path = self.out / CHECKPOINT
            try:
                save_checkpoint(path, self.modules, self.optimizer, self.numbers, self.step, self.recipe.digest)
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

    ``start`` is a model folder of the same architecture, whose weights are trained on. Styles begin as its styles of
    the same slug, new ones as the mean of its styles.

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
    crops = Crops(photos, recipe.drawn, recipe.training)

    def look(slim: bool) -> Objective:
        loss_network = load_slim_vgg() if slim else load_vgg16(vgg)
        return _objective(recipe, crops, Path(style_images), loss_network, accelerator.device, precision)

    objective = look(slim=recipe.slim_steps > 0)
    set_seed(recipe.training.seed)
    network = _initial(recipe, start)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = _optimizer(network, recipe.training)
    average = _average(network, recipe.training.average)
    run = Run(recipe, out, accelerator, network, optimizer, objective, crops, precision, look, average)
    if resume:
        run.step = load_checkpoint(out / CHECKPOINT, run.modules, optimizer, run.numbers, recipe.digest)
    run.look_closer()
    run.network, run.optimizer = accelerator.prepare(network, optimizer)
    if average:
        average.to(accelerator.device)
    if accelerator.is_main_process:
        _make_folder(out, recipe)
    return run


def _optimizer(network: StyleTransferNetwork, options: TrainingOptions) -> torch.optim.Adam:
    """Adam, with ``rate`` in each group: its learning rate in times of the schedule's."""
    rows = [parameter for name, parameter in network.named_parameters() if "norm" in name]
    shared = [parameter for name, parameter in network.named_parameters() if "norm" not in name]
    groups = [{"params": shared, "rate": 1.0}, {"params": rows, "rate": options.style_rate}]
    return torch.optim.Adam(groups, lr=options.learning_rate)


def _average(network: StyleTransferNetwork, share: float) -> AveragedModel | None:
    return AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(share)) if share else None


def _initial(recipe: Recipe, start: str | Path | None) -> StyleTransferNetwork:
    network = StyleTransferNetwork(recipe.network, recipe.slots, recipe.identity)
    if start is None:
        return network
    model = load_model(start)
    if model.info.architecture != recipe.network:
        raise ImpastoError(f"model {start}: is {model.info.architecture!r}, the recipe asks for {recipe.network!r}")
    trained = load_network(model)
    network.load_state_dict(
        {name: weight for name, weight in trained.state_dict().items() if "norm" not in name}, strict=False
    )
    mean = torch.stack([torch.from_numpy(style.row) for style in model.styles.values()]).mean(dim=0)
    for entry in recipe.styles:
        known = model.styles.get(entry.slug)
        network.set_style(entry.slot, torch.from_numpy(known.row) if known else mean)
    return network


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
    loss_network: VGG16 | SlimVGG,
    device: torch.device,
    precision: torch.dtype,
) -> Objective:
    loss_network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    grams = {
        entry.slot: style_grams(
            loss_network,
            read_style_image(style_images, entry.image, entry.size, entry.box),
            device,
            recipe.training.shifts,
        )
        for entry in recipe.styles
        if entry.image
    }
    objective = Objective(loss_network, recipe, grams, device)
    photos = torch.stack([crops[number][0] for number in range(32)]).to(device)
    objective.balance(photos.float() / 255, recipe.training.balance, recipe.training.layer_balance)
    loss_network.to(precision)
    return objective
