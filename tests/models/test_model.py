"""The model folder: what is in it, and what happens when it is damaged."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

import impasto
from impasto import ImpastoError, Style
from impasto.models.model import load_model
from impasto.runtime import RUNTIMES
from impasto.styles.style import StyleInfo


def test_folder_says_what_it_is(trained: Path, workshop) -> None:
    model = load_model(trained)
    assert model.info.architecture == "fast"
    assert model.info.style_size == 1560
    assert model.info.input_noise == 2.0
    assert model.info.provenance["steps"] == 20
    mural = model.styles["mural"]
    assert (mural.info.name_zh, mural.info.artist, mural.info.year) == ("壁畫", "Anonymous", "c. 800")
    image = workshop.style_images / "mural.png"
    assert mural.info.image_sha256 == hashlib.sha256(image.read_bytes()).hexdigest()
    glass = model.styles["stained-glass"].info
    assert (glass.image_size, glass.image_box) == (64, (0.0, 0.25, 0.5, 1.0))
    assert set(mural.info.losses) == {"style_gap_closed", "content_distance", "content_likeness"}
    assert not list(trained.rglob("*.part"))


def test_style_files_are_small_and_hold_a_thumbnail(trained: Path) -> None:
    style = load_model(trained).styles["mural"]
    size = (trained / "styles" / "mural.safetensors").stat().st_size
    assert size - len(style.thumbnail) < 8_000
    assert style.thumbnail.startswith(b"\xff\xd8")


def test_style_survives_saving(tmp_path: Path) -> None:
    row = np.random.default_rng(0).normal(size=12).astype(np.float32)
    style = Style(StyleInfo(slug="mine", name_zh="我的", network="abc", losses={"style_gap_closed": 0.9}), row)
    style.save(tmp_path / "mine.safetensors")
    again = Style.load(tmp_path / "mine.safetensors")
    assert again.info == style.info
    assert (again.row == row).all()


def test_weights_are_stored_in_halves(trained: Path) -> None:
    for name in ("network.onnx", "network.safetensors"):
        assert (trained / name).stat().st_size < 412_416 * 3


@pytest.mark.parametrize("name", ["model.json", "network.onnx", "styles/mural.safetensors"])
@pytest.mark.parametrize("damage", ["missing", "truncated", "garbled", "empty"])
def test_damaged_files_are_named(model_copy: Path, name: str, damage: str) -> None:
    path = model_copy / name
    content = path.read_bytes()
    half = len(content) // 2
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes({"truncated": content[:half], "garbled": content[:half][::-1], "empty": b""}[damage])
    with pytest.raises(ImpastoError) as caught:
        impasto.load(model_copy)
    assert str(model_copy) in str(caught.value)
    assert Path(name).name in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_every_runtime_notices_damage(model_copy: Path, runtime: str) -> None:
    for name in ("network.onnx", "network.safetensors"):
        content = bytearray((model_copy / name).read_bytes())
        content[len(content) // 2] ^= 255
        (model_copy / name).write_bytes(content)
    with pytest.raises(ImpastoError, match="damaged"):
        impasto.load(model_copy, runtime=runtime)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_network_that_does_not_load_is_one_line(model_copy: Path, runtime: str) -> None:
    info = json.loads((model_copy / "model.json").read_text())
    for name in ("network.onnx", "network.safetensors"):
        (model_copy / name).write_bytes(b"whole, but no network")
        info["files"][name] = hashlib.sha256(b"whole, but no network").hexdigest()
    (model_copy / "model.json").write_text(json.dumps(info))
    with pytest.raises(ImpastoError, match=f"{runtime} cannot load its network") as caught:
        impasto.load(model_copy, runtime=runtime)
    assert "\n" not in str(caught.value)


def test_newer_versions_are_refused_with_what_to_do(model_copy: Path) -> None:
    (model_copy / "model.json").write_text('{"version": 99, "something": "new"}')
    with pytest.raises(ImpastoError, match="newer impasto"):
        load_model(model_copy)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_what_older_models_hold_besides_is_ignored(
    with_predictor: Path, workshop, tmp_path: Path, runtime: str, version: int
) -> None:
    """They have files that nobody reads any more, and the graph of their predictor has a second output."""
    old = Path(shutil.copytree(with_predictor, tmp_path / "old"))
    graph = onnx.load(old / "predictor.onnx", load_external_data=False)
    graph.graph.node.append(onnx.helper.make_node("Exp", ["style"], ["grams"]))
    graph.graph.output.append(onnx.helper.make_tensor_value_info("grams", onnx.TensorProto.FLOAT, [None, None]))
    contents = {"predictor.onnx": graph.SerializeToString(), "grams.onnx": b"", "correction.safetensors": b""}
    info = json.loads((old / "model.json").read_text())
    for name, content in contents.items():
        (old / name).write_bytes(content)
        info["files"][name] = hashlib.sha256(content).hexdigest()
    (old / "model.json").write_text(json.dumps(info | {"version": version}))
    painting = workshop.style_images / "glass.png"
    row, expected = (impasto.load(path, runtime=runtime).predict(painting).row for path in (old, with_predictor))
    np.testing.assert_allclose(row, expected, atol=1e-5)


def test_no_model_folder_at_all(tmp_path: Path, photo: Path) -> None:
    for path in (tmp_path, tmp_path / "none", photo):
        with pytest.raises(ImpastoError, match=r"there is no model\.json"):
            load_model(path)


def test_styles_of_another_network_are_refused(trained: Path, photo: Path) -> None:
    stylizer = impasto.load(trained)
    foreign = Style(StyleInfo(slug="foreign", network="another"), stylizer.styles["mural"].row)
    with pytest.raises(ImpastoError, match="made for another network"):
        stylizer(Image.open(photo), foreign)


def test_a_safetensors_file_that_is_no_style(trained: Path) -> None:
    with pytest.raises(ImpastoError, match="but not a style"):
        Style.load(trained / "network.safetensors")
