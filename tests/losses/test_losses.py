"""The objective by closed forms."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from impasto.losses import perceptual as losses
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


def test_shifted_grams_are_products_with_the_map_some_places_on() -> None:
    x = torch.randn(2, 3, 7, 9)
    grams = losses.shifted_grams(x, [2])
    assert grams.shape == (2, 3, 15)
    torch.testing.assert_close(grams[..., :3], losses.gram_matrix(x))
    flat = x.flatten(2)
    for place, by in enumerate((2, 2 * 9 - 2, 2 * 9, 2 * 9 + 2), start=1):
        expected = flat[..., :-by] @ flat[..., by:].transpose(1, 2) / (63 - by)
        torch.testing.assert_close(grams[..., 3 * place : 3 * place + 3], expected)


def test_shifted_grams_tell_a_raster_from_noise() -> None:
    torch.manual_seed(0)
    raster = torch.ones(1, 1, 32, 32)
    raster[..., ::2] = -1
    noise = torch.randn(1, 1, 32, 32).sign()
    assert losses.gram_matrix(raster) == losses.gram_matrix(noise) == 1
    assert losses.shifted_grams(raster, [1])[..., 1:].abs().min() == 1
    assert losses.shifted_grams(noise, [1])[..., 1:].abs().max() < 0.2


def test_the_two_readable_numbers() -> None:
    photo, style = torch.tensor(200.0), torch.tensor(0.0)
    assert losses.style_gap_closed(photo, photo) == 0
    assert losses.style_gap_closed(style, photo) == 1
    assert losses.content_distance(torch.tensor(50.0), torch.tensor(100.0)) == 0.5


@given(scale=st.floats(0.01, 100), shift=st.floats(-5, 5))
def test_likeness_sees_forms_and_no_contrast(scale: float, shift: float) -> None:
    torch.manual_seed(0)
    photo, another = torch.rand(2, 8, 16, 16), torch.rand(2, 8, 16, 16)
    assert losses.content_likeness(scale * photo + shift, photo).tolist() == pytest.approx([1, 1], abs=1e-3)
    assert losses.content_likeness(scale * another + shift, photo).abs().max() < 0.1
    assert losses.content_likeness(torch.full_like(photo, shift), photo).abs().max() < 1e-3


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


def test_shifts_are_given_in_pixels_and_used_where_a_layer_can_show_them() -> None:
    grams = losses.describe(VGG16(), torch.rand(1, 3, 32, 48), shifts=(4, 8)).grams
    assert [gram.shape[2] // gram.shape[1] for gram in grams.values()] == [9, 9, 9, 5]


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


@pytest.mark.parametrize("periods", [(2, 2), (4, 4), (8, 8), (2, 1), (1, 2), (4, 1), (1, 8)])
@pytest.mark.parametrize("contrast", [1, 40])
def test_patterns_of_the_grid_are_seen_whatever_lies_under_them(periods: tuple[int, int], contrast: float) -> None:
    down, across = torch.arange(64)[:, None] // (periods[0] / 2), torch.arange(96) // (periods[1] / 2)
    down, across = (on if period > 1 else 0 * on for on, period in zip((down, across), periods, strict=True))
    pattern = contrast * (1 - 2 * ((down + across) % 2))
    ramp = torch.linspace(40, 160, 96) + torch.linspace(0, 50, 64)[:, None]
    with_it, without = (((ramp + part) / 255).expand(1, 3, 64, 96) for part in (pattern, 0))
    assert losses.grid_pattern(without).item() == pytest.approx(0, abs=1e-6)
    # What lies in the plane of a cell is a slope, and not counted.
    cell = (pattern * torch.ones(64, 96))[:8, :8]
    down, across = torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing="ij")
    planes = torch.stack([torch.ones(64), down.flatten(), across.flatten()], dim=1)
    left = cell.flatten() - planes @ torch.linalg.lstsq(planes, cell.flatten()).solution
    assert losses.grid_pattern(with_it).item() == pytest.approx(left.square().mean().item(), rel=1e-3)


def test_grain_and_strokes_are_no_pattern_of_the_grid() -> None:
    noise = 0.5 + 0.1 * torch.randn(2, 3, 128, 128, generator=torch.Generator().manual_seed(0))
    assert losses.grid_pattern(noise).max() < 0.03 * (255 * 0.1) ** 2
    stripes = 0.5 + 0.1 * torch.sin(torch.arange(128) * 2 * torch.pi / 11).expand(1, 3, 128, 128)
    assert losses.grid_pattern(stripes).item() < 0.01 * (255 * 0.1) ** 2


@pytest.mark.parametrize("scale", [0.02, 0.5])
def test_cells_of_one_colour_are_blocks_and_grain_is_none(scale: float) -> None:
    generator = torch.Generator().manual_seed(0)
    grain = 0.5 + scale * torch.rand(1, 3, 128, 96, generator=generator)
    cells = F.interpolate(grain, scale_factor=2.0)
    assert losses.blockiness(grain).item() < 0.01
    assert losses.blockiness(cells).item() == pytest.approx(1, abs=0.05)
    # Cells of 4 pixels have edges at every second edge of those of 2.
    assert losses.blockiness(F.interpolate(cells, scale_factor=2.0)).item() == pytest.approx(1, abs=0.05)


def test_one_colour_and_a_ramp_have_no_blocks() -> None:
    ramp = torch.linspace(0, 1, 96).expand(1, 3, 64, 96)
    assert losses.blockiness(ramp).item() < 1e-3
    assert losses.blockiness(torch.full((2, 3, 64, 64), 0.3)).tolist() == [0, 0]


def test_blocks_go_when_blockiness_is_minimised() -> None:
    grain = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    picture = F.interpolate(grain, scale_factor=2.0).requires_grad_()
    optimizer = torch.optim.Adam([picture], 1e-2)
    for _ in range(40):
        optimizer.zero_grad()
        losses.blockiness(picture).sum().backward()
        optimizer.step()
    assert losses.blockiness(picture).item() < 0.1


def test_rasters_are_seen_where_the_photo_is_smooth() -> None:
    y, x = torch.arange(128.0)[:, None], torch.arange(160.0)
    generator = torch.Generator().manual_seed(0)
    grain = 0.05 * torch.randn(1, 3, 128, 160, generator=generator)
    dots = torch.cos(2 * torch.pi * (y + x) / 9) + torch.cos(2 * torch.pi * (y - x) / 11)
    strokes = 4 * F.avg_pool2d(torch.randn(1, 128, 174, generator=generator), (1, 15), stride=1)[0]
    # Products with itself at (4, 4) and (4, -4), and nowhere else: what keeps its step for no longer than that.
    threads = torch.randn(2, 132, 168, generator=generator)
    weave = threads[0, :128, 4:164] + threads[0, 4:, 8:] + threads[1, :128, 4:164] + threads[1, 4:, :160]
    flat, busy = torch.full((1, 3, 128, 160), 0.5), torch.rand(1, 3, 128, 160, generator=generator)
    energy = {
        name: losses.raster_energy((0.5 + 0.05 * texture + grain).expand(1, 3, -1, -1), photo).item()
        for name, texture, photo in (
            ("dots", dots, flat), ("nothing", 0 * dots, flat), ("strokes", strokes, flat), ("busy", dots, busy),
            ("weave", weave, flat),
        )
    }  # fmt: skip
    assert energy["dots"] > 1
    assert energy["nothing"] < 0.05
    assert energy["strokes"] < energy["dots"] / 10
    assert energy["busy"] == 0
    assert energy["weave"] > 3 * max(energy["nothing"], energy["strokes"])


def test_rasters_go_when_their_energy_is_minimised() -> None:
    y, x = torch.arange(128.0)[:, None], torch.arange(128.0)
    dots = torch.cos(2 * torch.pi * (y + x) / 9) + torch.cos(2 * torch.pi * (y - x) / 11)
    grain = torch.randn(128, 128, generator=torch.Generator().manual_seed(0))
    picture = (0.5 + 0.05 * dots + 0.05 * grain).expand(1, 3, -1, -1).clone().requires_grad_()
    flat = torch.full((1, 3, 128, 128), 0.5)
    before, optimizer = losses.raster_energy(picture, flat).item(), torch.optim.Adam([picture], 2e-3)
    for _ in range(20):
        optimizer.zero_grad()
        losses.raster_energy(picture, flat).sum().backward()
        optimizer.step()
    assert losses.raster_energy(picture, flat).item() < before / 4


def test_specks_are_seen_where_the_photo_is_smooth_and_grain_is_none() -> None:
    generator = torch.Generator().manual_seed(0)
    grain = 4 / 255 * torch.randn(1, 1, 96, 96, generator=generator)
    few = torch.rand(1, 1, 96, 96, generator=generator) < 0.01
    spots = 50 / 255 * few * torch.randn(1, 1, 96, 96, generator=generator).sign()
    flat, busy = torch.full((1, 3, 96, 96), 0.5), torch.rand(1, 3, 96, 96, generator=generator)
    assert losses.specks(flat + grain, flat).item() < 0.01
    # A hundredth of the places, each about 50 - 18 grey levels beyond.
    assert losses.specks(flat + grain + spots, flat).item() == pytest.approx(0.01 * 32**2, rel=0.3)
    assert losses.specks(flat + grain + spots, busy).item() == 0
    halves = torch.cat([flat[..., :48], busy[..., 48:]], dim=3)
    assert losses.specks(flat + spots * (torch.arange(96) >= 64), halves).item() == 0


def test_gradients_of_shifted_grams_are_those_of_their_formula() -> None:
    features = torch.rand(2, 3, 5, 6, dtype=torch.float64, requires_grad=True)
    weights = torch.rand(2, 3, 15)
    for batched in (False, True):
        places = features.permute(0, 2, 3, 1).flatten(1, 2)
        offsets = [0, 1, 5, 6, 7]
        ours = (
            losses._products(places, offsets)
            if batched
            else torch.stack([losses._products(each, offsets) for each in places])
        )
        pairs = [(places[:, : 30 - by], places[:, by:]) for by in offsets]
        plain = torch.cat([(a.mT @ b) / a.shape[1] for a, b in pairs], dim=2)
        torch.testing.assert_close(ours, plain.float())
        gradients = [
            torch.autograd.grad((each * weights).sum(), features, retain_graph=True)[0] for each in (ours, plain)
        ]
        torch.testing.assert_close(*gradients, atol=1e-6, rtol=1e-5)
