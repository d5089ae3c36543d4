"""Networks that were changed in PyTorch become model folders."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest
import torch

import impasto
from impasto import ImpastoError
from impasto.models.model import load_model
from impasto.nn import StyleTransferNetwork, save
from impasto.nn.load import load_network, load_predictor
from impasto.nn.save import save_network


def test_an_unchanged_network_paints_the_same_pictures(trained: Path, photo: Path, tmp_path: Path) -> None:
    model = load_model(trained)
    copied = save_network(load_network(model), model, tmp_path / "copied")
    assert (copied.info.name, copied.info.network) == ("copied", model.info.network)
    assert (copied.info.input_noise, list(copied.styles)) == (model.info.input_noise, list(model.styles))
    one, other = (impasto.load(folder)(photo, "mural") for folder in (trained, tmp_path / "copied"))
    np.testing.assert_array_equal(one, other)


def test_changed_convolutions_and_rows_are_kept(trained: Path, tmp_path: Path) -> None:
    model = load_model(trained)
    network = load_network(model)
    with torch.no_grad():
        network.expand[-1].conv.weight.mul_(1.2345)
        network.set_style(2, network.style(torch.tensor([0]))[0])
    weight = network.expand[-1].conv.weight.clone()
    changed = save_network(network, model, tmp_path / "changed")
    assert torch.equal(network.expand[-1].conv.weight, weight)  # float32 still
    assert torch.equal(load_network(changed).expand[-1].conv.weight, weight.half().float())
    np.testing.assert_array_equal(changed.styles["slot-2"].row, model.styles["mural"].row)
    assert changed.info.network != model.info.network
    assert changed.info.provenance["changed_from"] == model.info.network
    assert not changed.styles["mural"].info.losses
    assert changed.styles["mural"].info.image_sha256 == model.styles["mural"].info.image_sha256
    with pytest.raises(ImpastoError, match="another network"):
        impasto.load(tmp_path / "changed").plan(model.styles["mural"])


def test_a_predictor_comes_along_if_it_is_given(with_predictor: Path, tmp_path: Path) -> None:
    model = load_model(with_predictor)
    network, predictor = load_network(model), load_predictor(model)
    assert not save_network(network, model, tmp_path / "without").predicts
    again = load_predictor(save_network(network, model, tmp_path / "with", predictor=predictor))
    for name, tensor in predictor.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor), name


def test_what_does_not_fit_is_refused(trained: Path, tmp_path: Path) -> None:
    model = load_model(trained)
    for network, out, words in (
        (StyleTransferNetwork("paper", 4), "new", "network: has another architecture than 'fast', the model's"),
        (StyleTransferNetwork("fast", 3), "new", "network: has 3 styles, the model has 4"),
        (load_network(model), ".", "already exists; name another folder"),
    ):
        with pytest.raises(ImpastoError, match=words):
            save_network(network, model, tmp_path / out)
    assert not (tmp_path / "new").exists()


def test_what_fails_half_way_leaves_nothing(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, out = load_model(trained), tmp_path / "deep" / "new"
    network, write = load_network(model), save.write_file

    def full(path: Path, content: bytes) -> None:
        if path.suffix == ".onnx":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(path, content)

    monkeypatch.setattr(save, "write_file", full)
    with pytest.raises(ImpastoError, match=r"^output .*new: No space left on device$"):
        save_network(network, model, out)
    assert [*out.parent.iterdir()] == []
    monkeypatch.undo()
    assert save_network(network, model, out).info.name == "new"
    assert [each.name for each in out.parent.iterdir()] == ["new"]
