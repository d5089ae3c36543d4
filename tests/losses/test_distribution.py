"""Sliced Wasserstein distances, by distributions whose distance is known."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from impasto.losses.distribution import (
    DistributionOptions,
    colors,
    distribution_gap_closed,
    distribution_terms,
    projected_quantiles,
    pyramid,
    random_directions,
    see,
    slices_of,
    thinned,
)
from impasto.nn.slim import SlimVGG

OPTIONS = DistributionOptions(projections=64, quantiles=256, places=None)


def distance(one: Tensor, other: Tensor, options: DistributionOptions = OPTIONS, seed: int = 0) -> Tensor:
    """(N,), between maps (N,C,H,W) of one name."""
    slices, targets = (slices_of({"maps": maps}, options, seed) for maps in (one, other))
    return distribution_terms(slices, targets)[:, 0]


def gaussian(mean: Tensor, scale: float, side: int = 200, seed: int = 0) -> Tensor:
    """(1,C,side,side), independent at every place."""
    noise = torch.randn(1, len(mean), side, side, generator=torch.Generator().manual_seed(seed))
    return mean.view(1, -1, 1, 1) + scale * noise


def test_isotropic_gaussians_are_as_far_apart_as_their_means_and_scales() -> None:
    """Along any direction θ, W2² = (m·θ)² + (σ₁ - σ₂)², and the mean of (m·θ)² is |m|²/C."""
    mean = torch.tensor([3.0, 0.0, -1.0, 2.0])
    one, other = gaussian(torch.zeros(4), 1.0), gaussian(mean, 2.5, seed=1)
    assert distance(one, other).item() == pytest.approx(14 / 4 + 1.5**2, rel=0.02)


@pytest.mark.parametrize("channels", [3, 8, 64])
def test_a_shift_costs_its_square_by_the_number_of_channels(channels: int) -> None:
    maps, by = torch.rand(2, channels, 9, 7), torch.randn(channels)
    shifted = maps + by.view(1, -1, 1, 1)
    # exact for whole bases of directions
    options = dataclasses.replace(OPTIONS, projections=2 * channels)
    expected = by.square().sum() / channels
    torch.testing.assert_close(distance(maps, shifted, options), expected.expand(2), rtol=1e-3, atol=1e-5)


def test_the_order_of_places_does_not_matter() -> None:
    maps = torch.randn(1, 5, 12, 20)
    permuted = maps.flatten(2)[..., torch.randperm(240)].unflatten(2, (20, 12))
    assert distance(maps, permuted).item() == pytest.approx(0, abs=1e-12)


def test_distances_are_in_float32_whatever_the_network_is_in() -> None:
    maps, target = torch.randn(1, 5, 30, 30).bfloat16(), gaussian(torch.full((5,), 100.0), 1.0)
    with torch.autocast("cpu", torch.bfloat16):
        found = distance(maps, target)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, distance(maps.float(), target))


def test_quantiles_are_the_sorted_values_if_there_are_as_many() -> None:
    samples = torch.randn(2, 50, 3)
    quantiles = projected_quantiles(samples, torch.eye(3), 50)
    assert torch.equal(quantiles, samples.mT.sort(dim=2).values)


@pytest.mark.parametrize(("side", "places"), [(8, None), (64, None), (150, None), (150, 2000)])
def test_maps_of_any_size_can_be_compared(side: int, places: int | None) -> None:
    options = dataclasses.replace(OPTIONS, places=places)
    small, large = (gaussian(torch.zeros(3), 1.0, each, seed=each) for each in (side, 200))
    far = gaussian(torch.full((3,), 2.0), 1.0, seed=1)
    assert distance(small, large, options).item() < 0.1
    assert distance(small, far, options).item() == pytest.approx(4, rel=0.15)


def test_what_has_the_same_gram_matrix_can_be_far_apart() -> None:
    """±1 at every place, and seldom a large value, have the same first and second moments."""
    often = torch.ones(1, 1, 40, 40)
    often[..., ::2] = -1
    seldom = torch.zeros(1, 1, 40, 40)
    seldom[..., ::10, ::5], seldom[..., 1::10, ::5] = 5.0, -5.0
    assert often.mean() == seldom.mean() == 0
    assert often.square().mean() == seldom.square().mean() == 1
    assert distance(often, seldom).item() > 1


def test_gradients_move_one_distribution_to_another() -> None:
    torch.manual_seed(0)
    target = torch.cat([torch.randn(1, 2, 8, 32), 0.1 * torch.randn(1, 2, 8, 32) + 4], dim=2)
    maps = torch.randn(1, 2, 16, 32, requires_grad=True)
    optimizer = torch.optim.Adam([maps], lr=0.1)
    before = distance(maps, target).item()
    for step in range(150):  # with other directions in each step
        optimizer.zero_grad()
        distance(maps, target, dataclasses.replace(OPTIONS, projections=4), seed=step).sum().backward()
        optimizer.step()
    assert distance(maps, target, seed=1000).item() < 0.01 * before
    assert ((maps > 3).float().mean() - 0.5).abs() < 0.02


def test_gradients_are_those_of_sorted_values() -> None:
    maps, target = torch.randn(2, 3, 6, 6, dtype=torch.float64, requires_grad=True), torch.randn(1, 3, 36)
    directions = random_directions(5, 3, torch.Generator().manual_seed(0))
    found = projected_quantiles(maps.flatten(2).mT.float(), directions, 36)
    plain = (directions.double() @ maps.flatten(2)).sort(dim=2).values
    wanted = (directions @ target).sort(dim=2).values
    ours, theirs = (torch.autograd.grad((each - wanted).square().mean(), maps)[0] for each in (found, plain))
    torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-6)


@given(st.integers(1, 6), st.tuples(st.integers(1, 9), st.integers(1, 9)), st.integers(0, 99))
def test_distances_are_symmetric_not_negative_and_0_from_oneself(
    channels: int, sides: tuple[int, int], seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    one, other = (torch.randn(1, channels, side, 5, generator=generator) for side in sides)
    options = DistributionOptions(projections=7, quantiles=16, places=20)
    assert distance(one, one, options, seed).item() == 0
    assert distance(one, other, options, seed).item() >= 0
    torch.testing.assert_close(distance(one, other, options, seed), distance(other, one, options, seed))


def test_each_of_several_pictures_has_its_own_distance() -> None:
    maps, target = torch.randn(3, 4, 10, 10), torch.randn(1, 4, 20, 20)
    together = distance(maps, target)
    alone = torch.cat([distance(each, target) for each in maps.split(1)])
    torch.testing.assert_close(together, alone)


@pytest.mark.parametrize(("count", "channels"), [(5, 3), (6, 3), (4, 20), (1, 1)])
def test_directions_have_length_1_and_are_orthogonal_as_far_as_they_can_be(count: int, channels: int) -> None:
    directions = random_directions(count, channels, torch.Generator().manual_seed(0))
    assert directions.shape == (count, channels)
    first = directions[:channels]
    torch.testing.assert_close(first @ first.T, torch.eye(len(first)), rtol=0, atol=1e-5)
    torch.testing.assert_close(directions.norm(dim=1), torch.ones(count))


def test_seeds_draw_directions_anew() -> None:
    maps = {"maps": torch.randn(1, 4, 10, 10)}
    first, again, other = (slices_of(maps, OPTIONS, seed)["maps"] for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_thinned_paintings_are_distributed_alike() -> None:
    maps = gaussian(torch.tensor([1.0, 2.0, 3.0]), 2.0)
    small = thinned({"maps": maps}, 5000)
    assert small["maps"].shape == (1, 3, 5000, 1)
    assert distance(small["maps"], maps).item() < 0.01


def test_a_pyramid_keeps_flat_colours_and_removes_grain() -> None:
    flat = torch.full((2, 3, 21, 30), 0.25)
    levels = pyramid(flat, 3)
    assert [tuple(level.shape[2:]) for level in levels] == [(21, 30), (11, 15), (6, 8)]
    assert all(torch.allclose(level, level.new_tensor(0.25)) for level in levels)
    stripes = flat.clone()
    stripes[..., ::2] = 0.75
    assert pyramid(stripes, 2)[1][..., 1:-1].std() < 1e-6


def test_pictures_are_seen_in_octaves() -> None:
    picture = torch.rand(2, 3, 64, 48)
    maps = see(SlimVGG(), picture, 2) | colors(picture)
    assert list(maps) == [f"relu{layer}/{size}" for size in (1, 2) for layer in ("1_2", "2_2", "3_3", "4_3")] + [
        "color"
    ]
    assert maps["relu2_2/1"].shape == (2, SlimVGG.components("relu2_2"), 32, 24)
    assert maps["relu2_2/2"].shape[2:] == (16, 12)
    assert maps["color"].shape == (2, 3, 16, 12)


def test_the_gap_closed_is_a_mean_of_shares() -> None:
    photo = torch.tensor([[4.0, 100.0]])
    pictures = torch.tensor([[4.0, 100.0], [0.0, 0.0], [2.0, 25.0], [8.0, 100.0]])
    torch.testing.assert_close(distribution_gap_closed(pictures, photo), torch.tensor([0.0, 1.0, 0.625, -0.5]))
