"""Every command and program of the README and the documentation runs, in a folder that holds what it names."""

from __future__ import annotations

import re
import shlex
import shutil
from fractions import Fraction
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from PIL import Image
from tests import snippets
from tests.film.films import make_film, moving

import impasto
from impasto.fitting.options import ADD_STYLE, REFIT
from impasto.training.recipe import read_recipe

ROOT = snippets.ROOT
SLOW = {"docs/guide/catalogue.md", "docs/guide/training.md"}
"""Pages that paint in each of many styles, or train: other tests cover that, too."""
MADE = {
    "README.md": """
        photo-sheet.jpg photo-mural.jpg out/photo-stained-glass.jpg out/another-stained-glass.png finer.jpg mixed.png
        strokes.png sky-only.png walk.webp walk-mural.mp4 painted/photo0-mural.png painted/photo1-scream.png
        photo-starry-night.webp ours.png mine.safetensors mine.png mural.png
    """,
    "docs/guide/training.md": "my-model/model.json scores.json photo-mural-my-model.jpg four-slots/model.json",
    "docs/guide/video.md": "mural.mp4 turning.mp4 waking.mp4",
    "docs/explanation/research.md": "changed/model.json mine.safetensors",
}
"""Page -> the files that are there after it."""


@pytest.fixture
def folder(workshop, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What pages name: photos, paintings, masks and films, all small, the recipes, and weights for VGG-16."""
    folder = tmp_path / "folder"
    (folder / "artworks").mkdir(parents=True)
    (folder / "photos").mkdir()
    monkeypatch.chdir(folder)
    for name in ("photo.jpg", "another.png", "cut-out.png"):
        Image.open(photo).convert("RGBA" if name == "cut-out.png" else "RGB").save(name)
    for name in ("sky", "person", "ground"):
        Image.new("L", (40, 30), 200).save(f"{name}.png")
    for name in ("photo0.png", "photo1.png"):
        shutil.copy(workshop.photos / name, folder / "photos")
    for name in ("painting", "other-painting"):
        Image.open(workshop.style_images / "glass.png").save(f"{name}.jpg")
    for name in ("walk", "holiday"):  # a frame a second, so that they are as long as what is said of them
        make_film(folder / f"{name}.mp4", moving(10), rate=Fraction(1))
    shutil.copytree(ROOT / "recipes", folder / "recipes", ignore=shutil.ignore_patterns("history"))
    for recipe in (folder / "recipes").glob("*.toml"):
        recipe.write_text(snippets.smaller(recipe.read_text("utf-8")), "utf-8")
    noise = np.random.default_rng(3).integers(0, 256, (20, 20, 3), np.uint8)
    Image.fromarray(noise).resize((120, 120)).save(folder / "artworks" / "mural.jpg")
    for name in re.findall(r'image = "([^"]+)"', (folder / "recipes" / "catalogue.toml").read_text("utf-8")):
        shutil.copy(folder / "artworks" / "mural.jpg", folder / "artworks" / name)
    _hurry(monkeypatch)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("IMPASTO_VGG16", str(workshop.vgg))
    return folder


def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fit on small crops, and evaluate small pictures: 512 pixels take VGG-16 half a minute."""
    (size,) = (option for option in snippets.command("evaluate").params if option.name == "size")
    monkeypatch.setattr(size, "default", 64)
    for name, options in (("add_style", ADD_STYLE), ("refit", REFIT)):
        small = msgspec.structs.replace(options, crop=48)
        monkeypatch.setattr(f"impasto.cli.{name}.{name.upper()}", small)


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=[pytest.mark.slow] * (page in SLOW))
        for page in snippets.PAGES
        if page not in snippets.APART
    ],
)
def test_a_page(page: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = snippets.run_page(page)
    for name in MADE.get(page, "").split():
        assert (folder / name).exists(), name
    if page == "README.md":
        assert names["array"].shape == (50, 75, 3)
        assert names["network"].style(style_id=torch.tensor([0])).shape == (1, 1560)
        assert "(1560,)" in capsys.readouterr().out
    if page == "docs/guide/python.md":
        assert capsys.readouterr().out.startswith("<Stylizer fast: 33 styles, openvino, ")
        assert [each.size for each in names["pictures"]] == [(64, 43), (64, 43)]
        assert (names["array"].shape, names["frames"].shape) == ((50, 75, 3), (2, 50, 75, 3))
        assert (names["parts"].shape, names["like_mine"].size) == ((50, 75, 3), (75, 50))
    if page == "docs/guide/video.md":
        assert names["frame"].shape == (60, 80, 3)
    if page == "docs/explanation/research.md":
        assert names["picture"].shape == (1, 3, 64, 96)
        assert impasto.load("fast")("photo.jpg", Path("mine.safetensors")).size == (75, 50)


@pytest.mark.parametrize("page", sorted(SLOW))
def test_commands_that_take_long_can_be_read(page: str) -> None:
    """Where they do not run: their names and options exist."""
    for block in snippets.blocks_of(page):
        for _, line in snippets.lines_of(block) if block.language == "bash" else ():
            if snippets.is_kept(line):
                snippets.read(line)
            else:
                snippets.parse(shlex.split(line, comments=True)[1:])


def test_pages_with_tests_of_their_own_have_them() -> None:
    for page, test in snippets.APART.items():
        assert f'run_page("{page}"' in (ROOT / test).read_text("utf-8")


@pytest.mark.parametrize(
    "text", ["```bash\nimpasto styles\nrm photo.jpg\n```\n", "```ruby\nputs 1\n```\n", "```bash\nif\n```\n"]
)
def test_a_block_that_nothing_runs_is_an_error(text: str, folder: Path) -> None:
    with pytest.raises((AssertionError, snippets.subprocess.CalledProcessError)):
        snippets.run_page("README.md", text=text)
    assert Path("photo.jpg").exists()


def test_what_is_not_run_is_on_some_page() -> None:
    lines = [line for page in snippets.PAGES for block in snippets.blocks_of(page) for line in block.code.splitlines()]
    for pattern in snippets.KEPT:
        assert any(re.match(pattern, line) for line in lines), pattern


@pytest.mark.parametrize("page", [*snippets.PAGES, "docs/reference/recipe.md", "CONTRIBUTING.md"])
def test_commands_within_sentences_can_be_read(page: str) -> None:
    """Their names and options exist."""
    text = re.sub(r"^ *```.*?^ *```", "", (ROOT / page).read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    for line in re.findall(r"`impasto ([^`]+)`", text):
        words = [word for word in shlex.split(line) if word not in ("…", "...")]
        snippets.parse(words)


def test_the_recipe_of_the_guide_to_training(tmp_path: Path) -> None:
    """As it stands, and not in small."""
    (block,) = (each for each in snippets.blocks_of("docs/guide/training.md") if each.language == "toml")
    (tmp_path / "guide.toml").write_text(block.code, "utf-8")
    assert read_recipe(tmp_path / "guide.toml").slots == 2


def test_the_drawing_of_the_code_has_every_room() -> None:
    (drawing,) = (each for each in snippets.blocks_of("docs/explanation/layout.md") if not each.language)
    drawn = re.findall(r"^[├└]── (\w+)/", drawing.code, re.MULTILINE)
    package = ROOT / "src" / "impasto"
    assert sorted(drawn) == sorted(path.name for path in package.iterdir() if path.is_dir() and path.name[0] != "_")


def test_make_targets_and_links_exist() -> None:
    makefile, readme = (ROOT / "Makefile").read_text(), (ROOT / "README.md").read_text("utf-8")
    for target in re.findall(r"`?make (\w+)", readme):
        assert f"\n{target}:" in makefile
    for link in re.findall(r'(?:\]\(|src=")([^)":]+)[)"]', readme):
        assert (ROOT / link).exists(), link
