"""Recipes that take their artworks from a catalogue."""

from __future__ import annotations

from pathlib import Path

import pytest

import impasto
from impasto.errors import ImpastoError
from impasto.training.recipe import Recipe, StyleEntry, read_loss_network_recipe, read_recipe

CATALOGUE = """
held_out = ["hare.jpg"]

[artworks.mural]
name = "A mural"
year = "c. 800"
image = "mural.jpg"
size = 960

[artworks.great-wave]
name = "The Great Wave"
image = "wave.jpg"

[artworks.identity]
name = "The photo"
"""
RECIPE = """
name = "tiny"
network = "fast"
slots = 5
catalogue = "../catalogue.toml"
"""
RECIPES = Path(__file__).parents[2] / "recipes"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A catalogue, and a folder beside it for recipes."""
    (tmp_path / "catalogue.toml").write_text(CATALOGUE)
    (tmp_path / "recipes").mkdir()
    return tmp_path / "recipes"


def read(folder: Path, text: str) -> Recipe:
    (folder / "tiny.toml").write_text(text)
    return read_recipe(folder / "tiny.toml")


def error(folder: Path, text: str) -> str:
    with pytest.raises(ImpastoError) as caught:
        read(folder, text)
    message = str(caught.value)
    assert message.startswith(f"recipe {folder / 'tiny.toml'}: ")
    assert "\n" not in message
    return message


def test_a_style_gives_its_slug_and_what_differs(folder: Path) -> None:
    styles = 'styles = [{ slug = "great-wave", weight = 3 }, { slot = 3, slug = "mural", size = 512 }]'
    wave, mural = read(folder, RECIPE + styles).styles
    assert wave == StyleEntry(slot=0, slug="great-wave", name="The Great Wave", image="wave.jpg", weight=3.0)
    assert mural == StyleEntry(slot=3, slug="mural", name="A mural", year="c. 800", image="mural.jpg", size=512)


def test_without_styles_all_artworks_are_taken_in_the_catalogues_order(folder: Path) -> None:
    recipe = read(folder, RECIPE)
    assert [(style.slot, style.slug) for style in recipe.styles] == [(0, "mural"), (1, "great-wave"), (2, "identity")]
    assert recipe.styles[0].size == 960
    assert recipe.identity == 2


def test_a_style_of_its_own_need_not_be_in_the_catalogue(folder: Path) -> None:
    own = 'styles = [{ slug = "mural" }, { slug = "mine", name = "Mine", image = "mine.jpg" }]'
    assert read(folder, RECIPE + own).styles[1] == StyleEntry(slot=1, slug="mine", name="Mine", image="mine.jpg")


def test_what_is_held_out_comes_from_the_catalogue(folder: Path) -> None:
    assert read(folder, RECIPE).predictor is None
    for said, held_out in (("", ("hare.jpg",)), ('held_out = ["other.jpg"]', ("other.jpg",))):
        predictor = read(folder, f"{RECIPE}\n[predictor]\n{said}").predictor
        assert predictor is not None
        assert predictor.held_out == held_out
    (folder / "part.toml").write_text('name = "part"\ncatalogue = "../catalogue.toml"')
    assert read_loss_network_recipe(folder / "part.toml").held_out == ("hare.jpg",)


def test_an_unknown_artwork_is_named_with_its_catalogue_and_near_ones(folder: Path) -> None:
    message = error(folder, RECIPE + 'styles = [{ slug = "grate-wave" }]')
    assert "catalogue.toml: no artwork 'grate-wave': did you mean great-wave?" in message


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[artworks.mural]", "[artwork.mural]", ".*artwork"),
        ("size = 960", "sise = 960", "mural: .*sise"),
        ("size = 960", "size = 0", "mural: "),
        ("[artworks.mural]", "[artworks.Mural]", "Mural: .*slug"),
        ("[artworks.great-wave]", "[artworks.mural]", ""),
        ("[artworks.mural]", "[artworks.mural", ""),
    ],
)
def test_bad_catalogues_are_named(folder: Path, old: str, new: str, message: str) -> None:
    path = folder.parent / "catalogue.toml"
    assert old in CATALOGUE
    path.write_text(CATALOGUE.replace(old, new))
    with pytest.raises(ImpastoError, match=f"recipe {folder}/tiny.toml: catalogue .*catalogue.toml: {message}"):
        read(folder, RECIPE)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("styles = 3", "styles"),
        ("styles = [3]", "styles"),
        ("styles = [{ slug = 3 }]", "no artwork '3'"),
        ("styles = [{ weight = 3.0 }]", "slug"),
        ("styles = []", "styles"),
        ('styles = [{ slug = "mural", wait = 3.0 }]', "wait"),
        ("predictor = 3", "predictor"),
    ],
)
def test_what_is_wrong_with_a_recipe_is_said_of_the_recipe(folder: Path, said: str, message: str) -> None:
    assert message in error(folder, RECIPE + said)


def test_a_missing_catalogue_is_named(folder: Path) -> None:
    message = error(folder, RECIPE.replace("catalogue.toml", "catalog.toml"))
    assert "catalogue " in message
    assert "catalog.toml: No such file" in message


@pytest.mark.parametrize("network", ["paper", "fast"])
def test_shipped_recipes_describe_the_bundled_styles(network: str) -> None:
    """Names, credits, images, and the sizes at which they were read."""
    recipe, bundled = read_recipe(RECIPES / f"{network}.toml"), impasto.load(network).styles
    assert [style.slug for style in recipe.styles] == list(bundled)
    assert [style.slot for style in recipe.styles] == list(range(recipe.slots))
    for entry in recipe.styles:
        info = bundled[entry.slug].info
        for field in ("name", "name_zh", "artist", "year", "credit", "licence", "image"):
            assert getattr(entry, field) == getattr(info, field)
        assert entry.box == info.image_box
        assert entry.size in (None, info.image_size)
