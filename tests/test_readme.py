"""Commands and Python of the README and the guides run as they stand, in a folder that holds what they name."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import msgspec
import pytest
import torch
from click.testing import CliRunner
from PIL import Image
from tests.film.films import make_film, moving

import impasto
from impasto.cli.main import main
from impasto.fitting.options import ADD_STYLE, REFIT
from impasto.training.recipe import read_recipe

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
DOCS = ROOT / "docs"
GUIDES = ["start", "guide/photos", "guide/controls", "guide/regions", "guide/folders", "guide/files", "guide/wishes"]
"""Pages whose commands run as they stand."""
SHORT = {"add-style": ["--minutes", "0.001"], "refit": ["--seconds", "0.001"]}
"""Options that make commands take little time: five steps for each style."""

TRAINING = (DOCS / "guide" / "training.md").read_text("utf-8")


def blocks(language: str, page: str = README) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def command(name: str) -> click.Command:
    found = main.get_command(click.Context(main), name)
    assert found, name
    return found


@pytest.fixture
def folder(workshop, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the README's commands name: photo.jpg, another.png, painting.jpg, recipe.toml, photos and artworks."""
    folder = tmp_path / "readme"
    (folder / "artworks").mkdir(parents=True)
    Image.open(photo).save(folder / "photo.jpg")
    Image.open(photo).save(folder / "another.png")
    Image.new("L", (40, 30), 200).save(folder / "sky.png")
    (folder / "photos").mkdir()
    make_film(folder / "walk.mp4", moving(8))
    for name in ("photo0.png", "photo1.png"):
        shutil.copy(workshop.photos / name, folder / "photos")
    Image.open(workshop.style_images / "mural.png").save(folder / "artworks" / "mural.jpg")
    (recipe,) = blocks("toml", TRAINING)
    quick = recipe.replace("steps = 4000", "steps = 2").replace("crop = 192", "crop = 64")
    quick = quick.replace('network = "paper"', 'network = "fast"')
    assert quick.count("= 2\n") == 2
    (folder / "recipe.toml").write_text(quick)
    Image.open(workshop.style_images / "glass.png").save(folder / "painting.jpg")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    (size,) = (option for option in command("evaluate").params if option.name == "size")
    monkeypatch.setattr(size, "default", 64)  # 512 pixels take VGG-16 half a minute
    for name, options in (("add_style", ADD_STYLE), ("refit", REFIT)):
        small = msgspec.structs.replace(options, crop=48)
        monkeypatch.setattr(f"impasto.cli.{name}.{name.upper()}", small)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("IMPASTO_VGG16", str(workshop.vgg))
    return folder


def test_commands(folder: Path) -> None:
    """Those of the README, and of the guide to training, which need each other's files."""
    pages = [*blocks("bash"), *blocks("bash", TRAINING)]
    lines = [line for block in pages for line in block.splitlines() if line.startswith("impasto ")]
    commands = [line for line in lines if "recipes/" not in line]  # those train for long
    assert len(commands) >= 22
    for command in commands:
        name, *arguments = shlex.split(command, comments=True)[1:]
        result = CliRunner().invoke(main, [name, *arguments, *SHORT.get(name, [])])
        assert result.exit_code == 0, f"{command}: {result.output}"
    made = """
        photo-sheet.jpg photo-mural.jpg out/photo-stained-glass.jpg out/another-stained-glass.png finer.jpg mixed.png
        strokes.png sky-only.png walk.webp walk-mural.mp4
        painted/photo0-mural.png painted/photo1-scream.png photo-starry-night.webp
        scores.json my-model/model.json ours.png mine.safetensors mine.png
    """
    for name in made.split():
        assert (folder / name).exists(), name


def test_python(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    for code in blocks("python"):
        exec(code, names)
    assert (folder / "mural.png").exists()
    assert names["array"].shape == (50, 75, 3)
    assert names["network"].style(style_id=torch.tensor([0])).shape == (1, 1560)
    assert "(1560,)" in capsys.readouterr().out


@pytest.mark.parametrize("page", GUIDES)
def test_commands_of_guides(page: str, folder: Path) -> None:
    for name in ("person", "ground"):
        shutil.copy("sky.png", f"{name}.png")
    shutil.copy("painting.jpg", "other-painting.jpg")
    Image.open("photo.jpg").convert("RGBA").save("cut-out.png")
    text = (DOCS / page).with_suffix(".md").read_text("utf-8")
    for code in blocks("python", text):
        exec(code, {})
    for block in blocks("bash", text):
        for line in block.splitlines():
            if line.startswith("impasto "):
                run(line)


def run(line: str) -> None:
    """Run a line of the shell; with a pipe, in a process of its own."""
    if "<" in line:
        subprocess.run(line.replace("impasto", f"{sys.executable} -m impasto", 1), shell=True, check=True, timeout=120)
        return
    quick = re.sub(r"--size \d{4}", "--size 80", line)
    result = CliRunner().invoke(main, shlex.split(quick, comments=True)[1:])
    assert result.exit_code == 0, f"{line}: {result.output}"


@pytest.mark.parametrize(
    "page", ["guide/any-style", "guide/catalogue", "guide/training", "explanation/idea", "reference/recipe"]
)
def test_commands_that_take_long_can_be_read(page: str) -> None:
    """Their options exist. Most of these commands run in the README's test."""
    text = (DOCS / page).with_suffix(".md").read_text("utf-8")
    for line in "\n".join(blocks("bash", text)).splitlines():
        words = shlex.split(line, comments=True)
        if "impasto" in words:
            name, *arguments = words[words.index("impasto") + 1 :]
            called = command(name)
            called.make_parser(click.Context(called)).parse_args(arguments)


def test_the_recipe_of_the_guide_to_training(folder: Path) -> None:
    (recipe,) = blocks("toml", (DOCS / "guide" / "training.md").read_text("utf-8"))
    Path("guide.toml").write_text(recipe)
    assert read_recipe(Path("guide.toml")).slots == 2


@pytest.mark.parametrize("page", ["idea", "research"])
def test_python_of_explanations(page: str, folder: Path) -> None:
    names: dict[str, Any] = {}
    for code in blocks("python", (DOCS / "explanation" / f"{page}.md").read_text("utf-8")):
        exec(code, names)
    if page == "research":
        assert names["picture"].shape == (1, 3, 64, 96)
        assert impasto.load("fast")("photo.jpg", Path("mine.safetensors")).size == (75, 50)


def test_the_guide_to_python(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = blocks("python", (ROOT / "docs" / "guide" / "python.md").read_text("utf-8"))
    names: dict[str, Any] = {}
    exec(code, names)
    assert capsys.readouterr().out.startswith("<Stylizer fast: 33 styles, openvino, ")
    assert [each.size for each in names["pictures"]] == [(64, 43), (64, 43)]
    assert (names["array"].shape, names["frames"].shape) == ((50, 75, 3), (2, 50, 75, 3))
    assert names["parts"].shape == (50, 75, 3)
    assert names["like_mine"].size == (75, 50)


def test_make_targets_and_links_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"`?make (\w+)", README):
        assert f"\n{target}:" in makefile
    for link in re.findall(r'(?:\]\(|src=")([^)":]+)[)"]', README):
        assert (ROOT / link).exists(), link
