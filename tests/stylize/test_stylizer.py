"""Inference: sizes, types, runtimes, threads."""

from __future__ import annotations

import importlib.util
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

import impasto
from impasto import ImpastoError
from impasto.assets import BUNDLED, examples
from impasto.models.model import load_model
from impasto.runtime import RUNTIMES, load_runtime
from impasto.styles.style import IDENTITY
from impasto.stylize.controls import Controls


@pytest.fixture(scope="module")
def stylizer(trained: Path) -> impasto.Stylizer:
    return impasto.load(trained)


@given(height=st.integers(1, 80), width=st.integers(1, 80), channels=st.sampled_from([None, 3, 4]))
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_output_has_the_inputs_size_and_type(stylizer, height: int, width: int, channels: int | None) -> None:
    shape = (height, width) if channels is None else (height, width, channels)
    array = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    picture = stylizer(array, style="mural")
    assert picture.dtype == np.uint8
    assert picture.shape == (height, width, channels or 3)
    if channels == 4:
        assert (picture[..., 3] == array[..., 3]).all()
    image = stylizer(Image.fromarray(array), style="mural")
    assert image.size == (width, height)
    assert image.mode == ("RGBA" if channels == 4 else "RGB")


def test_path_image_and_array_give_the_same_picture(stylizer, photo: Path) -> None:
    by_path = stylizer(photo, style="mural")
    by_text = stylizer(str(photo), style="mural")
    by_image = stylizer(Image.open(photo), style="mural")
    by_array = stylizer(np.array(Image.open(photo)), style="mural")
    for picture in (by_text, by_image, by_array):
        assert (np.asarray(picture) == np.asarray(by_path)).all()


def test_styles_differ_and_style_objects_are_taken(stylizer, photo: Path) -> None:
    mural = np.asarray(stylizer(photo, style="mural")).astype(int)
    glass = np.asarray(stylizer(photo, style="stained-glass")).astype(int)
    assert np.abs(mural - glass).mean() > 1
    assert (np.asarray(stylizer(photo, style=stylizer.styles["mural"])) == mural).all()


def test_same_input_same_bytes(stylizer, trained: Path, photo: Path) -> None:
    again = impasto.load(trained)
    assert stylizer(photo, "mural").tobytes() == again(photo, "mural").tobytes() == stylizer(photo, "mural").tobytes()


@pytest.mark.parametrize("at_once", [1, 2])
def test_a_stylizer_is_shared_by_threads(stylizer, trained: Path, photo: Path, at_once: int) -> None:
    slugs = ["mural", "stained-glass", "slot-2"] * 4
    alone = [stylizer(photo, slug).tobytes() for slug in slugs]
    shared = impasto.load(trained, at_once=at_once)
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda slug: shared(photo, slug).tobytes(), slugs))
    assert together == alone


@pytest.mark.parametrize("model", ["trained", "fast", pytest.param("paper", marks=pytest.mark.slow)])
def test_runtimes_agree_on_photographs_of_odd_sizes(model: str, trained: Path) -> None:
    folder = trained if model == "trained" else model
    stylizers = {name: impasto.load(folder, runtime=name, precision="f32") for name in RUNTIMES}
    for name, size in (("cat", (201, 133)), ("neuschwansteincastle", (150, 255))):
        photo = Image.open(examples() / f"{name}.jpg").resize(size)
        for slug in list(stylizers["torch"].styles)[:3]:
            pictures = {key: np.asarray(one(photo, slug)).astype(int) for key, one in stylizers.items()}
            for picture in pictures.values():
                assert picture.shape == (size[1], size[0], 3)
                assert np.abs(picture - pictures["torch"]).max() <= 2


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_contract_takes_batches_with_a_style_each(trained: Path, runtime: str) -> None:
    model = load_model(trained)
    network = load_runtime(runtime, model, "f32")
    images = np.random.default_rng(0).random((3, 3, 36, 44), dtype=np.float32)
    rows = np.stack([style.row for style in model.styles.values()])[:3]
    statistics = network.measure(images, rows)
    for run, numbers in ((network.run, (rows,)), (network.run_frozen, (rows, statistics))):
        together = run(images, *numbers)
        assert together.shape == images.shape
        assert together.dtype == np.float32
        for index in range(3):
            alone = run(images[index : index + 1], *[each[index : index + 1] for each in numbers])
            assert np.abs(alone[0] - together[index]).max() < 1 / 255


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_graphs_agree_with_each_other_and_between_runtimes(trained: Path, runtime: str) -> None:
    """Regions of one style are the style; frozen statistics of the picture itself change nothing."""
    model = load_model(trained)
    network, reference = load_runtime(runtime, model, "f32"), load_runtime("torch", model)
    rng = np.random.default_rng(0)
    image, rows = rng.random((1, 3, 44, 60), dtype=np.float32), np.stack([s.row for s in model.styles.values()])[:2]
    half = np.zeros((1, 2, 44, 60), np.float32)
    half[:, 0, :, :28] = half[:, 1, :, 28:] = 1
    everywhere = np.ones((1, 1, 44, 60), np.float32)
    plain, mixed = network.run(image, rows[:1]), network.run_regions(image, rows, half)
    assert np.abs(plain - network.run_regions(image, rows[:1], everywhere)).max() < 1 / 255
    assert np.abs(plain - network.run_frozen(image, rows[:1], network.measure(image, rows[:1]))).max() < 1 / 255
    frozen = network.run_regions_frozen(image, rows, half, network.measure_regions(image, rows, half))
    assert np.abs(mixed - frozen).max() < 1 / 255
    assert np.abs(mixed - reference.run_regions(image, rows, half)).max() < 2 / 255
    assert np.abs(mixed - plain).max() > 5 / 255


@pytest.mark.parametrize("model", BUNDLED)
def test_flat_photos_get_strokes(model: str) -> None:
    """A flat colour is where instance normalization fails: without noise it comes out flat."""
    stylizer = impasto.load(model)
    for slug in set(stylizer.styles) - {IDENTITY}:
        picture = np.asarray(stylizer(np.full((128, 128, 3), 150, np.uint8), slug)).astype(float)
        assert picture[16:-16, 16:-16].std(axis=(0, 1)).mean() > 2, slug


def test_unknown_names_are_refused_with_near_ones(stylizer, photo: Path) -> None:
    with pytest.raises(ImpastoError, match="no style 'murl': did you mean mural"):
        stylizer(photo, "murl")
    with pytest.raises(ImpastoError, match="no runtime 'openvin': did you mean openvino"):
        impasto.load(runtime="openvin")


@pytest.mark.parametrize("model", BUNDLED)
def test_bundled_models_have_32_credited_styles_mural_and_glass_first(model: str) -> None:
    styles = impasto.load(model).styles
    assert list(styles)[:2] == ["mural", "stained-glass"]
    assert len(styles) == 33
    for slug, style in styles.items():
        info = style.info
        if slug == IDENTITY:
            continue
        assert all((info.name, info.name_zh, info.artist, info.year, info.credit, info.licence, info.image_sha256))
        assert style.thumbnail


def test_inference_never_imports_torch(photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    code = f"""
import sys, impasto
from impasto.cli.main import main
photo, out = {str(photo)!r}, {str(out)!r}
for arguments in (
    ["styles"],
    ["stylize", photo, "-s", "mural", "-o", out],
    ["sheet", photo, "--width", "32", "-o", out],
    ["add-style", photo, "--name", "mine", "--predicted", "--replace", "--preview", out],
):
    main(arguments, standalone_mode=False)
heavy = {{"torch", "accelerate", "onnx", "matplotlib"}} & set(sys.modules)
assert not heavy, heavy
"""
    environment = os.environ | {"XDG_DATA_HOME": str(tmp_path / "data")}
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120, env=environment)
    assert out.exists()


@pytest.mark.parametrize(("precision", "most"), [("auto", 3), ("bf16", 3), ("int8", 8)])
def test_lower_precisions_paint_nearly_the_same(trained: Path, precision: str, most: float) -> None:
    photo = np.random.default_rng(0).integers(0, 255, (120, 160, 3), dtype=np.uint8)
    exact = impasto.load(trained, precision="f32")(photo, "mural").astype(int)
    picture = impasto.load(trained, precision=precision)(photo, "mural")
    assert picture.shape == photo.shape
    assert np.abs(picture - exact).mean() < most


def test_precisions_that_a_runtime_has_not_are_refused(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImpastoError, match="computes in f32"):
        impasto.load(trained, runtime="torch", precision="bf16")
    with pytest.raises(ImpastoError, match="no precision 'f16'"):
        impasto.load(trained, precision="f16")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImpastoError, match='pip install "nncf'):
        impasto.load(trained, precision="int8")


def test_a_plan_paints_many_photos_as_calls_do(stylizer, photo: Path, tmp_path: Path) -> None:
    mask = tmp_path / "mask.png"
    Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8) * 4).save(mask)
    regions, style = [(mask, "stained-glass")], {"mural": 1, "slot-2": 1}
    plan = stylizer.plan(style, Controls(strength=0.8, detail=0.1), regions)
    arrays = [np.array(Image.open(photo).resize(size)) for size in ((75, 50), (40, 60))]
    expected = [stylizer(array, style, regions=regions, strength=0.8, detail=0.1) for array in arrays]
    mask.unlink()  # it was read
    for array, picture in zip(arrays, expected, strict=True):
        assert np.array_equal(plan.paint(array), picture)
    assert plan.paint(photo).size == (75, 50)


def test_a_plan_says_what_is_wrong_before_any_photo_is_read(stylizer, tmp_path: Path) -> None:
    for arguments, message in (
        ({}, "give either a style or a style image"),
        ({"style": "mural", "style_image": "a.jpg"}, "give either a style or a style image"),
        ({"style": "murl"}, "did you mean mural"),
        ({"style": "mural", "regions": [(tmp_path / "none.png", "mural")]}, "there is no such file"),
        ({"style": "mural", "regions": [(Image.new("L", (9, 9)), "mural")]}, "black everywhere"),
        ({"style": "mural", "regions": [(Image.new("L", (9, 9), 9), "murl")]}, "did you mean mural"),
    ):
        with pytest.raises(ImpastoError, match=message):
            stylizer.plan(**arguments)


def test_tiles_are_reported_for_every_size_of_strokes(trained: Path) -> None:
    model = load_model(trained)
    tiled = impasto.Stylizer(model, load_runtime("openvino", model), frozen=True)
    reports: list[tuple[int, int, str]] = []
    tiled(np.zeros((20, 1100, 3), np.uint8), "mural", stroke=2, progress=lambda *report: reports.append(report))
    assert {note for *_, note in reports} == {"550 × 10 pixels", "1100 × 20 pixels"}
    for note in ("550 × 10 pixels", "1100 × 20 pixels"):
        counts = [(done, total) for done, total, of in reports if of == note]
        assert [done for done, _ in counts] == list(range(counts[0][1] + 1))


@pytest.mark.parametrize(
    ("runtime", "precision", "words"),
    [
        ("openvino", "f32", "openvino, f32"),
        ("openvino", "bf16", "openvino, bf16"),
        ("onnxruntime", "auto", "onnxruntime, f32"),
    ],
)
def test_it_says_what_it_is(trained: Path, runtime: str, precision: str, words: str) -> None:
    assert (
        repr(impasto.load(trained, runtime=runtime, precision=precision)) == f"<Stylizer {trained}: 4 styles, {words}>"
    )


def test_it_says_what_auto_is_here(stylizer) -> None:
    has = "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    assert repr(stylizer) == f"<Stylizer {stylizer.model.path}: 4 styles, openvino, {'bf16' if has else 'f32'}>"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model": "nope"}, "no model 'nope': known names are fast, paper"),
        ({"model": 5}, "model: is an int; give a name (fast, paper) or a folder"),
        ({"runtime": "tensorrt"}, "no runtime 'tensorrt': known names are onnxruntime, openvino, torch"),
        ({"runtime": ["torch"]}, "no runtime a list: known names are onnxruntime, openvino, torch"),
        ({"runtime": None}, "no runtime None: known names are onnxruntime, openvino, torch"),
        ({"precision": 8}, "no precision 8: known names are auto, bf16, f32, int8"),
        ({"at_once": "2"}, "at_once '2': must be a whole number, at least 1"),
        ({"at_once": 0}, "at_once 0: must be a whole number, at least 1"),
        ({"cores": 0}, "cores 0: must be a whole number, at least 1"),
        ({"cores": -1}, "cores -1: must be a whole number, at least 1"),
        ({"cores": 1.5}, "cores 1.5: must be a whole number, at least 1"),
    ],
)
def test_what_cannot_be_loaded_is_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ImpastoError) as caught:
        impasto.load(**arguments)
    assert str(caught.value) == message


def test_a_plan_goes_to_another_process(trained: Path, photo: Path) -> None:
    """As multiprocessing and clusters send it: there the model is loaded anew, once."""
    plan = impasto.load(trained).plan({"mural": 1, "stained-glass": 2}, Controls(detail=0.3))
    first, second = (pickle.loads(pickle.dumps(plan)) for _ in range(2))
    assert first.painter.runtime is second.painter.runtime is not plan.painter.runtime
    np.testing.assert_array_equal(np.asarray(first.paint(photo)), np.asarray(plan.paint(photo)))


def test_a_stylizer_goes_to_another_process(trained: Path, photo: Path) -> None:
    stylizer = impasto.load(trained)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(stylizer))(photo, "mural"), stylizer(photo, "mural"))


def test_progress_is_a_function(trained: Path, photo: Path) -> None:
    with pytest.raises(ImpastoError, match="progress: give a function"):
        impasto.load(trained)(photo, "mural", progress=True)  # type: ignore[call-overload]
