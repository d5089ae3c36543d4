"""Exported models."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import torch

import impasto
from impasto.models.model import load_model
from impasto.nn.load import load_network, load_predictor
from impasto.training import export_model, train


def test_the_mean_of_the_weights_is_exported(workshop, tmp_path: Path) -> None:
    run = workshop.prepare(tmp_path, steps=3)
    train(run)
    export_model(run, workshop.style_images)
    mean, last = run.trained.network.contract[0].conv.weight, run.joint.network.contract[0].conv.weight
    assert not torch.equal(mean, last)
    exported = load_network(load_model(tmp_path)).contract[0].conv.weight
    torch.testing.assert_close(exported, mean.contiguous(), atol=1e-4, rtol=1e-3)


def test_trained_slots_differ_and_untrained_ones_are_alike(trained: Path, photo: Path) -> None:
    """The article's experiment: slots 0 and 1 trained, 2 and 3 never."""
    stylizer = impasto.load(trained)
    assert list(stylizer.styles) == ["mural", "stained-glass", "slot-2", "slot-3"]
    pictures = [np.asarray(stylizer(photo, style)).astype(int) for style in stylizer.styles]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert np.abs(pictures[one] - pictures[other]).mean() > 0.5
    assert (pictures[2] == pictures[3]).all()


def test_a_predictors_rows_are_exported_with_more_contrast(workshop, tmp_path: Path) -> None:
    """All of them get the same, in the γ of the last layer alone. An untrained network paints next to none."""
    run = workshop.prepare_predictor(tmp_path, steps=1)
    before = run.trained.predictor
    export_model(run, workshop.style_images)
    assert torch.equal(load_predictor(load_model(tmp_path)).spread, before.spread)  # the paper's objective, and no more
    run.recipe = msgspec.structs.replace(
        run.recipe, training=msgspec.structs.replace(run.recipe.training, objective="distribution")
    )
    export_model(run, workshop.style_images)
    after = load_predictor(load_model(tmp_path))
    maps = run.trained.network.norms[-1].num_features
    gamma = slice(-2 * maps, -maps)
    factor = (after.spread / before.spread)[gamma].mean().item()
    assert 1.05 < factor <= 1.2 + 1e-3
    for name in ("base", "spread"):
        expected = getattr(before, name).clone()
        expected[gamma] *= factor
        torch.testing.assert_close(getattr(after, name), expected, rtol=1e-3, atol=1e-4)
