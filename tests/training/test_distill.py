"""The slim loss network: its answers are on VGG-16's scale, distilling lowers its error, and resuming is exact."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from impasto import ImpastoError
from impasto.cli.main import main
from impasto.losses.gram import STYLE_LAYERS, gram_matrix
from impasto.losses.perceptual import content_loss, style_loss
from impasto.nn.slim import SlimVGG, load_slim_vgg
from impasto.nn.vgg_weights import load_vgg16
from impasto.training import distill as distilling

RECIPE = """
name = "tiny-slim"
held_out = ["photo1.png"]

[training]
steps = {steps}
batch_size = 2
crop = 48
learning_rate = 1e-2
clip = 1.0
workers = 0
checkpoint_every = 2
"""


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand(6, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def test_losses_on_the_teachers_answers_are_vggs_in_its_directions(images: torch.Tensor, workshop) -> None:
    vgg = load_vgg16(workshop.vgg)
    teacher = distilling.Teacher(vgg)
    teacher.find_directions(images)
    answers, seen = teacher(images[:2]), vgg(images[:2], STYLE_LAYERS)
    for layer in STYLE_LAYERS:
        directions = teacher.get_buffer(f"directions_{layer}")
        width = directions.shape[1]
        torch.testing.assert_close(directions.T @ directions, torch.eye(width), atol=1e-4, rtol=0)
        within = torch.einsum("nchw,cd,ed->nehw", seen[layer], directions, directions)
        answer = answers[layer] * teacher.scale(layer)
        torch.testing.assert_close(content_loss(answer[:1], answer[1:]), content_loss(within[:1], within[1:]))
        losses = [style_loss({layer: gram_matrix(x[:1])}, {layer: gram_matrix(x[1:])}) for x in (answer, within)]
        torch.testing.assert_close(*losses, rtol=1e-3, atol=0)


def test_normalizations_fold_into_the_convolutions(images: torch.Tensor) -> None:
    student = distilling.with_norms(SlimVGG())
    student(images, STYLE_LAYERS)  # which moves the running statistics
    folded, student = distilling.without_norms(student), student.eval()
    assert set(folded.state_dict()) == set(SlimVGG().state_dict())
    for layer, answer in student(images, STYLE_LAYERS).items():
        torch.testing.assert_close(folded(images, [layer])[layer], answer, rtol=1e-3, atol=1e-4)


def distill(workshop, trained: Path, folder: Path, out: Path, *options: object, steps: int = 4):
    recipe = folder / f"slim-{steps}.toml"
    recipe.write_text(RECIPE.format(steps=steps))
    arguments = [recipe, "--content", workshop.photos, "--model", trained, "--vgg", workshop.vgg, "--out", out]
    return CliRunner().invoke(main, list(map(str, ["distill", *arguments, *options])), prog_name="impasto")


@pytest.mark.slow
def test_distilling_lowers_the_error(workshop, trained: Path, tmp_path: Path, monkeypatch) -> None:
    errors = []
    real = distilling.Distillation.losses

    def losses(self, batch):
        found = real(self, batch)
        errors.append(sum(found.values()).item())
        return found

    monkeypatch.setattr(distilling.Distillation, "losses", losses)
    assert distill(workshop, trained, tmp_path, tmp_path / "slim.safetensors", steps=24).exit_code == 0
    assert np.mean(errors[-4:]) < 0.8 * np.mean(errors[:4])


@pytest.mark.slow
def test_resuming_is_exact_and_what_is_held_out_is_not_seen(
    workshop, trained: Path, tmp_path: Path, monkeypatch
) -> None:
    whole, parts = tmp_path / "whole.safetensors", tmp_path / "parts.safetensors"
    assert distill(workshop, trained, tmp_path, whole).exit_code == 0
    real = distilling.Distillation.losses

    def losses(self, batch):
        if self.step == 3:
            raise ImpastoError("the power went")
        return real(self, batch)

    with monkeypatch.context() as broken:
        broken.setattr(distilling.Distillation, "losses", losses)
        assert distill(workshop, trained, tmp_path, parts).exit_code == 2
    again = distill(workshop, trained, tmp_path, parts)
    assert again.exit_code == 2
    assert "--resume it" in again.stderr
    assert distill(workshop, trained, tmp_path, parts, "--resume").exit_code == 0
    assert whole.read_bytes() == parts.read_bytes()
    assert sorted(path.name for path in tmp_path.glob("*.safetensors")) == ["parts.safetensors", "whole.safetensors"]
    load_slim_vgg(whole)
