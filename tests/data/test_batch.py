"""Batches: their two halves, and what networks get of them."""

from __future__ import annotations

import torch

from impasto.data.batch import Batch

CPU = torch.device("cpu")


def pictures(count: int) -> torch.Tensor:
    return torch.randint(0, 256, (count, 3, 8, 8), dtype=torch.uint8)


def test_the_last_photos_are_for_the_predictor() -> None:
    photo, noisy, parts = pictures(5), pictures(5), pictures(2)
    batch = Batch.of(photo, noisy, torch.arange(5), parts, torch.tensor([7, 8]))
    assert batch.named.slot.tolist() == [0, 1, 2]
    assert batch.predicted is not None
    assert torch.equal(batch.predicted.noisy, noisy[3:])
    assert torch.equal(batch.photo, photo)
    assert torch.equal(batch.noisy, noisy)
    assert [half.tolist() for half in batch.halves(torch.arange(5))] == [[0, 1, 2], [3, 4]]


def test_without_a_predictor_all_are_named() -> None:
    photo = pictures(3)
    batch = Batch.of(photo, photo, torch.arange(3))
    assert batch.predicted is batch.parts is None
    assert torch.equal(batch.photo, photo)
    assert [len(half) for half in batch.halves(torch.arange(3))] == [3, 0]


def test_pixels_are_between_0_and_1_and_channels_last() -> None:
    photo, parts = pictures(4), pictures(1)
    batch = Batch.of(photo, photo, torch.arange(4), parts, torch.tensor([0])).pixels(CPU)
    for part, whole in ((batch.photo, photo), (batch.noisy, photo), (batch.parts, parts)):
        assert torch.equal(part, whole.float() / 255)
        assert part.is_contiguous(memory_format=torch.channels_last)
