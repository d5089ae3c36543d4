"""The training objective: balances, likeness, and the gap as what is minimised."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import torch

from impasto.data.batch import Batch
from impasto.losses.perceptual import likeness_lost
from impasto.losses.targets import gap_weights
from impasto.training import prepare, read_recipe


def objective_of(workshop, out: Path, **options: float):
    recipe = read_recipe(workshop.recipe())
    recipe = msgspec.structs.replace(recipe, training=msgspec.structs.replace(recipe.training, **options))
    return prepare(recipe, workshop.photos, out, style_images=workshop.style_images, vgg=workshop.vgg).objective


def batch(photo: torch.Tensor, slot: torch.Tensor, *parts: torch.Tensor) -> Batch:
    """Photos without noise."""
    return Batch.of(photo, photo, slot, *parts)


def test_balance_evens_out_the_photo_losses(workshop, tmp_path: Path) -> None:
    plain, even = (objective_of(workshop, tmp_path, balance=balance) for balance in (0.0, 1.0))
    torch.testing.assert_close(plain.weights, torch.tensor([[1.0], [1], [0], [0]]).expand(4, 4))
    torch.testing.assert_close(even.weights, even.weights[:, :1].expand(4, 4))
    weighted = (even.weights[:, 0] * even.photo_loss)[:2]
    assert weighted[0] == pytest.approx(weighted[1].item())


def test_layer_balance_evens_out_the_layers_and_keeps_their_sum(workshop, tmp_path: Path) -> None:
    objective = objective_of(workshop, tmp_path, layer_balance=1.0)
    terms = objective.scores.terms(objective.targets)
    for slot in (0, 1):
        weighted = objective.weights[slot] * terms[slot]
        torch.testing.assert_close(weighted, weighted.mean().expand(4))
        torch.testing.assert_close(weighted.sum(), terms[slot].sum())
        assert objective.photo_loss[slot] == pytest.approx(terms[slot].sum().item())


def test_as_a_gap_the_photo_has_all_of_it_left_in_every_style(workshop, tmp_path: Path) -> None:
    objective = objective_of(workshop, tmp_path, objective="gap", likeness=0.5)
    terms = objective.scores.terms(objective.targets)[:2]
    torch.testing.assert_close((objective.weights[:2] * terms).sum(dim=1), torch.ones(2))
    before = objective.weights.clone()
    objective.adapt(torch.tensor([0]), torch.tensor([0.9]))
    torch.testing.assert_close(objective.weights, before)
    assert objective.state == {}


def test_as_a_gap_only_the_likeness_below_the_one_wanted_costs_much(workshop, tmp_path: Path) -> None:
    photo = torch.rand(1, 3, 48, 48)
    slot = torch.tensor([0])
    objectives = [objective_of(workshop, tmp_path, objective="gap", likeness=wanted) for wanted in (0.05, 0.9999)]
    low, high = (objective(photo, batch(photo, slot)).objective.item() for objective in objectives)
    assert low == pytest.approx(high, rel=1e-5)  # the photo itself is as like as can be
    other = torch.rand_like(photo)
    low, high = (objective(other, batch(photo, slot)) for objective in objectives)
    lost = likeness_lost(high.likeness, 0.9999) - likeness_lost(low.likeness, 0.05)
    torch.testing.assert_close(high.objective - low.objective, 20 * objectives[0].another * lost)
    assert likeness_lost(torch.tensor([0.4, 0.6, 1.0]), 0.5).tolist() == pytest.approx([0.13, 0.02, 0.0], abs=1e-6)


def test_weights_follow_the_content_likeness(workshop, tmp_path: Path) -> None:
    objective = workshop.prepare(tmp_path).objective
    before = objective.weights.clone()
    objective.adapt(torch.tensor([0, 1, 1, 0, 2]), torch.tensor([0.64, 0.24, 0.24, torch.nan, 0.9]))
    change = (objective.weights[:, 0] / before[:, 0]).log()
    assert change[0] > 0
    assert change[1] == pytest.approx(-2 * change[0].item(), rel=1e-4)
    assert (objective.weights[2:] == 0).all()


def test_the_identity_style_has_no_factor(workshop, tmp_path: Path) -> None:
    recipe = read_recipe(workshop.with_identity())
    run = prepare(recipe, workshop.photos, tmp_path, style_images=workshop.style_images, vgg=workshop.vgg)
    run.objective.adapt(torch.tensor([2, 0]), torch.tensor([0.99, 0.99]))
    assert run.objective.factors[2] == 1 < run.objective.factors[0]


def test_the_weight_of_the_identity_style_is_that_of_its_pixels(workshop, tmp_path: Path) -> None:
    recipe = read_recipe(workshop.with_identity())
    *styles, identity = recipe.styles
    heavy = msgspec.structs.replace(recipe, styles=(*styles, msgspec.structs.replace(identity, weight=5)))
    photo = torch.full((1, 3, 48, 48), 0.5)
    losses = []
    for each in (recipe, heavy):
        run = prepare(each, workshop.photos, tmp_path, style_images=workshop.style_images, vgg=workshop.vgg)
        losses.append(run.objective(photo + 2 / 255, batch(photo, torch.tensor([2]))))
    pixels = [(each.objective - each.content).item() for each in losses]
    assert pixels == pytest.approx([400, 2000], rel=1e-3)  # 100 times the squared error of 2 levels


def test_photos_without_forms_have_no_likeness(workshop, tmp_path: Path) -> None:
    run = workshop.prepare(tmp_path)
    photo = torch.stack([run.crops[1].photo.float() / 255, torch.full((3, 48, 48), 0.4)])
    likeness = run.objective(photo, batch(photo, torch.tensor([0, 1]))).likeness
    assert likeness[0] == pytest.approx(1, abs=1e-4)
    assert torch.isnan(likeness[1])


def test_a_share_of_the_gap_counts_layers_alike_and_the_rest_their_sum() -> None:
    terms = torch.tensor([[1.0, 3.0, 4.0, 0.01]])
    for evenly in (0.0, 0.3, 1.0):
        weights = gap_weights(terms, evenly)
        torch.testing.assert_close((weights * terms).sum(), torch.tensor(1.0))
        alike = evenly / 4 + (1 - evenly) * terms[0] / terms.sum()
        torch.testing.assert_close((weights * terms)[0], alike)


def test_predicted_styles_can_have_the_objective_of_networks_for_any_style(workshop, tmp_path: Path) -> None:
    recipe = read_recipe(workshop.with_predictor())
    training = msgspec.structs.replace(recipe.training, objective="gap")
    predictor = msgspec.structs.replace(recipe.predictor, weight=3.0)
    recipe = msgspec.structs.replace(recipe, training=training, predictor=predictor)
    inputs = {"style_images": workshop.style_images, "vgg": workshop.vgg, "paintings": [workshop.photos]}
    objective = prepare(recipe, workshop.photos, tmp_path, **inputs).objective
    picture, photo, parts = torch.rand(2, 3, 48, 48), torch.rand(2, 3, 48, 48), torch.rand(1, 3, 64, 64)
    losses = objective(picture, batch(photo, torch.tensor([0, 0]), parts, torch.tensor([1])))
    torch.testing.assert_close(losses.objective[1], losses.content[1] + 3 * losses.style[1])
    assert losses.objective[0] != pytest.approx((losses.content[0] + 3 * losses.style[0]).item(), rel=0.01)
