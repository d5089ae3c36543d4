"""OpenVINO's cache of compiled networks."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from pathlib import Path
from unittest.mock import Mock

import msgspec
import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save

import impasto
from impasto.models.model import INFO, WEIGHTS, load_model
from impasto.nn.load import load_network
from impasto.nn.onnx import to_onnx
from impasto.runtime import load_runtime, quantization


def test_second_load_comes_from_the_cache_and_paints_the_same(
    trained: Path, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    first = np.asarray(impasto.load(trained)(photo, "mural"))
    (blob,) = (tmp_path / "cache" / "impasto" / "openvino").iterdir()
    assert (np.asarray(impasto.load(trained)(photo, "mural")) == first).all()
    blob.chmod(0o600)
    blob.write_bytes(b"damaged")
    assert (np.asarray(impasto.load(trained)(photo, "mural")) == first).all()


def test_no_room_for_a_cache_is_no_error(
    trained: Path, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert impasto.load(trained)(photo, "mural")


def test_a_model_overwritten_while_it_is_compiled_does_not_spoil_the_cache(
    trained: Path, with_predictor: Path, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = np.asarray(impasto.load(trained)(photo, "mural")).astype(int)
    for attempt in range(6):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / f"cache-{attempt}"))
        model = Path(shutil.copytree(trained, tmp_path / f"model-{attempt}"))
        impasto.load(model)
        time.sleep(attempt * 0.004)
        for name in (WEIGHTS, "network.onnx"):
            (model / name).write_bytes((with_predictor / name).read_bytes())
        assert np.abs(np.asarray(impasto.load(trained)(photo, "mural")) - expected).max() <= 3


def test_a_model_replaced_in_its_place_is_not_taken_from_the_cache(model_copy: Path, photo: Path) -> None:
    impasto.load(model_copy)
    model = load_model(model_copy)
    network = load_network(model)
    for parameter in network.parameters():
        parameter.data = parameter.data * torch.linspace(0.5, 1.5, parameter.shape[-1])
    weights = save(
        {name: tensor.half().contiguous() for name, tensor in network.state_dict().items() if "conv" in name}
    )
    files = {WEIGHTS: weights} | {graph.value: content for graph, content in to_onnx(network, weights).items()}
    for name, content in files.items():
        path = model_copy / name
        date = path.stat().st_mtime_ns
        path.write_bytes(content)
        os.utime(path, ns=(date, date))
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    info = msgspec.structs.replace(model.info, files=digests)
    (model_copy / INFO).write_bytes(msgspec.json.encode(info))
    stylizers = [impasto.load(model_copy, runtime=name, precision="f32") for name in ("openvino", "torch")]
    pictures = [np.asarray(stylizer(photo, "mural")) for stylizer in stylizers]
    assert np.abs(pictures[0].astype(int) - pictures[1]).max() <= 2


@pytest.mark.slow
def test_a_style_is_quantized_once(
    model_copy: Path, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = Mock(side_effect=quantization.quantized)
    monkeypatch.setattr(quantization, "quantized", made)
    stylizer, array = impasto.load(model_copy, precision="int8"), np.asarray(Image.open(photo))
    pictures = [stylizer(each, "mural") for each in (array, array[:, ::-1])]
    stylizer(array, "stained-glass")
    again = impasto.load(model_copy, precision="int8")(array, "mural")
    assert made.call_count == 2
    assert np.array_equal(again, pictures[0])
    kept = list((tmp_path / "cache" / "impasto" / "int8").iterdir())
    assert len(kept) == 2
    for folder in kept:
        (folder / "network.xml").write_bytes(b"damaged")
    assert np.array_equal(impasto.load(model_copy, precision="int8")(array, "mural"), pictures[0])
    assert made.call_count == 3
    monkeypatch.setattr(quantization, "_METHOD", "another")
    impasto.load(model_copy, precision="int8")(array, "mural")
    assert made.call_count == 4


def test_the_colours_of_a_photo_make_no_new_style_to_prepare(
    model_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the identity style has a share in a style, its last layer has the colours of the photo."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made = Mock(side_effect=quantization.quantized)
    monkeypatch.setattr(quantization, "quantized", made)
    model, image = load_model(model_copy), np.random.default_rng(0).random((1, 3, 64, 64), np.float32)
    row = model.styles["mural"].row
    with_colors = np.concatenate([row[:-24], row[-24:] + np.float32(0.5)])
    eight, full = (load_runtime("openvino", model, precision) for precision in ("int8", "f32"))
    statistics = full.measure(image, row[None])
    for each in (row, with_colors):
        picture = eight.run_frozen(image, each[None], statistics)
        assert np.abs(picture - full.run_frozen(image, each[None], statistics)).mean() < 0.02
    assert made.call_count == 1
    assert capsys.readouterr().out == ""
