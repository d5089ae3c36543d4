"""Content and style losses by closed forms."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from impasto.losses import perceptual
from impasto.nn.vgg import VGG16


def test_content_loss_is_a_mean_per_photo() -> None:
    zeros = torch.zeros(2, 3, 4, 4)
    target = torch.stack([torch.full((3, 4, 4), 2.0), torch.full((3, 4, 4), 3.0)])
    assert perceptual.content_loss(zeros, target).tolist() == [4.0, 9.0]


def test_style_loss_is_weighted_and_averaged_over_c_squared() -> None:
    grams = {"relu1_2": torch.full((1, 2, 2), 3.0), "relu2_2": torch.full((1, 4, 4), 1.0)}
    targets = {"relu1_2": torch.ones(1, 2, 2), "relu2_2": torch.zeros(1, 4, 4)}
    assert perceptual.style_loss(grams, targets).item() == pytest.approx(1e-4 * (4 + 1))


def test_the_two_readable_numbers() -> None:
    photo, style = torch.tensor(200.0), torch.tensor(0.0)
    assert perceptual.style_gap_closed(photo, photo) == 0
    assert perceptual.style_gap_closed(style, photo) == 1
    assert perceptual.content_distance(torch.tensor(50.0), torch.tensor(100.0)) == 0.5


@given(scale=st.floats(0.01, 100), shift=st.floats(-5, 5))
def test_likeness_sees_forms_and_no_contrast(scale: float, shift: float) -> None:
    torch.manual_seed(0)
    photo, another = torch.rand(2, 8, 16, 16), torch.rand(2, 8, 16, 16)
    assert perceptual.content_likeness(scale * photo + shift, photo).tolist() == pytest.approx([1, 1], abs=1e-3)
    assert perceptual.content_likeness(scale * another + shift, photo).abs().max() < 0.1
    assert perceptual.content_likeness(torch.full_like(photo, shift), photo).abs().max() < 1e-3


def test_describe_takes_relu3_3_for_content_and_four_layers_for_style() -> None:
    seen = perceptual.describe(VGG16(), torch.rand(2, 3, 32, 48))
    assert seen.content.shape == (2, 256, 8, 12)
    sizes = {layer: tuple(gram.shape) for layer, gram in seen.grams.items()}
    assert sizes == {
        "relu1_2": (2, 64, 64),
        "relu2_2": (2, 128, 128),
        "relu3_3": (2, 256, 256),
        "relu4_3": (2, 512, 512),
    }


def test_shifts_are_given_in_pixels_and_used_where_a_layer_can_show_them() -> None:
    grams = perceptual.describe(VGG16(), torch.rand(1, 3, 32, 48), shifts=(4, 8)).grams
    assert [gram.shape[2] // gram.shape[1] for gram in grams.values()] == [9, 9, 9, 5]
