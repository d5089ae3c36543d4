"""The training loop: exact resuming, and what happens when it goes wrong."""

from __future__ import annotations

import copy
import json
import os
import signal
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

import impasto
from impasto import ImpastoError
from impasto.data.batch import Batch
from impasto.images.contact_sheet import GAP, LABEL
from impasto.training import Run, export_model, loop, prepare, read_recipe, train
from impasto.training.objective import ContentObjective


def weights_of(out: Path) -> dict[str, torch.Tensor]:
    return load_file(out / loop.CHECKPOINT)


def interrupt_after(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Press Ctrl-C in the middle of that step."""
    real = loop.train_step

    def step_with_interrupt(run, *arguments):
        if run.step == step:
            os.kill(os.getpid(), signal.SIGINT)
        return real(run, *arguments)

    monkeypatch.setattr(loop, "train_step", step_with_interrupt)


def first_crops(run: Run, slots: list[int]) -> Batch:
    """The first crops of a run, to be painted in slots."""
    crops = [run.crops[number] for number in range(len(slots))]
    photo, noisy = torch.stack([crop.photo for crop in crops]), torch.stack([crop.noisy for crop in crops])
    return Batch.of(photo, noisy, torch.tensor(slots))


def test_rows_learn_at_their_own_rate(workshop, tmp_path: Path) -> None:
    """Adam's first step moves every weight by its learning rate, whatever the gradient."""
    recipe = read_recipe(workshop.recipe(steps=1, learning_rate=1e-3))
    options = msgspec.structs.replace(recipe.training, style_rate=3.0)
    recipe = msgspec.structs.replace(recipe, training=options)
    run = prepare(recipe, workshop.photos, tmp_path, style_images=workshop.style_images, vgg=workshop.vgg)
    before = copy.deepcopy(run.modules["joint"].network)
    train(run)
    new, old = run.modules["joint"].network.state_dict(), before.state_dict()
    for name, rate in (("contract.0.norm.beta", 3e-3), ("contract.0.conv.weight", 1e-3)):
        assert (new[name] - old[name]).abs().max().item() == pytest.approx(rate, rel=0.01)


def test_resuming_is_exact(workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train(workshop.prepare(tmp_path / "straight", steps=8))
    with monkeypatch.context() as patch:
        interrupt_after(patch, 3)
        with pytest.raises(ImpastoError, match="stopped after step 4, saved; continue with --resume"):
            train(workshop.prepare(tmp_path / "stopped", steps=8))
    run = workshop.prepare(tmp_path / "stopped", steps=8, resume=True)
    assert run.step == 4
    train(run)
    straight, resumed = weights_of(tmp_path / "straight"), weights_of(tmp_path / "stopped")
    assert straight.keys() == resumed.keys()
    assert any(name.startswith("optimizer") for name in straight)
    for name, tensor in straight.items():
        assert torch.equal(tensor, resumed[name]), name


def test_training_lowers_the_objective(workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = workshop.prepare(tmp_path, steps=30)
    monkeypatch.setattr(ContentObjective, "adapt", lambda *_: None)
    batch = first_crops(run, [0, 1, 0, 1])
    scores = [loop.train_step(run, run.joint, batch).objective.mean() for _ in range(12)]
    assert scores[-1] < 0.9 * scores[0]


def test_a_loss_that_is_not_a_number_stops_with_step_and_cause(workshop, tmp_path: Path) -> None:
    run = workshop.prepare(tmp_path, steps=20, learning_rate=1e30, checkpoint_every=1)
    with pytest.raises(ImpastoError, match=r"step \d+: the content loss is not a finite number .*last good state"):
        train(run)
    assert all(torch.isfinite(tensor).all() for tensor in weights_of(tmp_path).values())


def test_identity_style_has_the_colours_of_each_photo(workshop, tmp_path: Path) -> None:
    recipe, options = read_recipe(workshop.with_identity()), {"style_images": workshop.style_images}
    run = prepare(recipe, workshop.photos, tmp_path, vgg=workshop.vgg, **options)
    losses = loop.train_step(run, run.joint, first_crops(run, [0, 2]))
    assert losses.objective[1] > losses.content[1]
    export_model(run, workshop.style_images)
    stylizer = impasto.load(tmp_path)
    assert set(stylizer.styles["identity"].info.losses) == {"psnr"}
    for path in sorted(workshop.photos.iterdir())[:2]:
        photo = np.asarray(Image.open(path))
        picture = stylizer.reproduce(photo)
        np.testing.assert_allclose(picture.mean(axis=(0, 1)), photo.mean(axis=(0, 1)), atol=12)
        # An untrained network paints noise, which it smooths.
        assert (picture.std(axis=(0, 1)) < photo.std(axis=(0, 1)) + 12).all()
        assert (picture.std(axis=(0, 1)) > photo.std(axis=(0, 1)) / 3).all()


def test_run_leaves_log_samples_and_tensorboard(trained: Path) -> None:
    run = trained
    assert (run / "samples" / "step-000010.jpg").exists()
    assert list((run / "tensorboard").glob("events*"))
    pictures, labels = (5 * 48 + 4 * GAP, 4 * (48 + GAP)), (0, LABEL)
    assert Image.open(run / "samples" / "step-000020.jpg").size == tuple(map(sum, zip(pictures, labels, strict=True)))


def test_training_speaks_from_the_first_step(workshop, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told: list[str] = []
    recipe = read_recipe(workshop.recipe(steps=11))
    inputs = {"style_images": workshop.style_images, "vgg": workshop.vgg}
    run = prepare(recipe, workshop.photos, tmp_path, **inputs, tell=told.append)
    train(run, tell=told.append)
    assert told == ["5 photos; measuring 2 styles by VGG-16", "step 1 of 11"]
    records = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [record["step"] for record in records] == [1, 10]
    assert records[0]["images_per_s"] is None  # it would count what only the first step takes
    assert records[1]["images_per_s"] > 0
    assert "style gap closed" in capsys.readouterr().err


def test_it_says_what_the_first_step_waits_for(workshop, tmp_path: Path) -> None:
    run = workshop.prepare(tmp_path, steps=4)
    assert loop._first_step(run) == "step 1 of 4"
    options = msgspec.structs.replace(run.recipe.training, compile=True, resident=True)
    run.recipe = msgspec.structs.replace(run.recipe, training=options)
    run.step = 2
    waits = "puts all photos on the device and compiles the network, which takes minutes"
    assert loop._first_step(run) == f"step 3 of 4 first {waits}"
