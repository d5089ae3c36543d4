"""Crops: each depends on its number alone, whatever the photo is like."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from impasto import ImpastoError
from impasto.data import crops as crops_module
from impasto.data.crops import Crops, random_crop
from impasto.images.folders import find_photos
from impasto.images.reading import read_photo
from impasto.training import TrainingOptions


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
    monkeypatch.setattr(crops_module, "read_photo", lambda path: opened.append(path.name) or read_photo(path))
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


def test_broken_photos_are_passed_over(workshop, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "broken.jpg").write_text("no photo")
    Image.open(workshop.photos / "photo0.png").save(tmp_path / "good.png")
    crops = Crops(find_photos(tmp_path), [0], TrainingOptions(crop=32))
    assert [crops[number][0].shape for number in range(2)] == [(3, 32, 32)] * 2
    assert "broken.jpg: is not a picture" in caplog.text
    (tmp_path / "good.png").unlink()
    with pytest.raises(ImpastoError, match="none of the photos"):
        crops[0]
