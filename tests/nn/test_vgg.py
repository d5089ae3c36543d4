"""VGG-16 against a plain forward pass."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from impasto.nn.vgg import VGG16


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
