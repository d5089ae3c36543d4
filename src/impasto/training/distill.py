"""Distil VGG-16 into the slim loss network (:mod:`impasto.nn.slim`)."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval
from tqdm import tqdm

from impasto.data.batch import Batch
from impasto.data.crops import Crops
from impasto.data.loading import ShareOfSteps, batches
from impasto.errors import ImpastoError, StoppedError
from impasto.files import write_file
from impasto.losses.gram import STYLE_LAYERS, gram_matrix
from impasto.models.model import Model
from impasto.nn import StyleTransferNetwork
from impasto.nn.load import load_network
from impasto.nn.precision import autocast, fastest_precision
from impasto.nn.slim import SlimVGG
from impasto.nn.vgg import VGG16
from impasto.training.checkpoint import load_checkpoint, save_checkpoint
from impasto.training.interrupt import Interrupt
from impasto.training.recipe import LossNetworkRecipe
from impasto.training.schedule import learning_rate
from impasto.training.step import minimise

_SEEN_FIRST = 96
"""The number of crops from which the teacher's directions are found."""
_LOG_EVERY = 50
"""The number of steps between two updates of the losses beside the progress bar."""


class Teacher(nn.Module):
    """VGG-16's activations in the directions in which the Gram matrices of pictures differ most.

    For each layer it has buffers with its ``directions`` (C,c) and its ``spread``, a root mean square by which its
    answers are divided.
    """

    def __init__(self, vgg: VGG16) -> None:
        super().__init__()
        # Not a submodule: its weights are no part of what is learnt.
        self._vgg = [vgg]
        for layer in STYLE_LAYERS:
            width = vgg.get_parameter(f"{layer.replace('relu', 'conv')}.weight").shape[0]
            self.register_buffer(f"directions_{layer}", torch.zeros(width, SlimVGG.components(layer)))
            self.register_buffer(f"spread_{layer}", torch.ones(()))

    @torch.no_grad()
    def find_directions(self, images: Tensor) -> None:
        """Find the directions from ``images`` (N,3,H,W), RGB in [0,1]."""
        for layer in STYLE_LAYERS:
            grams = torch.cat([gram_matrix(self._vgg[0](image[None], [layer])[layer]) for image in images])
            directions = self.get_buffer(f"directions_{layer}")
            directions.copy_(_directions(grams)[:, : directions.shape[1]])
            energy = (directions.T @ grams.mean(dim=0) @ directions).diagonal().mean()
            self.get_buffer(f"spread_{layer}").copy_(energy.sqrt())

    def scale(self, layer: str) -> Tensor:
        """The factor of answers by which losses on them are losses on VGG-16's activations. Losses are means over maps,
        and VGG-16 has C maps where the answers have c."""
        width, components = self.get_buffer(f"directions_{layer}").shape
        return self.get_buffer(f"spread_{layer}") * (components / width) ** 0.5

    @torch.no_grad()
    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """The answers to images (N,3,H,W), RGB in [0,1]: layer -> (N,c,H',W'), float32."""
        seen = self._vgg[0](image, STYLE_LAYERS)
        return {
            layer: torch.einsum(
                "nchw,cd->ndhw", features.float(), self.get_buffer(f"directions_{layer}")
            ) / self.get_buffer(f"spread_{layer}")
            for layer, features in seen.items()
        }  # fmt: skip


def _directions(grams: Tensor) -> Tensor:
    """Orthonormal directions (C,C), as columns; the first are those in which ``grams`` (N,C,C) differ most."""
    differences = torch.cat([grams - grams.roll(by, dims=0) for by in (1, 3, 7, len(grams) // 2)])
    differences = differences / differences.square().sum(dim=(1, 2), keepdim=True).sqrt().clamp_min(1e-9)
    return torch.linalg.eigh((differences @ differences).mean(dim=0)).eigenvectors.flip(1)


def with_norms(student: SlimVGG) -> SlimVGG:
    """``student`` with a batch normalization after each 3×3 convolution, without which it learns a fifth as fast."""
    for name, conv in list(student.named_children()):
        if name.startswith("conv") and isinstance(conv, nn.Conv2d):
            setattr(student, name, nn.Sequential(conv, nn.BatchNorm2d(conv.out_channels, momentum=0.02)))
    return student


def without_norms(student: SlimVGG) -> SlimVGG:
    """A copy of ``student`` with its normalizations folded into the convolutions."""
    student = copy.deepcopy(student).eval()
    for name, pair in list(student.named_children()):
        if isinstance(pair, nn.Sequential):
            setattr(student, name, fuse_conv_bn_eval(*pair))
    return student


@dataclass
class Distillation:
    """The state of a run: what is trained, and how far it is."""

    recipe: LossNetworkRecipe
    out: Path
    """The file for the loss network; the checkpoint lies beside it."""
    teacher: Teacher
    student: SlimVGG
    network: StyleTransferNetwork
    """Paints half of the crops."""
    optimizer: torch.optim.Optimizer
    accelerator: Accelerator
    step: int = 0
    """How many steps are done."""

    @property
    def modules(self) -> dict[str, nn.Module]:
        """The networks in checkpoints."""
        return {"student": self.student, "teacher": self.teacher}

    @property
    def checkpoint(self) -> Path:
        return self.out.with_name(f"{self.out.stem}-checkpoint.safetensors")

    def autocast(self) -> torch.autocast:
        """The context in which networks run: in the fastest precision of the device."""
        device = self.accelerator.device
        return autocast(device, fastest_precision(device))

    def save(self) -> None:
        save_checkpoint(self.checkpoint, self.modules, self.optimizer, {}, self.step, self.recipe.digest)

    def begin(self, *, resume: bool) -> None:
        """Go on from the checkpoint, or make sure that there is none.

        Raises:
            ImpastoError: there is no checkpoint of this recipe to resume, or there is one that would be lost.
        """
        if resume:
            self.step = load_checkpoint(self.checkpoint, self.modules, self.optimizer, {}, self.recipe.digest)
        elif self.checkpoint.exists():
            raise ImpastoError(
                f"output {self.out}: {self.checkpoint.name} is an unfinished run; --resume it, or delete it"
            )

    def run(self, batches: Iterable[Batch]) -> None:
        """Take the steps that are left.

        Raises:
            StoppedError: Ctrl-C was pressed, and every finished step is in the checkpoint.
            ImpastoError: a loss is not a finite number.
        """
        options = self.recipe.training
        bar = tqdm(total=options.steps, initial=self.step, unit="step", desc=self.recipe.name, smoothing=0.05)
        with Interrupt(self.accelerator) as interrupted, bar:
            for batch in batches:
                losses = self._take_step(batch)
                self.step += 1
                bar.update()
                if self.step % _LOG_EVERY == 0:
                    bar.set_postfix_str(", ".join(f"{name} {loss:.3g}" for name, loss in losses.items()))
                stop = interrupted()
                if stop or self.step % options.checkpoint_every == 0:
                    self.save()
                if stop:
                    raise StoppedError(f"stopped after step {self.step}, saved; continue with --resume")

    def _take_step(self, batch: Batch) -> dict[str, float]:
        """Take one step; the losses are those before it."""
        options = self.recipe.training
        losses = self.losses(batch.pixels(self.accelerator.device))
        objective, rate = torch.stack(list(losses.values())).sum(), learning_rate(self.step, options)
        if not minimise(objective, self.optimizer, self.accelerator, rate=rate, clip=options.clip):
            raise ImpastoError(f"step {self.step + 1}: a loss is not a finite number; lower learning_rate")
        return {name: loss.item() for name, loss in losses.items()}

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """The squared error of each layer, a scalar of about 1 for a student that knows nothing.

        Losses on Gram matrices, added to these, made the Gram matrices worse too.
        """
        image = _half_painted(self, batch.photo, batch.noisy)
        image = image.contiguous(memory_format=torch.channels_last)
        targets = self.teacher(image)
        with self.autocast():
            answers = self.student(image, STYLE_LAYERS)
        return {layer: (answers[layer].float() - target).square().mean() for layer, target in targets.items()}


def distill(
    recipe: LossNetworkRecipe, pictures: Sequence[Path], vgg: VGG16, model: Model, out: Path, *, resume: bool = False
) -> None:
    """Train to the recipe's last step and write the loss network.

    Args:
        recipe: how to train.
        pictures: files; as many paintings as photos, so that both content and style losses come out well.
        vgg: the network to distil.
        model: its network paints half of the crops, since the loss network will see such pictures.
        out: the file for the loss network.
        resume: go on from the checkpoint beside ``out``.

    Raises:
        StoppedError: Ctrl-C was pressed, and every finished step is in the checkpoint.
        ImpastoError: there is a checkpoint and ``resume`` is false, or none of this recipe and it is true; or the file
            cannot be written.
    """
    options = recipe.training
    set_seed(options.seed)
    student = with_norms(SlimVGG())
    crops = Crops([path for path in pictures if path.name not in recipe.held_out], [0], options)
    optimizer = torch.optim.Adam(student.parameters(), lr=options.learning_rate)
    network = load_network(model).requires_grad_(False)
    run = Distillation(recipe, out, Teacher(vgg), student, network, optimizer, Accelerator())
    device = run.accelerator.device
    for module in (vgg, run.teacher, student, run.network):
        module.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    vgg.to(fastest_precision(device))
    run.begin(resume=resume)
    if not run.step:
        first = torch.stack([crops[number].photo for number in range(_SEEN_FIRST)])
        run.teacher.find_directions(first.to(device).float() / 255)
    share = ShareOfSteps(range(run.step, options.steps), options.batch_size)
    run.run(batches(crops, share, workers=options.workers))
    try:
        write_file(out, _packed(run))
    except OSError as error:
        raise ImpastoError(f"output {out}: {error.strerror}") from None
    run.checkpoint.unlink(missing_ok=True)


@torch.no_grad()
def _half_painted(run: Distillation, image: Tensor, noisy: Tensor) -> Tensor:
    """``image`` (N,3,H,W) with its first half painted from ``noisy`` (N,3,H,W), RGB in [0,1].

    Each picture has a random style between, or a little beyond, two of the model's.
    """
    half = len(image) // 2
    rng = torch.Generator().manual_seed(run.recipe.training.seed + run.step)
    slots = torch.randint(run.network.num_styles, (2, half), generator=rng)
    first, second = (run.network.style(style_id=ids.to(image.device)) for ids in slots)
    share = torch.empty(half, 1).uniform_(-0.2, 1.2, generator=rng).to(image.device)
    with run.autocast():
        painted = run.network.render(noisy[:half], first + share * (second - first))
    return torch.cat([painted.float().clamp(0, 1), image[half:]])


def _packed(run: Distillation) -> bytes:
    """The student as a safetensors file in float16, its answers on VGG-16's scale."""
    student = without_norms(run.student)
    for layer in STYLE_LAYERS:
        student.get_buffer(layer.replace("relu", "scale")).copy_(run.teacher.scale(layer))
    return save({name: tensor.half().cpu().contiguous() for name, tensor in student.state_dict().items()})
