"""Training: data, schedule, exact resuming, and what happens when it goes wrong."""

from __future__ import annotations

import copy
import os
import signal
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import load_file

import impasto
from impasto import ImpastoError
from impasto.data.crops import Crops, random_crop
from impasto.data.loading import ShareOfSteps
from impasto.data.synthetic import gradient, with_sky
from impasto.images.io import find_photos
from impasto.models.model import load_model
from impasto.nn.load import load_network
from impasto.nn.slim import SlimVGG
from impasto.nn.vgg import VGG16
from impasto.styles.painting import read_painting
from impasto.training import TrainingOptions, export_model, loop, prepare, read_recipe, train
from impasto.training.objective import Objective
from impasto.training.recipe import read_part_recipe


def test_crops_depend_on_their_number_alone(workshop) -> None:
    options = TrainingOptions(crop=48, noise=(1, 4), flat=0.2)
    first, again = (Crops(find_photos(workshop.photos), [0, 1], options) for _ in range(2))
    for number in (7, 3, 7):
        for one, other in zip(first[number], again[number], strict=True):
            assert torch.equal(torch.as_tensor(one), torch.as_tensor(other))
    assert not torch.equal(first[3][0], first[4][0])


def test_every_epoch_shows_every_photo_once(workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    crops = Crops(find_photos(workshop.photos), [0], TrainingOptions(crop=48))
    opened: list[str] = []
    real = Image.open
    monkeypatch.setattr(Image, "open", lambda path: opened.append(Path(path).name) or real(path))
    for number in range(10):
        crops[number]
    assert sorted(opened[:5]) == sorted(opened[5:]) == [f"photo{number}.png" for number in range(5)]
    assert opened[:5] != opened[5:]


@given(
    width=st.integers(1, 90),
    height=st.integers(1, 90),
    crop=st.sampled_from([32, 64]),
    least_scale=st.floats(0.1, 3),
    seed=st.integers(0, 999),
)
def test_random_crop_takes_any_photo(width: int, height: int, crop: int, least_scale: float, seed: int) -> None:
    photo = np.full((height, width, 3), 77, np.uint8)
    pixels = random_crop(photo, np.random.default_rng(seed), crop, least_scale)
    assert pixels.shape == (crop, crop, 3)
    assert (pixels == 77).all()


def test_losses_are_measured_by_photos_and_not_by_skies(workshop) -> None:
    photos = find_photos(workshop.photos)
    plain, skies = (Crops(photos, [0, 1], TrainingOptions(crop=48, flat=flat)) for flat in (0, 1))
    assert all(torch.equal(skies.photo(number), plain[number][0]) for number in range(6))
    assert not all(torch.equal(skies.photo(number), skies[number][0]) for number in range(6))


def test_noise_is_on_the_input_only_and_within_its_range(workshop) -> None:
    crops = Crops(find_photos(workshop.photos), [0], TrainingOptions(crop=64, noise=(5, 5)))
    photo, noisy, _ = crops[0]
    assert 4 < (noisy.float() - photo.float()).std() < 5.5


def test_the_identity_style_gets_no_noise(workshop) -> None:
    crops = Crops(find_photos(workshop.photos), [0, 1], TrainingOptions(crop=64, noise=(5, 5)), silent=1)
    drawn = [crops[number] for number in range(8)]
    assert {slot for _, _, slot in drawn} == {0, 1}
    assert all(torch.equal(photo, noisy) == (slot == 1) for photo, noisy, slot in drawn)


def test_gradients_are_ramps_or_flat() -> None:
    rng = np.random.default_rng(0)
    ramps = [gradient(rng, 64).astype(int) for _ in range(30)]
    steepest = [max(np.abs(np.diff(ramp, axis=axis)).max() for axis in (0, 1)) for ramp in ramps]
    assert max(steepest) <= 8
    assert 3 < sum(step == 0 for step in steepest) < 20


def test_skies_cover_a_photo_or_a_side_of_it() -> None:
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    kept = [(with_sky(rng, photo) == photo).all(axis=2).mean() for _ in range(40)]
    assert 10 < sum(share < 0.01 for share in kept) < 30
    assert all(share < 0.01 or 0.1 < share < 0.9 for share in kept)


def test_broken_photos_are_passed_over(workshop, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("WARNING")  # OpenVINO's converter, once it is imported, silences warnings
    (tmp_path / "broken.jpg").write_text("no photo")
    Image.open(workshop.photos / "photo0.png").save(tmp_path / "good.png")
    crops = Crops(find_photos(tmp_path), [0], TrainingOptions(crop=32))
    assert [crops[number][0].shape for number in range(2)] == [(3, 32, 32)] * 2
    assert "broken.jpg: is not a picture" in caplog.text
    (tmp_path / "good.png").unlink()
    with pytest.raises(ImpastoError, match="none of the photographs"):
        crops[0]


def test_processes_share_each_batch_without_overlap() -> None:
    options = TrainingOptions(steps=5, batch_size=6)
    shares = [list(ShareOfSteps(range(2, options.steps), options.batch_size, process, 3)) for process in range(3)]
    for step in range(3):
        numbers = sorted(number for share in shares for number in share[step])
        assert numbers == list(range((step + 2) * 6, (step + 3) * 6))


def test_learning_rate_rises_holds_and_falls() -> None:
    options = TrainingOptions(steps=100, learning_rate=1.0, warmup=10, decay=0.5)
    rates = [loop.learning_rate(step, options) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[10:50] == [1.0] * 40
    assert rates[75] == pytest.approx(0.5)
    assert 0 < rates[-1] < 0.01


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


def test_rows_learn_at_their_own_rate(workshop, tmp_path: Path) -> None:
    """Adam's first step moves every weight by its learning rate, whatever the gradient."""
    recipe = read_recipe(workshop.recipe(steps=1, learning_rate=1e-3))
    options = msgspec.structs.replace(recipe.training, style_rate=3.0)
    recipe = msgspec.structs.replace(recipe, training=options)
    run = prepare(recipe, workshop.photos, tmp_path, style_images=workshop.style_images, vgg=workshop.vgg)
    before = copy.deepcopy(run.modules["painter"].network)
    train(run)
    new, old = run.modules["painter"].network.state_dict(), before.state_dict()
    for name, rate in (("contract.0.norm.beta", 3e-3), ("contract.0.conv.weight", 1e-3)):
        assert (new[name] - old[name]).abs().max().item() == pytest.approx(rate, rel=0.01)


def test_resuming_is_exact(workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train(workshop.prepare(tmp_path / "straight", steps=8))
    with monkeypatch.context() as patch:
        interrupt_after(patch, 3)
        with pytest.raises(ImpastoError, match="stopped after step 4, saved; the same command and --resume"):
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
    monkeypatch.setattr(Objective, "adapt", lambda *_: None)
    batch = [torch.stack([run.crops[number][part] for number in range(4)]) for part in (0, 1)]
    slots = torch.tensor([0, 1, 0, 1])
    scores = [loop.train_step(run, run.painter, *batch, slots).objective.mean() for _ in range(12)]
    assert scores[-1] < 0.9 * scores[0]


def test_a_loss_that_is_not_a_number_stops_with_step_and_cause(workshop, tmp_path: Path) -> None:
    run = workshop.prepare(tmp_path, steps=20, learning_rate=1e30, checkpoint_every=1)
    with pytest.raises(ImpastoError, match=r"step \d+: the content loss is not a finite number .*last good state"):
        train(run)
    assert all(torch.isfinite(tensor).all() for tensor in weights_of(tmp_path).values())


def test_an_output_folder_in_use_is_refused(workshop, trained: Path) -> None:
    with pytest.raises(ImpastoError, match="add --resume"):
        workshop.prepare(trained)


def test_resuming_needs_a_checkpoint_of_the_same_recipe(workshop, tmp_path: Path) -> None:
    with pytest.raises(ImpastoError, match="none to resume from"):
        workshop.prepare(tmp_path, resume=True)
    workshop.prepare(tmp_path, steps=20).save()
    with pytest.raises(ImpastoError, match="another recipe"):
        workshop.prepare(tmp_path, steps=21, resume=True)
    (tmp_path / loop.CHECKPOINT).write_bytes(b"damaged")
    with pytest.raises(ImpastoError, match="damaged"):
        workshop.prepare(tmp_path, steps=20, resume=True)


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


def test_the_slim_loss_network_looks_first(workshop, tmp_path: Path) -> None:
    recipe = read_recipe(workshop.recipe(steps=4))
    recipe = msgspec.structs.replace(recipe, training=msgspec.structs.replace(recipe.training, slim=0.5))
    run = prepare(recipe, workshop.photos, tmp_path, style_images=workshop.style_images, vgg=workshop.vgg)
    looked = []
    for _ in range(4):
        looked.append(type(run.objective.loss_network))
        run.objective.factors *= 2
        run.step += 1
        run.look_closer()
    assert looked == [SlimVGG, SlimVGG, VGG16, VGG16]
    assert (run.objective.factors == 16).all()


def test_the_mean_of_the_weights_is_exported(workshop, tmp_path: Path) -> None:
    run = workshop.prepare(tmp_path, steps=3)
    train(run)
    export_model(run, workshop.style_images)
    mean, last = run.trained.network.contract[0].conv.weight, run.painter.network.contract[0].conv.weight
    assert not torch.equal(mean, last)
    exported = load_network(load_model(tmp_path)).contract[0].conv.weight
    torch.testing.assert_close(exported, mean.contiguous(), atol=1e-4, rtol=1e-3)


def test_starting_from_a_model_takes_its_styles_by_name(workshop, trained: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(workshop.recipe().read_text("utf-8").replace('"stained-glass"', '"new"'), "utf-8")
    options = {"style_images": workshop.style_images, "vgg": workshop.vgg, "start": trained}
    run = prepare(read_recipe(recipe), workshop.photos, tmp_path / "out", **options)
    model = load_model(trained)
    rows = torch.stack([torch.from_numpy(style.row) for style in model.styles.values()])
    network = run.painter.network
    torch.testing.assert_close(network.style(torch.tensor([0, 1])), torch.stack([rows[0], rows.mean(dim=0)]))
    torch.testing.assert_close(network.contract[0].conv.weight, load_network(model).contract[0].conv.weight)


def test_identity_style_has_the_colours_of_each_photo(workshop, tmp_path: Path) -> None:
    recipe, options = read_recipe(workshop.with_identity()), {"style_images": workshop.style_images}
    run = prepare(recipe, workshop.photos, tmp_path, vgg=workshop.vgg, **options)
    losses = loop.train_step(run, run.painter, *_pair(run), torch.tensor([0, 2]))
    assert losses.objective[1] > losses.content[1]
    export_model(run, workshop.style_images)
    stylizer = impasto.load(tmp_path)
    assert set(stylizer.styles["identity"].info.losses) == {"psnr"}
    for path in sorted(workshop.photos.iterdir())[:2]:
        photo = np.asarray(Image.open(path))
        picture = stylizer.reproduce(photo)
        np.testing.assert_allclose(picture.mean(axis=(0, 1)), photo.mean(axis=(0, 1)), atol=12)
        np.testing.assert_allclose(picture.std(axis=(0, 1)), photo.std(axis=(0, 1)), atol=12)


def _pair(run) -> list[torch.Tensor]:
    return [torch.stack([run.crops[number][part] for number in range(2)]) for part in (0, 1)]


def test_run_leaves_log_samples_and_tensorboard(trained: Path) -> None:
    run = trained
    assert (run / "samples" / "step-000010.jpg").exists()
    assert list((run / "tensorboard").glob("events*"))
    assert Image.open(run / "samples" / "step-000020.jpg").size == (5 * 48, 4 * 48)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("steps = 20", 'steps = "many"', "steps"),
        ("steps = 20", "stepps = 20", "stepps"),
        ("slot = 1", "slot = 0", "slot 0 is given to 2 styles"),
        ("slot = 1", "slot = 4", "slots = 5"),
        ("box = [0.0,", "box = [0.6,", "stained-glass: box 0.6 0.25 0.5 1"),
        ("0.5, 1.0]", "0.5, 1.1]", "stained-glass: box 0 0.25 0.5 1.1"),
        ("image = ", "credit = ", "only one can be the identity"),
        ("crop = 48", "crop = 50", "crop"),
        ('slug = "mural"', 'slug = "Mural!"', "slug"),
        ("[training]", "[training", ""),
    ],
)
def test_bad_recipes_are_named(workshop, tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "bad.toml"
    text = workshop.recipe().read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(ImpastoError, match=f"recipe {path}: .*{message}"):
        read_recipe(path)


def test_a_box_is_a_part_of_the_style_image(tmp_path: Path) -> None:
    quarters = np.zeros((80, 120, 3), np.uint8)
    quarters[40:, :60] = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    Image.fromarray(quarters).save(tmp_path / "quarters.png")
    part = read_painting(tmp_path / "quarters.png", box=(0, 0.5, 0.5, 1))
    assert part.array.shape == (40, 60, 3)
    np.testing.assert_array_equal(part.array, quarters[40:, :60])
    assert read_painting(tmp_path / "quarters.png", 90, (0, 0.5, 0.5, 1)).array.shape == (60, 90, 3)


def test_missing_inputs_are_named(workshop, tmp_path: Path) -> None:
    with pytest.raises(ImpastoError, match="No such file"):
        read_recipe(tmp_path / "none.toml")
    with pytest.raises(ImpastoError, match="not a folder"):
        find_photos(tmp_path / "none")
    with pytest.raises(ImpastoError, match="no photographs"):
        find_photos(tmp_path)


def test_shipped_recipes_are_valid() -> None:
    recipes = Path(__file__).parents[2] / "recipes"
    slim = read_part_recipe(recipes / "slim-vgg.toml")
    assert len(slim.held_out) >= 15
    for name in ("paper", "fast", "four-slots"):
        recipe = read_recipe(recipes / f"{name}.toml")
        assert not set(slim.held_out) & {style.image for style in recipe.styles}
        assert recipe.predictor is None or set(slim.held_out) <= set(recipe.predictor.held_out)
    assert {path.name for path in recipes.iterdir()} == {
        "catalogue.toml", "fast.toml", "four-slots.toml", "paper.toml", "slim-vgg.toml",
    }  # fmt: skip


def test_trained_slots_differ_and_untrained_ones_are_alike(trained: Path, photo: Path) -> None:
    """The article's experiment: slots 0 and 1 trained, 2 and 3 never."""
    stylizer = impasto.load(trained)
    assert list(stylizer.styles) == ["mural", "stained-glass", "slot-2", "slot-3"]
    pictures = [np.asarray(stylizer(photo, style)).astype(int) for style in stylizer.styles]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert np.abs(pictures[one] - pictures[other]).mean() > 0.5
    assert (pictures[2] == pictures[3]).all()
