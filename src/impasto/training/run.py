"""A training run: its state, made from a recipe, a folder of photos and an output folder, or from a checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from impasto.data.crops import Crops
from impasto.data.paintings import Paintings
from impasto.errors import ImpastoError
from impasto.images.io import find_photos
from impasto.losses.targets import style_views
from impasto.nn.joint import JointNetwork
from impasto.nn.precision import fastest_precision
from impasto.nn.slim import SlimVGG, load_slim_vgg
from impasto.nn.vgg import VGG16
from impasto.nn.vgg_weights import load_vgg16
from impasto.styles.painting import read_painting, style_image_path
from impasto.training.checkpoint import load_checkpoint, save_checkpoint
from impasto.training.objective import Objective
from impasto.training.recipe import Recipe, TrainingOptions
from impasto.training.start import initial_painter

CHECKPOINT = "checkpoint.safetensors"
RECIPE = "recipe.json"
_SEEN_FIRST = 32
"""Photos by which losses are measured."""


@dataclass
class Run:
    """A training run: what a recipe, a folder of photos and an output folder become."""

    recipe: Recipe
    out: Path
    accelerator: Accelerator
    painter: JointNetwork
    optimizer: torch.optim.Optimizer
    objectives: list[Objective]
    """In turn, a step each; their factors are the same."""
    crops: Crops
    paintings: Paintings | None
    precision: torch.dtype
    look: Callable[[bool], list[Objective]]
    """Makes the objectives, with the slim loss network or with VGG-16."""
    average: AveragedModel | None = None
    """The mean of the painter's weights over the last steps."""
    step: int = 0

    @property
    def options(self) -> TrainingOptions:
        return self.recipe.training

    @property
    def objective(self) -> Objective:
        """That of the next step."""
        return self.objectives[self.step % len(self.objectives)]

    def autocast(self) -> torch.autocast:
        """The context in which the painter runs: convolutions in the run's precision."""
        mixed = self.precision != torch.float32
        return torch.autocast(self.accelerator.device.type, self.precision if mixed else None, enabled=mixed)

    @property
    def modules(self) -> dict[str, nn.Module]:
        """What checkpoints hold: the painter, and the mean of its weights."""
        painter = self.accelerator.unwrap_model(self.painter, keep_torch_compile=False)
        return {"painter": painter} | ({"average": self.average} if self.average else {})

    def look_closer(self) -> None:
        """Look with VGG-16, where the steps with the slim loss network are done."""
        if isinstance(self.objective.loss_network, SlimVGG) and self.step >= self.recipe.slim_steps:
            numbers = self.numbers
            self.objectives = self.look(False)
            for objective in self.objectives:
                objective.share(numbers)

    @property
    def numbers(self) -> dict[str, Tensor]:
        """What checkpoints hold besides: the factors of the style losses."""
        return self.objectives[0].numbers

    @property
    def trained(self) -> JointNetwork:
        """The painter to show and to export: the mean one if there is one."""
        painter = self.average.module if self.average else self.modules["painter"]
        assert isinstance(painter, JointNetwork)
        return painter

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


def prepare(
    recipe: Recipe,
    content: str | Path,
    out: str | Path,
    *,
    style_images: str | Path = ".",
    vgg: str | Path | None = None,
    start: str | Path | None = None,
    paintings: Sequence[str | Path] = (),
    resume: bool = False,
    precision: torch.dtype | None = None,
) -> Run:
    """Build a run, at its first step or where its checkpoint left it.

    ``start`` is a model folder of the same architecture, whose weights are trained on. Styles begin as its styles of
    the same slug, new ones as the mean of its styles. ``paintings`` are folders for the predictor, if the recipe has
    one; each counts as much as the others.

    Raises:
        ImpastoError: an input is missing or broken, the output folder already holds a run, or there is none to resume.
    """
    out = Path(out)
    if not resume and (out / CHECKPOINT).exists():
        raise ImpastoError(f"output {out}: holds a training run; add --resume to go on with it, or name another folder")
    accelerator = Accelerator()
    precision = precision or fastest_precision(accelerator.device)
    _check_batch(recipe, accelerator)
    photos = find_photos(content)
    crops = Crops(photos, recipe.drawn, recipe.training, silent=recipe.identity)
    unnamed = find_paintings(recipe, paintings)

    def look(slim: bool) -> list[Objective]:
        loss_network = load_slim_vgg() if slim else load_vgg16(vgg)
        known = unnamed.count if unnamed else 0
        return _objectives(recipe, crops, Path(style_images), known, loss_network, accelerator.device, precision)

    objectives = look(slim=recipe.slim_steps > 0)
    set_seed(recipe.training.seed)
    painter = initial_painter(recipe, unnamed, start)
    painter.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = _optimizer(painter, recipe.training)
    average = _average(painter, recipe.training.average)
    run = Run(recipe, out, accelerator, painter, optimizer, objectives, crops, unnamed, precision, look, average)
    if resume:
        run.step = load_checkpoint(out / CHECKPOINT, run.modules, optimizer, run.numbers, recipe.digest)
    run.look_closer()
    run.painter, run.optimizer = accelerator.prepare(painter, optimizer)
    if average:
        average.to(accelerator.device)
    if accelerator.is_main_process:
        _make_folder(out, recipe)
    return run


def find_paintings(recipe: Recipe, folders: Sequence[str | Path]) -> Paintings | None:
    """What the recipe's predictor learns from: all pictures in ``folders`` but those held out.

    Raises:
        ImpastoError: there are folders without a predictor or the other way round, or one without pictures.
    """
    if not recipe.predictor:
        if folders:
            raise ImpastoError("paintings: the recipe has no [predictor] that would learn from them")
        return None
    if not folders:
        raise ImpastoError("the recipe has a [predictor]; name a folder for it to learn from with --paintings")
    held_out = set(recipe.predictor.held_out)
    found = [[path for path in find_photos(folder, "paintings") if path.name not in held_out] for folder in folders]
    return Paintings([each for each in found if each], recipe.training.seed, recipe.predictor.mixed)


def _optimizer(painter: JointNetwork, options: TrainingOptions) -> torch.optim.Adam:
    """Adam, with ``rate`` in each group: its learning rate in times of the schedule's."""
    learnt = [(name, parameter) for name, parameter in painter.named_parameters() if parameter.requires_grad]
    rows = [parameter for name, parameter in learnt if ".norm." in name]
    shared = [parameter for name, parameter in learnt if ".norm." not in name]
    groups = [{"params": shared, "rate": 1.0}, {"params": rows, "rate": options.style_rate}]
    return torch.optim.Adam(groups, lr=options.learning_rate, fused=torch.cuda.is_available() or None)


def _average(painter: JointNetwork, share: float) -> AveragedModel | None:
    return AveragedModel(painter, multi_avg_fn=get_ema_multi_avg_fn(share)) if share else None


def _check_batch(recipe: Recipe, accelerator: Accelerator) -> None:
    size, predicted, processes = recipe.training.batch_size, recipe.predicted, accelerator.num_processes
    if size % processes or predicted % processes:
        raise ImpastoError(
            f"batch_size {size}, {predicted} of them predicted, cannot be shared by {processes} processes; "
            "make both multiples of that"
        )
    if recipe.predictor and not 0 < predicted < size:
        raise ImpastoError(f"batch_size {size}: {predicted} of them would be predicted; raise it or change share")


def _make_folder(out: Path, recipe: Recipe) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / RECIPE).write_bytes(msgspec.json.format(msgspec.json.encode(recipe), indent=2))
    except OSError as error:
        raise ImpastoError(f"output {out}: {error.strerror}") from None


def _objectives(
    recipe: Recipe,
    crops: Crops,
    style_images: Path,
    paintings: int,
    loss_network: VGG16 | SlimVGG,
    device: torch.device,
    precision: torch.dtype,
) -> list[Objective]:
    loss_network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    grams = {}
    for entry in recipe.styles:
        if entry.image:
            painting = read_painting(style_image_path(style_images, entry.image), entry.size, entry.box)
            grams[entry.slot] = style_views(loss_network, painting.array, device, recipe.views)
    photos = torch.stack([crops.photo(number) for number in range(_SEEN_FIRST)]).to(device).float() / 255
    objectives = []
    for number, shifts in enumerate(recipe.views):
        seen = {slot: views[number] for slot, views in grams.items()}
        objectives.append(Objective(loss_network, recipe, seen, photos, paintings, shifts))
        objectives[-1].share(objectives[0].numbers)
    loss_network.to(precision)
    if recipe.training.compile and device.type == "cuda":
        loss_network.compile(dynamic=False)
    return objectives
