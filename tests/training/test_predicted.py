"""Training with a predictor: half of each batch is painted in the styles of paintings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import impasto
from impasto import ImpastoError
from impasto.losses.targets import PhotoScores
from impasto.nn.slim import SlimVGG
from impasto.styles.painting import for_predictor, read_painting
from impasto.training import loop, prepare, read_recipe, train
from impasto.training.balance import PaintingFactors


def test_paintings_whose_pictures_lose_their_photos_come_to_count_less() -> None:
    torch.manual_seed(0)
    slim = SlimVGG().requires_grad_(False)
    factors = PaintingFactors(PhotoScores(slim, torch.rand(4, 3, 64, 64), ()), 0.44, paintings=3)
    before = factors.logs.clone()
    factors.adapt(torch.tensor([0, 1]), torch.tensor([0.24, 0.64]))
    assert factors.logs[0] < before[0] < factors.logs[1]
    assert factors.logs[2] == pytest.approx(before[2].item())
    before = factors.logs.clone()
    factors.adapt(torch.tensor([0, 1]), torch.tensor([torch.nan, torch.nan]))
    assert torch.equal(factors.logs, before)


def test_training_lowers_the_objective_of_predicted_pictures(workshop, tmp_path: Path) -> None:
    run = workshop.prepare_predictor(tmp_path, steps=30)
    row = run.joint.predictor(torch.ones(1, 3, 64, 64))
    batch = next(loop.run_batches(run))
    assert [len(part) for part in (batch.photo, batch.named.slot, batch.predicted.parts)] == [4, 2, 2]
    scores = [loop.train_step(run, run.joint, batch).objective[2:].mean() for _ in range(12)]
    assert scores[-1] < 0.9 * scores[0]
    assert not torch.equal(run.joint.predictor(torch.ones(1, 3, 64, 64)), row)


def test_starting_from_a_model_takes_its_predictor(workshop, with_predictor: Path, tmp_path: Path) -> None:
    recipe = read_recipe(workshop.with_predictor())
    inputs = {"style_images": workshop.style_images, "vgg": workshop.vgg, "start": with_predictor}
    run = prepare(recipe, workshop.photos, tmp_path, **inputs, paintings=[workshop.photos])
    painting = read_painting(workshop.style_images / "mural.png")
    row = run.joint.predictor(torch.from_numpy(for_predictor(painting)[0])).detach().numpy()
    np.testing.assert_allclose(
        row, impasto.load(with_predictor).predict(painting.array).row[None], atol=1e-2 * row.std()
    )


def test_the_last_photos_are_painted_in_the_styles_of_the_paintings(workshop, tmp_path: Path) -> None:
    run = workshop.prepare_predictor(tmp_path)
    batch = next(loop.run_batches(run)).pixels(torch.device("cpu"))
    noisy, slot, parts = batch.noisy, batch.named.slot, batch.parts
    with torch.no_grad():
        pictures, rows = run.joint(noisy, slot, parts), run.joint.predictor(parts)
        torch.testing.assert_close(pictures[:2], run.joint.network(noisy[:2], slot))
        torch.testing.assert_close(pictures[2:], run.joint.network.render(noisy[2:], rows))


@pytest.mark.slow
def test_resuming_is_exact(workshop, tmp_path: Path, monkeypatch) -> None:
    train(workshop.prepare_predictor(tmp_path / "whole", steps=4, checkpoint_every=2))
    real = loop.train_step

    def step(run, *arguments):
        if run.step == 3:
            raise ImpastoError("the power went")
        return real(run, *arguments)

    run = workshop.prepare_predictor(tmp_path / "parts", steps=4, checkpoint_every=2)
    with monkeypatch.context() as broken:
        broken.setattr(loop, "train_step", step)
        with pytest.raises(ImpastoError, match="power"):
            train(run)
    train(workshop.prepare_predictor(tmp_path / "parts", steps=4, checkpoint_every=2, resume=True))
    whole, parts = (load_file(tmp_path / name / loop.CHECKPOINT) for name in ("whole", "parts"))
    assert any(name.startswith("joint.predictor") for name in whole)
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_paintings_and_recipe_must_fit(workshop, tmp_path: Path) -> None:
    named, predicted = read_recipe(workshop.recipe()), read_recipe(workshop.with_predictor())
    for recipe, folders, message in (
        (named, [workshop.photos], r"no \[predictor\]"),
        (predicted, [], "--paintings"),
        (predicted, [tmp_path], "no photos"),
    ):
        with pytest.raises(ImpastoError, match=message):
            prepare(recipe, workshop.photos, tmp_path / "out", vgg=workshop.vgg, paintings=folders)
