"""Photos and paintings kept on the device: the same batches whoever asks for them, and what is in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from impasto import ImpastoError
from impasto.data.resident import PREDICTED_SIDE, Pictures, ResidentCrops, ResidentPaintings
from impasto.images.folders import find_photos
from impasto.images.reading import read_photo
from impasto.training import TrainingOptions, loop, read_recipe, train
from impasto.training.run import prepare

CPU = torch.device("cpu")
OPTIONS = TrainingOptions(batch_size=32, crop=48, noise=(1.0, 4.0), flat=0.5)


def read(path: Path) -> np.ndarray:
    return read_photo(path).array


def crops(workshop, options: TrainingOptions = OPTIONS, silent: int | None = None) -> ResidentCrops:
    return ResidentCrops(find_photos(workshop.photos), [0, 1, 2], options, silent, options.batch_size, CPU)


def test_a_batch_depends_on_its_step_alone_and_processes_share_it(workshop) -> None:
    one, other = crops(workshop), crops(workshop)
    whole = one.batch(7, slice(0, 32))
    one.batch(8, slice(0, 32))
    halves = [other.batch(7, slice(0, 16)), one.batch(7, slice(16, 32))]
    for part in ("photo", "noisy", "slot"):
        assert torch.equal(getattr(whole, part), torch.cat([getattr(half, part) for half in halves]))
    assert not torch.equal(whole.photo, one.batch(8, slice(0, 32)).photo)


def test_noise_is_on_the_input_only_and_not_on_the_silent_slot(workshop) -> None:
    batch = crops(workshop, silent=1).batch(0, slice(0, 32))
    photo, noisy, slot = batch.photo, batch.noisy, batch.slot
    assert photo.dtype == noisy.dtype == torch.uint8
    assert photo.shape == noisy.shape == (32, 3, 48, 48)
    assert set(slot.tolist()) == {0, 1, 2}
    grain = (noisy.float() - photo.float()).std(dim=(1, 2, 3))
    assert (grain[slot == 1] == 0).all()
    assert grain[slot != 1].min() > 0.3
    assert grain.max() < 6


def test_half_of_the_crops_have_a_sky(workshop) -> None:
    plain = TrainingOptions(batch_size=32, crop=48)
    photo = crops(workshop, plain).batch(3, slice(0, 32)).photo
    mixed = crops(workshop).batch(3, slice(0, 32)).photo
    changed = (photo != mixed).flatten(1).float().mean(dim=1)
    assert 8 <= (changed > 0).sum() <= 24
    assert ((changed > 0.05) & (changed < 0.9)).any()  # beside a part of the photo
    assert (changed > 0.95).any()


def test_squares_are_parts_of_the_picture(tmp_path: Path) -> None:
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[..., 0], pixels[..., 1] = np.arange(40)[:, None], np.arange(60)
    Image.fromarray(pixels).save(tmp_path / "ramp.png")
    Image.fromarray(pixels[:20]).save(tmp_path / "smaller.png")
    pictures = Pictures(find_photos(tmp_path), read, 40, CPU)
    assert pictures.sizes.tolist() == [[40, 60], [20, 60]]
    side, place = torch.tensor([20.0, 20.0]), torch.tensor([[0.5, 0.25], [0.5, 1.0]])
    square, flipped = pictures.squares(torch.tensor([0, 1]), side, place, torch.tensor([False, True]), 20)
    assert square[0, :, 0].tolist() == pytest.approx(list(range(10, 30)), abs=1e-3)
    assert square[1, 0].tolist() == pytest.approx(list(range(10, 30)), abs=1e-3)
    assert flipped[1, 0].tolist() == pytest.approx(list(range(59, 39, -1)), abs=1e-3)


def test_large_pictures_are_shrunk_and_broken_ones_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Image.new("RGB", (400, 100), (9, 8, 7)).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"no picture")
    Image.new("L", (50, 90), 5).save(tmp_path / "c.png")
    pictures = Pictures(find_photos(tmp_path), read, 50, CPU)
    assert pictures.sizes.tolist() == [[50, 100], [90, 50]]
    assert pictures.index.tolist() == [0, 2]
    assert pictures.pixels[0, :, 0, 0].tolist() == [9, 8, 7]
    assert "b.png: is not a picture" in caplog.text
    with pytest.raises(ImpastoError, match="none of the pictures can be read"):
        Pictures([tmp_path / "b.png"], read, 50, CPU)


def test_paintings_of_each_folder_come_equally_often(workshop) -> None:
    photos = find_photos(workshop.photos)
    paintings = ResidentPaintings([photos[:1], photos[1:]], 0, 200, CPU)
    part, number = paintings.batch(0, slice(0, 200))
    assert part.shape == (200, 3, PREDICTED_SIDE, PREDICTED_SIDE)
    assert 70 < (number == 0).sum() < 130
    assert set(number.tolist()) == {0, 1, 2, 3, 4}
    again = ResidentPaintings([photos[:1], photos[1:]], 0, 200, CPU).batch(0, slice(40, 60))
    assert torch.equal(part[40:60], again[0])
    assert torch.equal(number[40:60], again[1])


def test_a_folder_without_a_readable_painting_is_named(workshop, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(ImpastoError, match=f"paintings {tmp_path}: none of the pictures"):
        ResidentPaintings([find_photos(workshop.photos), [tmp_path / "broken.png"]], 0, 4, CPU)


@pytest.mark.slow
def test_training_on_residents_resumes_exactly(workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = workshop.with_predictor(steps=4).read_text("utf-8").replace("workers = 0", "workers = 0\nresident = true")
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(text, "utf-8")
    monkeypatch.setattr(loop, "Log", _NoLog)

    def run(out: str, *, resume: bool = False):
        inputs = {"style_images": workshop.style_images, "vgg": workshop.vgg, "paintings": [workshop.photos]}
        return prepare(read_recipe(recipe), workshop.photos, tmp_path / out, **inputs, resume=resume)

    whole, first = run("whole"), run("parts")
    train(whole)
    with pytest.raises(StopIteration):
        train(first, watch=_stop_at(2))
    first.save()
    rest = run("parts", resume=True)
    train(rest)
    for one, other in zip(whole.trained.parameters(), rest.trained.parameters(), strict=True):
        assert torch.equal(one, other)


class _NoLog:
    def __init__(self, _: object) -> None: ...
    def add(self, *_: object) -> None: ...
    def close(self) -> None: ...


def _stop_at(step: int):
    def watch(run) -> None:
        if run.step == step:
            raise StopIteration

    return watch


def test_paintings_are_mixed_with_others(workshop) -> None:
    photos = find_photos(workshop.photos)
    plain = ResidentPaintings([photos], 0, 60, CPU).batch(0, slice(0, 60))[0]
    mixed = ResidentPaintings([photos], 0, 60, CPU, mixed=0.5).batch(0, slice(0, 60))[0]
    same = (plain == mixed).flatten(1).float().mean(dim=1)
    assert 15 < (same == 1).sum() < 45
    assert ((same > 0.2) & (same < 0.8)).any()  # beside another
    assert (same < 0.2).any()  # in another's colours
