"""The slim loss network: the one that comes with the package, and what is wrong with files of others."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from impasto import ImpastoError
from impasto.losses.perceptual import describe, style_loss
from impasto.nn.slim import SlimVGG, load_slim_vgg


def test_the_bundled_loss_network_sees_what_vgg_sees() -> None:
    """It tells pictures apart as VGG-16 does: nothing random would, and this needs no VGG-16."""
    loss_network = load_slim_vgg()
    assert sum(weight.numel() for weight in loss_network.parameters()) * 2 < 4e6
    y, x = torch.meshgrid(torch.arange(96), torch.arange(96), indexing="ij")
    stripes = torch.stack([((x + y) // 6 % 2).float()] * 3)[None]
    pictures = {"stripes": stripes, "moved": stripes.roll(5, dims=3), "turned": stripes.flip(3)}
    pictures["grey"] = torch.full_like(stripes, 0.5)
    grams = {name: describe(loss_network, picture).grams for name, picture in pictures.items()}
    moved, turned, grey = (style_loss(grams["stripes"], grams[name]).item() for name in ("moved", "turned", "grey"))
    assert moved < 0.1 * turned < grey


@pytest.mark.parametrize(
    ("content", "message"), [(None, "there is no such file"), (b"nonsense", "not one that impasto distill made")]
)
def test_broken_loss_networks_are_named(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "slim.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ImpastoError, match=message):
        load_slim_vgg(path)


def test_only_the_layers_that_it_learnt_can_be_asked_for() -> None:
    with pytest.raises(KeyError, match="relu1_1"):
        SlimVGG()(torch.rand(1, 3, 64, 64), ["relu1_1"])


def test_files_with_the_old_names_of_weights_are_read(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = SlimVGG()
    old = {name.replace("head", "look"): tensor for name, tensor in network.state_dict().items()}
    assert "look1_2.weight" in old
    save_file(old, tmp_path / "old.safetensors")
    save_file(network.state_dict(), tmp_path / "new.safetensors")
    for name in ("old", "new"):
        loaded = load_slim_vgg(tmp_path / f"{name}.safetensors")
        assert all(torch.equal(tensor, loaded.state_dict()[key]) for key, tensor in network.state_dict().items())
