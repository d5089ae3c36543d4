"""The contrast of rows, by a network whose pictures are known: γ times the photo's own light, around a grey."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from impasto.fitting.contrast import contrasted
from impasto.images.arrays import Array


def steps(spread: float, side: int = 64) -> Array:
    """(side,side,3) uint8: dark and light halves in grey, ``spread`` above and below the middle."""
    picture = np.full((side, side, 3), 128 + spread, np.float32)
    picture[:, : side // 2] = 128 - spread
    return picture.astype(np.uint8)


def render(image: Tensor, row: Tensor) -> Tensor:
    """A network of one layer: three γ, then three β. Pictures of ``steps(50)`` with γ = 1 are ``steps(50)``."""
    gamma, beta = row[:3].view(1, 3, 1, 1), row[3:].view(1, 3, 1, 1)
    return ((image - 128 / 255) * gamma + beta).clamp(0, 1)


ROW = torch.tensor([1.0, 1.0, 1.0, 128 / 255, 128 / 255, 128 / 255])
PHOTO = steps(50)


@pytest.mark.parametrize(("painting", "factor"), [(57, 1.1), (50, 1.0), (30, 1.0), (100, 1.2)])
def test_contrast_becomes_the_paintings_and_is_never_taken_away(painting: float, factor: float) -> None:
    row = contrasted(render, ROW, 3, [steps(painting)], [PHOTO])
    assert row[:3].tolist() == pytest.approx([factor] * 3, abs=0.02)
    assert torch.equal(row[3:], ROW[3:])


def test_pictures_with_colour_enough_get_no_more_of_it() -> None:
    """The painting is grey, so that every colour is too much."""
    colorful = PHOTO.copy()
    colorful[:, 32:, 2] = 60
    assert torch.equal(contrasted(render, ROW, 3, [steps(90)], [colorful]), ROW)


def test_only_the_last_layer_changes() -> None:
    longer = torch.cat([torch.arange(4.0), ROW])
    row = contrasted(lambda image, row: render(image, row[4:]), longer, 3, [steps(60)], [PHOTO])
    assert torch.equal(row[:4], longer[:4])
    assert (row[4:7] > 1).all()
