"""What the style predictor says of pictures, by known answers."""

from __future__ import annotations

import torch

from impasto.losses.gram import STYLE_LAYERS
from impasto.losses.perceptual import STYLE_WEIGHT, describe, style_loss
from impasto.nn.predictor import painting_grams
from impasto.nn.slim import SlimVGG


def test_squared_distances_of_grams_are_style_losses() -> None:
    torch.manual_seed(0)
    encoder = SlimVGG().requires_grad_(False)
    # All but the first 32 maps are nothing: what is compared is all there is.
    for name, parameter in encoder.named_parameters():
        if name.startswith("probe"):
            parameter[32:] = 0
    picture, painting = torch.rand(1, 3, 32, 48), torch.rand(1, 3, 40, 40)
    one, other = (painting_grams(encoder(image, STYLE_LAYERS)) for image in (picture, painting))
    wanted = style_loss(describe(encoder, picture).grams, describe(encoder, painting).grams)
    torch.testing.assert_close(STYLE_WEIGHT * (one - other).square().sum(), wanted.sum())
