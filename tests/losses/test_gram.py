"""Gram matrices by known answers."""

from __future__ import annotations

import torch

from impasto.losses import gram


def test_gram_matrix_is_a_mean_of_products_not_divided_by_c() -> None:
    features = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).view(1, 2, 1, 2)
    expected = torch.tensor([[[(1 + 4) / 2, (3 + 8) / 2], [(3 + 8) / 2, (9 + 16) / 2]]])
    assert torch.equal(gram.gram_matrix(features), expected)


def test_gram_matrix_does_not_depend_on_size() -> None:
    features = torch.rand(1, 3, 4, 5)
    torch.testing.assert_close(gram.gram_matrix(features.repeat(1, 1, 2, 3)), gram.gram_matrix(features))


def test_shifted_grams_are_products_with_the_map_some_places_on() -> None:
    x = torch.randn(2, 3, 7, 9)
    grams = gram.shifted_grams(x, [2])
    assert grams.shape == (2, 3, 15)
    torch.testing.assert_close(grams[..., :3], gram.gram_matrix(x))
    flat = x.flatten(2)
    for place, by in enumerate((2, 2 * 9 - 2, 2 * 9, 2 * 9 + 2), start=1):
        expected = flat[..., :-by] @ flat[..., by:].transpose(1, 2) / (63 - by)
        torch.testing.assert_close(grams[..., 3 * place : 3 * place + 3], expected)


def test_shifted_grams_tell_a_raster_from_noise() -> None:
    torch.manual_seed(0)
    raster = torch.ones(1, 1, 32, 32)
    raster[..., ::2] = -1
    noise = torch.randn(1, 1, 32, 32).sign()
    assert gram.gram_matrix(raster) == gram.gram_matrix(noise) == 1
    assert gram.shifted_grams(raster, [1])[..., 1:].abs().min() == 1
    assert gram.shifted_grams(noise, [1])[..., 1:].abs().max() < 0.2


def test_gradients_of_shifted_grams_are_those_of_their_formula() -> None:
    features = torch.rand(2, 3, 5, 6, dtype=torch.float64, requires_grad=True)
    weights = torch.rand(2, 3, 15)
    for batched in (False, True):
        places = features.permute(0, 2, 3, 1).flatten(1, 2)
        offsets = [0, 1, 5, 6, 7]
        ours = (
            gram.products(places, offsets)
            if batched
            else torch.stack([gram.products(each, offsets) for each in places])
        )
        pairs = [(places[:, : 30 - by], places[:, by:]) for by in offsets]
        plain = torch.cat([(a.mT @ b) / a.shape[1] for a, b in pairs], dim=2)
        torch.testing.assert_close(ours, plain.float())
        gradients = [
            torch.autograd.grad((each * weights).sum(), features, retain_graph=True)[0] for each in (ours, plain)
        ]
        torch.testing.assert_close(*gradients, atol=1e-6, rtol=1e-5)
