"""The networks: their shape, and that a style is a row."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from impasto import ImpastoError
from impasto.assets import BUNDLED
from impasto.models.model import load_model
from impasto.nn import ARCHITECTURES, StyleTransferNetwork
from impasto.nn.load import load_network
from impasto.styles.style import IDENTITY

NAMES = sorted(ARCHITECTURES)


def network_with_random_styles(name: str, styles: int = 3) -> StyleTransferNetwork:
    torch.manual_seed(0)
    network = StyleTransferNetwork(name, styles).eval()
    for slot in range(styles):
        network.set_style(slot, torch.randn(network.architecture.style_size) * 0.3 + 0.5)
    return network


@pytest.mark.parametrize(("name", "weights", "style_size"), [("paper", 1_674_432, 3_206), ("fast", 412_416, 1_560)])
def test_parameter_counts(name: str, weights: int, style_size: int) -> None:
    network = StyleTransferNetwork(name, num_styles=2)
    convolutions = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    assert sum(parameter.numel() for conv in convolutions for parameter in conv.parameters()) == weights
    assert network.architecture.style_size == style_size
    assert sum(p.numel() for p in network.parameters()) == weights + 2 * style_size


def test_paper_layers() -> None:
    convolutions = [module for module in StyleTransferNetwork("paper").modules() if isinstance(module, nn.Conv2d)]
    shapes = [(c.in_channels, c.out_channels, c.kernel_size[0], c.stride[0]) for c in convolutions]
    contract = [(3, 32, 9, 1), (32, 64, 3, 2), (64, 128, 3, 2)]
    expand = [(128, 64, 3, 1), (64, 32, 3, 1), (32, 3, 9, 1)]
    assert shapes == [*contract, *[(128, 128, 3, 1)] * 10, *expand]
    assert all(conv.bias is None for conv in convolutions)
    assert 0.0095 < convolutions[5].weight.std() < 0.0105


@pytest.mark.parametrize("name", NAMES)
def test_picture_has_the_photos_size_and_range(name: str) -> None:
    network = network_with_random_styles(name)
    picture = network(torch.rand(2, 3, 36, 52), style_id=torch.tensor([0, 2]))
    assert picture.shape == (2, 3, 36, 52)
    assert picture.min() >= 0
    assert picture.max() <= 1


@pytest.mark.parametrize("name", NAMES)
def test_rows_decide_the_picture(name: str) -> None:
    network = StyleTransferNetwork(name, 3).eval()
    network.set_style(0, torch.randn(network.architecture.style_size))
    photo = torch.rand(1, 3, 32, 32)
    first, second, third = (network(photo, style_id=torch.tensor([slot])) for slot in range(3))
    assert not torch.allclose(first, second, atol=1e-2)
    assert torch.equal(second, third)


@pytest.mark.parametrize("name", NAMES)
def test_ids_and_weights_and_batches_agree(name: str) -> None:
    network = network_with_random_styles(name)
    photos, ids = torch.rand(3, 3, 32, 40), torch.tensor([2, 0, 1])
    together = network(photos, style_id=ids)
    torch.testing.assert_close(network(photos, style_weights=torch.eye(3)[ids]), together, atol=1e-4, rtol=1e-3)
    for index in range(3):
        alone = network(photos[index : index + 1], style_id=ids[index : index + 1])
        torch.testing.assert_close(alone[0], together[index], atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_the_identity_style_is_the_image_and_counts_by_its_share(name: str) -> None:
    network = network_with_random_styles(name)
    photo, style = torch.rand(2, 3, 32, 40), torch.tensor([0, 0])
    before = network(photo, style_id=style)
    network.identity = 2
    assert torch.equal(network(photo, style_id=torch.tensor([2, 2])), photo)
    assert torch.equal(network(photo, style_id=style), before)
    half = torch.tensor([[0.5, 0, 0.5]] * 2)
    maps = network.render(photo, network.rows(photo, style_weights=half))
    torch.testing.assert_close(network(photo, style_weights=half), (maps + photo) / 2)


@pytest.mark.parametrize("model", BUNDLED)
def test_the_bundled_models_reproduce_photos(model: str) -> None:
    loaded = load_model(model)
    photo = torch.rand(1, 3, 48, 64)
    slot = torch.tensor([list(loaded.styles).index(IDENTITY)])
    assert torch.equal(load_network(loaded)(photo, style_id=slot), photo)


def test_blends_and_single_styles_share_a_batch() -> None:
    network = network_with_random_styles("fast")
    photos = torch.rand(2, 3, 32, 32)
    weights = torch.tensor([[1.0, 0, 0], [0.5, 0.5, 0]])
    together = network(photos, style_weights=weights)
    torch.testing.assert_close(together[:1], network(photos[:1], style_id=torch.tensor([0])), atol=1e-4, rtol=1e-3)
    assert not torch.allclose(together[1], network(photos[1:], style_id=torch.tensor([0]))[0], atol=1e-2)


@pytest.mark.parametrize("name", NAMES)
def test_set_style_is_the_inverse_of_style(name: str) -> None:
    network = StyleTransferNetwork(name, 2)
    row = torch.randn(network.architecture.style_size)
    network.set_style(1, row)
    assert torch.equal(network.style(torch.tensor([1]))[0], row)
    assert torch.equal(network.norms[0].gamma[1], row[: network.norms[0].num_features])


def test_unknown_network_is_refused_with_near_names() -> None:
    with pytest.raises(ImpastoError, match="did you mean paper"):
        StyleTransferNetwork("papper")


def test_compiled_parts_paint_the_same() -> None:
    network, image = StyleTransferNetwork("fast", num_styles=2), torch.rand(1, 3, 32, 48)
    plain = network(image, torch.tensor([1]))
    network.compile_parts()
    with torch.compiler.set_stance("force_eager"):
        torch.testing.assert_close(network(image, torch.tensor([1])), plain)
    assert network.normalise is not StyleTransferNetwork("fast").normalise


@pytest.mark.parametrize("name", NAMES)
def test_halo_is_how_far_pixels_reach_through_the_network(name: str) -> None:
    network = StyleTransferNetwork(name, 1).double()
    for parameter in network.parameters():
        if parameter.ndim == 4:  # every kernel a mean, so that every pixel it sees counts
            parameter.data.fill_(1 / parameter[0].numel())
    style = network.style(torch.tensor([0]))
    halo, middle = network.architecture.halo, 160
    photo = torch.full((1, 3, 20, 320), 0.5, dtype=torch.double, requires_grad=True)
    picture = network.render_frozen(photo, style, 1 - style)
    picture[..., middle : middle + 4].sum().backward()
    assert photo.grad is not None
    seen = torch.nonzero(photo.grad[0, 0])[:, 1]
    assert middle - halo <= seen.min() <= middle - halo + 12
    assert middle + 4 + halo - 12 <= seen.max() < middle + 4 + halo
