"""Runs: from a recipe, a model or a checkpoint."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import torch
from safetensors.torch import save

from impasto import ImpastoError
from impasto.models.model import load_model
from impasto.nn.load import load_network
from impasto.nn.slim import SlimVGG
from impasto.nn.vgg import VGG16
from impasto.training import prepare, read_recipe
from impasto.training.run import CHECKPOINT


def test_an_output_folder_in_use_is_refused(workshop, trained: Path) -> None:
    with pytest.raises(ImpastoError, match="add --resume"):
        workshop.prepare(trained)


def test_resuming_needs_a_checkpoint_of_the_same_recipe(workshop, tmp_path: Path) -> None:
    with pytest.raises(ImpastoError, match="none to resume from"):
        workshop.prepare(tmp_path, resume=True)
    workshop.prepare(tmp_path, steps=20).save()
    with pytest.raises(ImpastoError, match="another recipe"):
        workshop.prepare(tmp_path, steps=21, resume=True)
    (tmp_path / CHECKPOINT).write_bytes(save({"weights": torch.zeros(1)}))  # says nothing of a recipe
    with pytest.raises(ImpastoError, match="another recipe"):
        workshop.prepare(tmp_path, steps=20, resume=True)
    (tmp_path / CHECKPOINT).write_bytes(b"damaged")
    with pytest.raises(ImpastoError, match="damaged"):
        workshop.prepare(tmp_path, steps=20, resume=True)


def test_what_is_refused_is_refused_before_styles_are_measured(workshop, trained: Path, tmp_path: Path) -> None:
    told: list[str] = []
    (tmp_path / "file").touch()
    recipe = read_recipe(workshop.recipe())
    far = msgspec.structs.replace(recipe, training=msgspec.structs.replace(recipe.training, shifts=(80,), crop=96))
    taught = msgspec.structs.replace(recipe, training=msgspec.structs.replace(recipe.training, teacher="nope"))
    paper = msgspec.structs.replace(recipe, network="paper")
    inputs = {"style_images": workshop.style_images, "vgg": workshop.vgg, "tell": told.append}
    for each, out, more, words in (
        (far, "out", {}, "read at 80 × 80 pixels, too few for shifts of 80"),
        (taught, "out", {}, "no model 'nope'"),
        (paper, "out", {"start": trained}, "the recipe asks for 'paper'"),
        (recipe, "out", {"resume": True}, "none to resume from"),
        (recipe, "file", {}, "output .*file: "),
    ):
        with pytest.raises(ImpastoError, match=words):
            prepare(each, workshop.photos, tmp_path / out, **inputs, **more)
    assert not told
    assert not (tmp_path / "out").exists()


def test_shifts_take_turns_and_share_their_factors(workshop, tmp_path: Path) -> None:
    recipe = read_recipe(workshop.recipe(steps=6))
    recipe = msgspec.structs.replace(recipe, training=msgspec.structs.replace(recipe.training, shifts=(4, 8)))
    run = prepare(recipe, workshop.photos, tmp_path, style_images=workshop.style_images, vgg=workshop.vgg)
    one, other = run.objectives
    assert (one.shifts, other.shifts) == ((4,), (8,))
    assert one.targets["relu1_2"].shape == (4, 64, 5 * 64)
    assert one.targets["relu4_3"].shape == (4, 512, 512)  # a shift by 4 is too small for it
    turns = []
    for _ in range(4):
        turns.append(run.objective)
        run.objective.adapt(torch.tensor([0]), torch.tensor([0.9]))
        run.step += 1
    assert turns == [one, other, one, other]
    assert one.factors is other.factors
    assert one.factors[0] > 1


def test_the_slim_loss_network_comes_first(workshop, tmp_path: Path) -> None:
    recipe = read_recipe(workshop.recipe(steps=4))
    recipe = msgspec.structs.replace(recipe, training=msgspec.structs.replace(recipe.training, slim=0.5))
    run = prepare(recipe, workshop.photos, tmp_path, style_images=workshop.style_images, vgg=workshop.vgg)
    used = []
    for _ in range(4):
        used.append(type(run.objective.loss_network))
        run.objective.factors *= 2
        run.step += 1
        run.use_vgg()
    assert used == [SlimVGG, SlimVGG, VGG16, VGG16]
    assert (run.objective.factors == 16).all()


def test_starting_from_a_model_takes_its_styles_by_name(workshop, trained: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(workshop.recipe().read_text("utf-8").replace('"stained-glass"', '"new"'), "utf-8")
    options = {"style_images": workshop.style_images, "vgg": workshop.vgg, "start": trained}
    run = prepare(read_recipe(recipe), workshop.photos, tmp_path / "out", **options)
    model = load_model(trained)
    rows = torch.stack([torch.from_numpy(style.row) for style in model.styles.values()])
    network = run.joint.network
    torch.testing.assert_close(network.style(torch.tensor([0, 1])), torch.stack([rows[0], rows.mean(dim=0)]))
    torch.testing.assert_close(network.contract[0].conv.weight, load_network(model).contract[0].conv.weight)
