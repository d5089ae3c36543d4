"""Distil VGG-16 into the slim loss network (:mod:`impasto.nn.slim`)."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate.utils import set_seed
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from impasto.data.crops import Crops
from impasto.data.loading import ShareOfSteps, loader
from impasto.errors import ImpastoError
from impasto.files import write_file
from impasto.losses.gram import STYLE_LAYERS, gram_matrix
from impasto.models.model import Model
from impasto.nn import StyleTransferNetwork
from impasto.nn.load import load_network
from impasto.nn.precision import fastest_precision
from impasto.nn.slim import SlimVGG
from impasto.nn.vgg import VGG16
from impasto.training.job import Job
from impasto.training.recipe import PartRecipe

_SEEN_FIRST = 96


class Teacher(nn.Module):
    """VGG-16's activations in the directions in which the Gram matrices of pictures differ most.

    Of each layer it knows the ``directions``, and the ``spread``, a root mean square by which its answers are divided.
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
    def look_at(self, images: Tensor) -> None:
        """Find the directions from ``images`` (N,3,H,W)."""
        for layer in STYLE_LAYERS:
            grams = torch.cat([gram_matrix(self._vgg[0](image[None], [layer])[layer]) for image in images])
            directions = self.get_buffer(f"directions_{layer}")
            directions.copy_(_directions(grams)[:, : directions.shape[1]])
            energy = (directions.T @ grams.mean(dim=0) @ directions).diagonal().mean()
            self.get_buffer(f"spread_{layer}").copy_(energy.sqrt())

    def scale(self, layer: str) -> Tensor:
        """By which losses on the answers become losses on VGG-16: those are means over C maps, these over c."""
        width, components = self.get_buffer(f"directions_{layer}").shape
        return self.get_buffer(f"spread_{layer}") * (components / width) ** 0.5

    @torch.no_grad()
    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """(N,3,H,W) -> layer -> (N,c,H',W'), float32."""
        seen = self._vgg[0](image, STYLE_LAYERS)
        return {
            layer: torch.einsum(
                "nchw,cd->ndhw", features.float(), self.get_buffer(f"directions_{layer}")
            ) / self.get_buffer(f"spread_{layer}")
            for layer, features in seen.items()
        }  # fmt: skip


def _directions(grams: Tensor) -> Tensor:
    """Orthonormal directions (C,C), those first in which the Gram matrices (N,C,C) differ most from one another."""
    differences = torch.cat([grams - grams.roll(by, dims=0) for by in (1, 3, 7, len(grams) // 2)])
    differences = differences / differences.square().sum(dim=(1, 2), keepdim=True).sqrt().clamp_min(1e-9)
    return torch.linalg.eigh((differences @ differences).mean(dim=0)).eigenvectors.flip(1)


def _with_norms(student: SlimVGG) -> SlimVGG:
    """``student`` with a batch normalization after each 3×3 convolution, without which it learns a fifth as fast."""
    for name, conv in list(student.named_children()):
        if name.startswith("conv") and isinstance(conv, nn.Conv2d):
            setattr(student, name, nn.Sequential(conv, nn.BatchNorm2d(conv.out_channels, momentum=0.02)))
    return student


def _without_norms(student: SlimVGG) -> SlimVGG:
    """A copy of ``student`` with its normalizations folded into the convolutions."""
    student = copy.deepcopy(student).eval()
    for name, pair in list(student.named_children()):
        if isinstance(pair, nn.Sequential):
            setattr(student, name, fuse_conv_bn_eval(*pair))
    return student


@dataclass(kw_only=True)
class Distillation(Job):
    """A run of it."""

    teacher: Teacher
    student: SlimVGG
    painter: StyleTransferNetwork

    @property
    def modules(self) -> dict[str, nn.Module]:
        return {"student": self.student, "teacher": self.teacher}

    def losses(self, batch: list[Tensor]) -> dict[str, Tensor]:
        """Each layer's squared error, about 1 for a student that knows nothing.

        Losses on Gram matrices, added to these, made them worse too.
        """
        photo, noisy, _ = batch
        image = _half_painted(self, photo.float() / 255, noisy.float() / 255)
        image = image.contiguous(memory_format=torch.channels_last)
        targets = self.teacher(image)
        with self.autocast():
            answers = self.student(image, STYLE_LAYERS)
        return {layer: (answers[layer].float() - target).square().mean() for layer, target in targets.items()}


def distill(
    recipe: PartRecipe, pictures: Sequence[Path], vgg: VGG16, model: Model, out: Path, *, resume: bool = False
) -> None:
    """Train to the recipe's last step and write the loss network.

    Args:
        recipe: how.
        pictures: files; as many paintings as photos serve both losses.
        vgg: the teacher.
        model: half of the crops are painted by its network, since that is what the loss network will look at.
        out: the file for the loss network.
        resume: go on from the checkpoint beside ``out``.

    Raises:
        ImpastoError: Ctrl-C, the checkpoint holding every finished step; there is a checkpoint and ``resume`` is false,
            or none of this recipe and it is true; or the file cannot be written.
    """
    options = recipe.training
    set_seed(options.seed)
    student = _with_norms(SlimVGG())
    crops = Crops([path for path in pictures if path.name not in recipe.held_out], [0], options)
    run = Distillation(
        recipe, out, torch.optim.Adam(student.parameters(), lr=options.learning_rate),
        teacher=Teacher(vgg), student=student, painter=load_network(model).requires_grad_(False),
    )  # fmt: skip
    device = run.accelerator.device
    for module in (vgg, run.teacher, student, run.painter):
        module.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    vgg.to(fastest_precision(device))
    run.begin(resume=resume)
    if not run.step:
        run.teacher.look_at(torch.stack([crops[number][0] for number in range(_SEEN_FIRST)]).to(device).float() / 255)
    run.run(loader(crops, ShareOfSteps(range(run.step, options.steps), options.batch_size), options.workers))
    try:
        write_file(out, _packed(run))
    except OSError as error:
        raise ImpastoError(f"output {out}: {error.strerror}") from None
    run.checkpoint.unlink(missing_ok=True)


@torch.no_grad()
def _half_painted(run: Distillation, image: Tensor, noisy: Tensor) -> Tensor:
    """``image`` with its first half painted, each picture in a random style between or beyond two of the model's."""
    half = len(image) // 2
    rng = torch.Generator().manual_seed(run.recipe.training.seed + run.step)
    slots = torch.randint(run.painter.num_styles, (2, half), generator=rng)
    first, second = (run.painter.style(style_id=ids.to(image.device)) for ids in slots)
    share = torch.empty(half, 1).uniform_(-0.2, 1.2, generator=rng).to(image.device)
    with run.autocast():
        painted = run.painter.render(noisy[:half], first + share * (second - first))
    return torch.cat([painted.float().clamp(0, 1), image[half:]])


def _packed(run: Distillation) -> bytes:
    """The student as a safetensors file in float16, its answers on VGG-16's scale."""
    student = _without_norms(run.student)
    for layer in STYLE_LAYERS:
        student.get_buffer(layer.replace("relu", "scale")).copy_(run.teacher.scale(layer))
    return save({name: tensor.half().cpu().contiguous() for name, tensor in student.state_dict().items()})
