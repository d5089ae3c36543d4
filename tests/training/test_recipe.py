"""Recipes: what is wrong in them is named, and those that come with the project are right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto import ImpastoError
from impasto.images.io import find_photos
from impasto.styles.painting import read_style_image
from impasto.training import read_recipe
from impasto.training.recipe import read_part_recipe


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("steps = 20", 'steps = "many"', "steps"),
        ("steps = 20", "stepps = 20", "stepps"),
        ("slot = 1", "slot = 0", "slot 0 is given to 2 styles"),
        ("slot = 1", "slot = 4", "slots = 5"),
        ("box = [0.0,", "box = [0.6,", "stained-glass: box 0.6 0.25 0.5 1"),
        ("0.5, 1.0]", "0.5, 1.1]", "stained-glass: box 0 0.25 0.5 1.1"),
        ("image = ", "credit = ", "only one can be the identity"),
        ("crop = 48", "crop = 50", "crop"),
        ('slug = "mural"', 'slug = "Mural!"', "slug"),
        ("[training]", "[training", ""),
    ],
)
def test_bad_recipes_are_named(workshop, tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "bad.toml"
    text = workshop.recipe().read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(ImpastoError, match=f"recipe {path}: .*{message}"):
        read_recipe(path)


def test_a_box_is_a_part_of_the_style_image(tmp_path: Path) -> None:
    quarters = np.zeros((40, 60, 3), np.uint8)
    quarters[20:, :30] = 200
    Image.fromarray(quarters).save(tmp_path / "quarters.png")
    part = read_style_image(tmp_path, "quarters.png", box=(0, 0.5, 0.5, 1))
    assert part.size == (30, 20)
    assert np.all(np.asarray(part) == 200)
    assert read_style_image(tmp_path, "quarters.png", 90, (0, 0.5, 0.5, 1)).size == (90, 60)


def test_missing_inputs_are_named(workshop, tmp_path: Path) -> None:
    with pytest.raises(ImpastoError, match="No such file"):
        read_recipe(tmp_path / "none.toml")
    with pytest.raises(ImpastoError, match="not a folder"):
        find_photos(tmp_path / "none")
    with pytest.raises(ImpastoError, match="no photographs"):
        find_photos(tmp_path)


def test_shipped_recipes_are_valid() -> None:
    recipes = sorted((Path(__file__).parents[2] / "recipes").glob("*.toml"))
    networks = [read_recipe(path) for path in recipes]
    assert {"catalogue-paper", "catalogue-fast", "four-slots"} <= {recipe.name for recipe in networks}
    parts = sorted((Path(__file__).parents[2] / "recipes" / "parts").glob("*.toml"))
    (slim,) = (read_part_recipe(path) for path in parts)
    assert len(slim.held_out) >= 15
    for recipe in networks:
        assert not set(slim.held_out) & {style.image for style in recipe.styles}
        assert recipe.predictor is None or set(slim.held_out) <= set(recipe.predictor.held_out)
