"""Artifact terms: what they see, what they do not see, and that their gradients take artifacts away."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from impasto.losses import artifacts


@pytest.mark.parametrize("periods", [(2, 2), (4, 4), (8, 8), (2, 1), (1, 2), (4, 1), (1, 8)])
@pytest.mark.parametrize("contrast", [1, 40])
def test_patterns_of_the_grid_are_seen_whatever_lies_under_them(periods: tuple[int, int], contrast: float) -> None:
    down, across = torch.arange(64)[:, None] // (periods[0] / 2), torch.arange(96) // (periods[1] / 2)
    down, across = (on if period > 1 else 0 * on for on, period in zip((down, across), periods, strict=True))
    pattern = contrast * (1 - 2 * ((down + across) % 2))
    ramp = torch.linspace(40, 160, 96) + torch.linspace(0, 50, 64)[:, None]
    with_it, without = (((ramp + part) / 255).expand(1, 3, 64, 96) for part in (pattern, 0))
    assert artifacts.grid_pattern(without).item() == pytest.approx(0, abs=1e-6)
    # What lies in the plane of a cell is a slope, and not counted.
    cell = (pattern * torch.ones(64, 96))[:8, :8]
    down, across = torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing="ij")
    planes = torch.stack([torch.ones(64), down.flatten(), across.flatten()], dim=1)
    left = cell.flatten() - planes @ torch.linalg.lstsq(planes, cell.flatten()).solution
    assert artifacts.grid_pattern(with_it).item() == pytest.approx(left.square().mean().item(), rel=1e-3)


def test_grain_and_strokes_are_no_pattern_of_the_grid() -> None:
    noise = 0.5 + 0.1 * torch.randn(2, 3, 128, 128, generator=torch.Generator().manual_seed(0))
    assert artifacts.grid_pattern(noise).max() < 0.03 * (255 * 0.1) ** 2
    stripes = 0.5 + 0.1 * torch.sin(torch.arange(128) * 2 * torch.pi / 11).expand(1, 3, 128, 128)
    assert artifacts.grid_pattern(stripes).item() < 0.01 * (255 * 0.1) ** 2


@pytest.mark.parametrize("scale", [0.02, 0.5])
def test_cells_of_one_colour_are_blocks_and_grain_is_none(scale: float) -> None:
    generator = torch.Generator().manual_seed(0)
    grain = 0.5 + scale * torch.rand(1, 3, 128, 96, generator=generator)
    cells = F.interpolate(grain, scale_factor=2.0)
    assert artifacts.blockiness(grain).item() < 0.01
    assert artifacts.blockiness(cells).item() == pytest.approx(1, abs=0.05)
    # Cells of 4 pixels have edges at every second edge of those of 2.
    assert artifacts.blockiness(F.interpolate(cells, scale_factor=2.0)).item() == pytest.approx(1, abs=0.05)


def test_one_colour_and_a_ramp_have_no_blocks() -> None:
    ramp = torch.linspace(0, 1, 96).expand(1, 3, 64, 96)
    assert artifacts.blockiness(ramp).item() < 1e-3
    assert artifacts.blockiness(torch.full((2, 3, 64, 64), 0.3)).tolist() == [0, 0]


def test_blocks_go_when_blockiness_is_minimised() -> None:
    grain = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    picture = F.interpolate(grain, scale_factor=2.0).requires_grad_()
    optimizer = torch.optim.Adam([picture], 1e-2)
    for _ in range(40):
        optimizer.zero_grad()
        artifacts.blockiness(picture).sum().backward()
        optimizer.step()
    assert artifacts.blockiness(picture).item() < 0.1


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
        name: artifacts.raster_energy((0.5 + 0.05 * texture + grain).expand(1, 3, -1, -1), photo).item()
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


def test_rasters_are_seen_in_the_smallest_crops() -> None:
    dots = 0.5 + 0.1 * torch.cos(2 * torch.pi * torch.arange(32.0) / 8) * torch.cos(torch.arange(32.0)[:, None])
    photo = torch.full((1, 3, 32, 32), 0.5)
    assert artifacts.raster_energy(dots.expand(1, 3, 32, 32), photo).item() > 0.1
    assert artifacts.raster_energy(photo, photo).item() == 0


def test_rasters_go_when_their_energy_is_minimised() -> None:
    y, x = torch.arange(128.0)[:, None], torch.arange(128.0)
    dots = torch.cos(2 * torch.pi * (y + x) / 9) + torch.cos(2 * torch.pi * (y - x) / 11)
    grain = torch.randn(128, 128, generator=torch.Generator().manual_seed(0))
    picture = (0.5 + 0.05 * dots + 0.05 * grain).expand(1, 3, -1, -1).clone().requires_grad_()
    flat = torch.full((1, 3, 128, 128), 0.5)
    before, optimizer = artifacts.raster_energy(picture, flat).item(), torch.optim.Adam([picture], 2e-3)
    for _ in range(20):
        optimizer.zero_grad()
        artifacts.raster_energy(picture, flat).sum().backward()
        optimizer.step()
    assert artifacts.raster_energy(picture, flat).item() < before / 4


def test_specks_are_seen_where_the_photo_is_smooth_and_grain_is_none() -> None:
    generator = torch.Generator().manual_seed(0)
    grain = 4 / 255 * torch.randn(1, 1, 96, 96, generator=generator)
    few = torch.rand(1, 1, 96, 96, generator=generator) < 0.01
    spots = 50 / 255 * few * torch.randn(1, 1, 96, 96, generator=generator).sign()
    flat, busy = torch.full((1, 3, 96, 96), 0.5), torch.rand(1, 3, 96, 96, generator=generator)
    assert artifacts.specks(flat + grain, flat).item() < 0.01
    # A hundredth of the places, each about 50 - 18 grey levels beyond.
    assert artifacts.specks(flat + grain + spots, flat).item() == pytest.approx(0.01 * 32**2, rel=0.3)
    assert artifacts.specks(flat + grain + spots, busy).item() == 0
    halves = torch.cat([flat[..., :48], busy[..., 48:]], dim=3)
    assert artifacts.specks(flat + spots * (torch.arange(96) >= 64), halves).item() == 0


def test_white_noise_is_cell_noise_and_what_is_smooth_is_not() -> None:
    torch.manual_seed(0)
    noise = torch.rand(1, 3, 96, 96)
    assert artifacts.cell_noise(noise).item() == pytest.approx(1 / 64, rel=0.1)
    assert artifacts.cell_noise(torch.full((1, 3, 96, 96), 0.5)).item() == 0
    smooth = torch.nn.functional.avg_pool2d(noise, 3, stride=1)
    assert artifacts.cell_noise(smooth).item() == pytest.approx(0, abs=1e-4)
    grey = smooth.mean(dim=1, keepdim=True).expand(-1, 3, -1, -1)
    coloured = grey + 0.05 * (torch.rand_like(grey) - 0.5)
    assert artifacts.cell_noise(coloured).item() > 2 / 3 / 64  # the axes of colour are noise alone


def test_cells_of_one_colour_are_no_cell_noise() -> None:
    torch.manual_seed(0)
    cells = torch.rand(1, 3, 48, 48).repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert artifacts.blockiness(cells).item() > 0.9
    assert artifacts.cell_noise(cells).item() < 0.2 / 64
