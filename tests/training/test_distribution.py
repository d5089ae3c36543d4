"""The objective of training that compares distributions."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import torch

import impasto
from impasto import ImpastoError
from impasto.data.batch import Batch
from impasto.images.reading import read_photo
from impasto.losses.targets import as_pixels
from impasto.training import Run, loop, prepare, read_recipe
from impasto.training.distribution import SEEDS
from impasto.training.objective import GAP

SLOT = torch.tensor([0])


def prepared(workshop, out: Path, recipe: Path | None = None, **options: float) -> Run:
    read = read_recipe(recipe or workshop.recipe())
    training = msgspec.structs.replace(read.training, objective="distribution", slim=1.0, **options)
    read = msgspec.structs.replace(read, training=training)
    paintings = [workshop.photos] if read.predictor else []
    return prepare(read, workshop.photos, out, style_images=workshop.style_images, paintings=paintings)


def objective(run: Run, picture: torch.Tensor, photo: torch.Tensor, slot: torch.Tensor = SLOT) -> float:
    return run.objective(picture, Batch.of(photo, photo, slot)).objective.item()


def test_the_painting_itself_has_none_of_the_distance_left(workshop, tmp_path: Path) -> None:
    run = prepared(workshop, tmp_path, content_weight=0.0)
    painting = as_pixels(read_photo(workshop.style_images / "mural.png").array)
    unit = GAP * run.objective.another.item()
    assert objective(run, painting, painting) == pytest.approx(0, abs=1e-3 * unit)
    photo = run.crops.photo(0)[None].float() / 255
    assert objective(run, photo, photo) == pytest.approx(unit, rel=0.5)  # about what photos have in the mean


def test_what_is_lost_of_the_photo_counts_by_its_weight(workshop, tmp_path: Path) -> None:
    photo = torch.rand(1, 3, 48, 48)
    picture = torch.rand(1, 3, 48, 48)
    light, heavy = (prepared(workshop, tmp_path, content_weight=weight) for weight in (0.1, 0.3))
    content = light.objective(picture, Batch.of(photo, photo, SLOT)).content.item()
    grown = objective(heavy, picture, photo) - objective(light, picture, photo)
    assert grown == pytest.approx(0.2 * GAP * content, rel=1e-3)
    empty = torch.full((1, 3, 48, 48), 0.5)
    assert objective(heavy, picture, empty) == pytest.approx(objective(light, picture, empty))


def test_steps_take_other_directions_in_turn(workshop, tmp_path: Path) -> None:
    run = prepared(workshop, tmp_path)
    photo = torch.rand(1, 3, 48, 48)
    values = []
    for run.step in range(SEEDS + 1):
        values.append(objective(run, photo, photo))
    assert len(set(values[:SEEDS])) == SEEDS
    assert values[SEEDS] == values[0]


def test_a_predicted_picture_is_compared_with_its_part_of_a_painting(workshop, tmp_path: Path) -> None:
    run = prepared(workshop, tmp_path, workshop.with_predictor(), content_weight=0.0)
    part, photo = torch.rand(2, 1, 3, 64, 64)
    both = torch.cat([photo, photo])
    batch = Batch.of(both, both, SLOT, part, torch.tensor([1]))
    other, same = run.objective(torch.cat([photo, part]), batch).objective.tolist()
    assert same == pytest.approx(0, abs=1e-4 * other)


def test_training_lowers_it(workshop, tmp_path: Path) -> None:
    run = prepared(workshop, tmp_path, workshop.with_predictor(steps=30))
    batch = next(loop.run_batches(run))
    losses = [loop.train_step(run, run.joint, batch).objective.mean().item() for _ in range(12)]
    assert losses[-1] < 0.9 * losses[0]


def test_a_teacher_takes_the_photos_place(workshop, with_predictor: Path, tmp_path: Path) -> None:
    recipe = workshop.with_predictor()
    run = prepared(workshop, tmp_path, recipe, teacher=str(with_predictor))
    batch = next(loop.run_batches(run)).pixels(torch.device("cpu"))
    taught = loop._taught(run, batch)
    assert taught.shape == batch.photo.shape
    assert run.objective(taught, batch, taught).content.max() == pytest.approx(0, abs=1e-3)
    assert run.objective(taught, batch).content.min() > 1
    named, row = run.teacher.network, impasto.load(with_predictor).styles["mural"].row
    torch.testing.assert_close(named.style(SLOT)[0], torch.from_numpy(row))


def test_a_teacher_knows_every_style(workshop, trained: Path, tmp_path: Path) -> None:
    with pytest.raises(ImpastoError, match=r"teacher .* predicts no styles"):
        prepared(workshop, tmp_path, workshop.with_predictor(), teacher=str(trained))
    with pytest.raises(ImpastoError, match="has no style 'identity'"):
        prepared(workshop, tmp_path, workshop.with_identity(), teacher=str(trained))
