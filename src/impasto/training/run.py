"""A training run: its state, made from a recipe, a folder of photos and an output folder, or from a checkpoint."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
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
from impasto.images.arrays import Array
from impasto.images.folders import find_photos
from impasto.losses.distribution import DistributionOptions
from impasto.losses.targets import painting_maps, style_grams, style_views
from impasto.nn.joint import JointNetwork
from impasto.nn.precision import autocast, fastest_precision
from impasto.nn.slim import SlimVGG, load_slim_vgg
from impasto.nn.vgg import VGG16
from impasto.nn.vgg_weights import load_vgg16
from impasto.progress import Tell, quiet
from impasto.styles.painting import read_painting, style_image_path
from impasto.training.checkpoint import check_checkpoint, load_checkpoint, save_checkpoint
from impasto.training.distribution import SEEDS, DistributionObjective
from impasto.training.objective import ContentObjective, GapObjective, Objective
from impasto.training.recipe import Recipe, TrainingOptions
from impasto.training.start import initial_network, teacher

CHECKPOINT = "checkpoint.safetensors"
"""The checkpoint's file name in the output folder."""
RECIPE = "recipe.json"
"""The file name of the recipe, complete, as the run uses it."""
MEASURED = 32
"""The number of photos by which losses are measured."""


@dataclass
class Run:
    """A training run, made from a recipe, a folder of photos and an output folder."""

    recipe: Recipe
    out: Path
    accelerator: Accelerator
    joint: JointNetwork
    """What is trained."""
    optimizer: torch.optim.Optimizer
    objectives: list[Objective]
    """Each step takes the next of them; they share their state."""
    crops: Crops
    paintings: Paintings | None
    precision: torch.dtype
    make_objectives: Callable[[bool], list[Objective]]
    """Makes the objectives, with the slim loss network (True) or with VGG-16 (False)."""
    teacher: JointNetwork | None = None
    """What the joint network is taught by, if the recipe names it."""
    average: AveragedModel | None = None
    """The running mean of the joint network's weights."""
    step: int = 0
    """How many steps are done."""

    @property
    def options(self) -> TrainingOptions:
        return self.recipe.training

    @property
    def objective(self) -> Objective:
        """The objective of the next step."""
        return self.objectives[self.step % len(self.objectives)]

    def autocast(self) -> torch.autocast:
        """The context in which networks run."""
        return autocast(self.accelerator.device, self.precision)

    @property
    def modules(self) -> dict[str, nn.Module]:
        """The networks in checkpoints: the joint network, and the mean of its weights."""
        joint = self.accelerator.unwrap_model(self.joint, keep_torch_compile=False)
        return {"joint": joint} | ({"average": self.average} if self.average else {})

    def use_vgg(self) -> None:
        """Change to VGG-16 as the loss network, if the steps with the slim one are done and others follow."""
        due = self.recipe.slim_steps <= self.step < self.options.steps
        if due and isinstance(self.objective.loss_network, SlimVGG):
            state = self.state
            self.objectives = self.make_objectives(False)
            for objective in self.objectives:
                objective.share(state)

    @property
    def state(self) -> dict[str, Tensor]:
        """What else is trained and in checkpoints: the factors of the style losses."""
        return self.objectives[0].state

    @property
    def trained(self) -> JointNetwork:
        """The joint network to show and to export: the mean of its weights if there is one."""
        joint = self.average.module if self.average else self.modules["joint"]
        assert isinstance(joint, JointNetwork)
        return joint

    def save(self) -> None:
        """Write the checkpoint, from the main process.

        Raises:
            ImpastoError: it cannot be written; the one before is kept.
        """
        if self.accelerator.is_main_process:
            path = self.out / CHECKPOINT
            try:
                save_checkpoint(path, self.modules, self.optimizer, self.state, self.step, self.recipe.digest)
            except OSError as error:
                raise ImpastoError(
                    f"checkpoint {path}: cannot be written ({error.strerror}); free some space there"
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
    tell: Tell = quiet,
) -> Run:
    """Build a run, at its first step or where its checkpoint left it.

    Args:
        recipe: how to train.
        content: folder of photos.
        out: folder for checkpoints, logs and the model.
        style_images: folder of the recipe's style images.
        vgg: a file with the weights of VGG-16; without it, the cached copy, downloaded once.
        start: a model folder of the same architecture, whose weights are trained on. Styles begin as its styles of the
            same slug, new ones as the mean of its styles.
        paintings: folders for the predictor, if the recipe has one; each counts as much as the others.
        resume: go on from the checkpoint in ``out``.
        precision: what networks compute in; without it, the device's fastest.
        tell: is told, in the main process, what takes a while.

    Raises:
        ImpastoError: an input is missing or broken, the output folder already holds a run, or there is none to resume.
    """
    out, accelerator = Path(out), Accelerator()
    precision = precision or fastest_precision(accelerator.device)
    _check_output(out, resume=resume)
    _check_batch(recipe, accelerator)
    crops = Crops(find_photos(content), recipe.drawn, recipe.training, silent=recipe.identity)
    unnamed = find_paintings(recipe, paintings)
    images = _style_images(recipe, Path(style_images))
    known = unnamed.count if unnamed else 0
    make_objectives = _maker(recipe, crops, images, known, vgg, accelerator, precision, tell)

    # What may be refused comes before the objectives, for which styles are measured for minutes.
    set_seed(recipe.training.seed)
    joint = initial_network(recipe, unnamed, start)
    joint.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    taught_by = teacher(recipe, unnamed)
    if resume:
        check_checkpoint(out / CHECKPOINT, recipe.digest)
    run = Run(
        recipe, out, accelerator, joint, _optimizer(joint, recipe.training), make_objectives(recipe.slim_steps > 0),
        crops, unnamed, precision, make_objectives, taught_by, _average(joint, recipe.training.average),
    )  # fmt: skip
    if resume:
        run.step = load_checkpoint(out / CHECKPOINT, run.modules, run.optimizer, run.state, recipe.digest)
    run.use_vgg()
    _place(run)
    return run


def _maker(
    recipe: Recipe,
    crops: Crops,
    images: Mapping[int, Array],
    paintings: int,
    vgg: str | Path | None,
    accelerator: Accelerator,
    precision: torch.dtype,
    tell: Tell,
) -> Callable[[bool], list[Objective]]:
    """What makes the objectives, by the slim loss network (True) or by VGG-16 (False), and says so."""

    def make(slim: bool) -> list[Objective]:
        loss_network = load_slim_vgg() if slim else load_vgg16(vgg)
        if accelerator.is_main_process:
            by = "the slim loss network" if slim else "VGG-16"
            tell(f"{len(crops.photos):,} photos; measuring {len(images)} style{'s' * (len(images) != 1)} by {by}")
        return _objectives(recipe, crops, images, paintings, loss_network, accelerator.device, precision)

    return make


def _place(run: Run) -> None:
    """Put a run's networks where they are computed, and its recipe into its folder."""
    run.joint, run.optimizer = run.accelerator.prepare(run.joint, run.optimizer)
    for fixed in (run.average, run.teacher):
        if fixed:
            fixed.to(run.accelerator.device)
    if run.accelerator.is_main_process:
        _make_folder(run.out, run.recipe)


def find_paintings(recipe: Recipe, folders: Sequence[str | Path]) -> Paintings | None:
    """The paintings that the recipe's predictor learns from: all pictures in ``folders`` but those held out.

    Raises:
        ImpastoError: there are folders but no predictor, or a predictor but no folders, or a folder has no pictures.
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


def _optimizer(joint: JointNetwork, options: TrainingOptions) -> torch.optim.Adam:
    """Adam with two groups, shared weights and rows; the ``rate`` of a group multiplies the schedule's learning
    rate."""
    trained = [(name, parameter) for name, parameter in joint.named_parameters() if parameter.requires_grad]
    rows = [parameter for name, parameter in trained if ".norm." in name]
    shared = [parameter for name, parameter in trained if ".norm." not in name]
    groups = [{"params": shared, "rate": 1.0}, {"params": rows, "rate": options.style_rate}]
    return torch.optim.Adam(groups, lr=options.learning_rate, fused=torch.cuda.is_available() or None)


def _average(joint: JointNetwork, share: float) -> AveragedModel | None:
    """The running mean of the weights, which keeps ``share`` of itself in each step; None for 0."""
    return AveragedModel(joint, multi_avg_fn=get_ema_multi_avg_fn(share)) if share else None


def _check_output(out: Path, *, resume: bool) -> None:
    """Check that a folder can be made or written there, and that a new run would not take the place of another."""
    nearest = next(path for path in (out, *out.parents) if path.exists())
    if not (nearest.is_dir() and os.access(nearest, os.W_OK)):
        raise ImpastoError(f"output {out}: {nearest} is not a writable folder; name another one")
    if not resume and (out / CHECKPOINT).exists():
        raise ImpastoError(f"output {out}: holds a training run; add --resume to continue it, or name another folder")


def _check_batch(recipe: Recipe, accelerator: Accelerator) -> None:
    """Check that processes can share each batch, and that it has photos for both named and predicted styles."""
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


def _style_images(recipe: Recipe, folder: Path) -> dict[int, Array]:
    """The style images of a recipe: slot -> (H,W,3) uint8, at the size at which they are learned from."""
    images = {}
    for entry in recipe.styles:
        if entry.image:
            path = style_image_path(folder, entry.image)
            images[entry.slot] = image = read_painting(path, entry.size, entry.box).array
            if not recipe.training.has_room(min(image.shape[:2])):
                height, width = image.shape[:2]
                far = f"shifts of {max(recipe.training.shifts)} pixels"
                raise ImpastoError(f"{path}: is read at {width} × {height} pixels, too few for {far}")
    return images


def _objectives(
    recipe: Recipe,
    crops: Crops,
    images: Mapping[int, Array],
    paintings: int,
    loss_network: VGG16 | SlimVGG,
    device: torch.device,
    precision: torch.dtype,
) -> list[Objective]:
    """The recipe's objectives, of which each step takes the next. All share one state and ``loss_network``, which is
    converted to ``precision`` once the targets are known."""
    loss_network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    photos = torch.stack([crops.photo(number) for number in range(MEASURED)]).to(device).float() / 255
    if recipe.training.objective == "distribution":
        objectives = _distribution_objectives(recipe, images, loss_network, photos)
    else:
        objectives = _gram_objectives(recipe, images, loss_network, photos, paintings)
    loss_network.to(precision)
    if recipe.training.compile and device.type == "cuda":
        loss_network.compile(dynamic=False)
    return objectives


def _gram_objectives(
    recipe: Recipe, images: Mapping[int, Array], loss_network: VGG16 | SlimVGG, photos: Tensor, paintings: int
) -> list[Objective]:
    """An objective for each view of the recipe, by Gram matrices of ``images``, slot -> (H,W,3) uint8."""
    kind = GapObjective if recipe.training.objective == "gap" else ContentObjective
    grams = {slot: style_views(loss_network, image, photos.device, recipe.views) for slot, image in images.items()}
    objectives: list[Objective] = []
    for number, shifts in enumerate(recipe.views):
        seen = {slot: views[number] for slot, views in grams.items()}
        objectives.append(kind(loss_network, recipe, seen, photos, paintings, shifts))
        objectives[-1].share(objectives[0].state)
    return objectives


def _distribution_objectives(
    recipe: Recipe, images: Mapping[int, Array], loss_network: VGG16 | SlimVGG, photos: Tensor
) -> list[Objective]:
    """An objective for each set of directions, by distributions of ``images``, slot -> (H,W,3) uint8."""
    device, octaves = photos.device, DistributionOptions().octaves
    grams = {slot: style_grams(loss_network, image, device) for slot, image in images.items()}
    maps = {slot: painting_maps(loss_network, image, device, octaves) for slot, image in images.items()}
    return [DistributionObjective(loss_network, recipe, grams, maps, photos, seed) for seed in range(SEEDS)]
