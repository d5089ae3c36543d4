"""The objective by closed forms."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from impasto import losses
from impasto.nn.vgg import VGG16


def test_gram_matrix_is_a_mean_of_products_not_divided_by_c() -> None:
    features = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).view(1, 2, 1, 2)
    expected = torch.tensor([[[(1 + 4) / 2, (3 + 8) / 2], [(3 + 8) / 2, (9 + 16) / 2]]])
    assert torch.equal(losses.gram_matrix(features), expected)


def test_gram_matrix_does_not_depend_on_size() -> None:
    features = torch.rand(1, 3, 4, 5)
    torch.testing.assert_close(losses.gram_matrix(features.repeat(1, 1, 2, 3)), losses.gram_matrix(features))


def test_content_loss_is_a_mean_per_photo() -> None:
    zeros = torch.zeros(2, 3, 4, 4)
    target = torch.stack([torch.full((3, 4, 4), 2.0), torch.full((3, 4, 4), 3.0)])
    assert losses.content_loss(zeros, target).tolist() == [4.0, 9.0]


def test_style_loss_is_weighted_and_averaged_over_c_squared() -> None:
    grams = {"relu1_2": torch.full((1, 2, 2), 3.0), "relu2_2": torch.full((1, 4, 4), 1.0)}
    targets = {"relu1_2": torch.ones(1, 2, 2), "relu2_2": torch.zeros(1, 4, 4)}
    assert losses.style_loss(grams, targets).item() == pytest.approx(1e-4 * (4 + 1))


def test_the_two_readable_numbers() -> None:
    photo, style = torch.tensor(200.0), torch.tensor(0.0)
    assert losses.style_gap_closed(photo, photo) == 0
    assert losses.style_gap_closed(style, photo) == 1
    assert losses.content_distance(torch.tensor(50.0), torch.tensor(100.0)) == 0.5


def test_describe_takes_relu3_3_for_content_and_four_layers_for_style() -> None:
    seen = losses.describe(VGG16(), torch.rand(2, 3, 32, 48))
    assert seen.content.shape == (2, 256, 8, 12)
    sizes = {layer: tuple(gram.shape) for layer, gram in seen.grams.items()}
    assert sizes == {
        "relu1_2": (2, 64, 64),
        "relu2_2": (2, 128, 128),
        "relu3_3": (2, 256, 256),
        "relu4_3": (2, 512, 512),
    }


def test_vgg_layers_against_a_plain_forward() -> None:
    vgg, image = VGG16(), torch.rand(1, 3, 16, 16)
    x = image * 255 - torch.tensor([123.68, 116.779, 103.939]).view(1, 3, 1, 1)
    conv = {name: module for name, module in vgg.named_modules() if name.startswith("conv")}
    x = F.relu(conv["conv1_2"](F.relu(conv["conv1_1"](x))))
    y = F.relu(conv["conv2_1"](F.avg_pool2d(x, 2)))
    found = vgg(image, ["relu2_1", "relu1_2"])
    torch.testing.assert_close(found["relu1_2"], x)
    torch.testing.assert_close(found["relu2_1"], y)
    assert set(found) == {"relu1_2", "relu2_1"}


def test_unknown_layer_is_named() -> None:
    with pytest.raises(KeyError, match="relu5_1"):
        VGG16()(torch.rand(1, 3, 16, 16), ["relu5_1"])
