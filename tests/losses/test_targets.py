"""What photos score on paintings, against the losses themselves."""

from __future__ import annotations

import torch

from impasto.losses.distribution import distribution_terms
from impasto.losses.gram import STYLE_LAYERS, layer_grams
from impasto.losses.perceptual import describe, style_terms
from impasto.losses.targets import PhotoScores, PhotoSlices
from impasto.nn.slim import SlimVGG


def test_photo_terms_are_the_mean_over_photos() -> None:
    torch.manual_seed(0)
    loss_network = SlimVGG().requires_grad_(False)
    photos, paintings = torch.rand(5, 3, 64, 64), torch.rand(2, 3, 96, 96)
    scores = PhotoScores(loss_network, photos, (8,))
    targets = layer_grams(loss_network(paintings, STYLE_LAYERS), 96, (8,))
    seen = describe(loss_network, photos, (8,)).grams
    for number in range(2):
        expected = style_terms(seen, {layer: gram[number : number + 1] for layer, gram in targets.items()}).mean(dim=0)
        torch.testing.assert_close(scores.terms(targets)[number], expected, rtol=1e-3, atol=1e-4 * expected.max())


def test_distribution_terms_of_photos_are_the_mean_over_photos() -> None:
    torch.manual_seed(0)
    photos, paintings = ({name: torch.rand(count, 3, 16) for name in "ab"} for count in (5, 2))
    terms = PhotoSlices(photos).terms(paintings)
    for number in range(2):
        target = {name: quantiles[number : number + 1] for name, quantiles in paintings.items()}
        torch.testing.assert_close(terms[number], distribution_terms(photos, target).mean(dim=0))
