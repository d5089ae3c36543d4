"""Recipes: what is wrong in them is named, and those that come with the project are right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto import ImpastoError
from impasto.images.folders import find_photos
from impasto.styles.painting import read_painting
from impasto.training import read_recipe
from impasto.training.recipe import read_loss_network_recipe


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
        ('"fast"', '"fasst"', "no network 'fasst': did you mean fast"),
        ("steps = 20", "grid = 1.0", "crop 48: grid needs crops of 64 pixels or more, a multiple of 8"),
        ("crop = 48", "crop = 68\ngrid = 1.0", "crop 68: grid needs"),
        ("shifts = [8]", "shifts = [8, 48]", "shifts 48: is too far for crops of 48 pixels"),
    ],
)
def test_bad_recipes_are_named(workshop, tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "bad.toml"
    text = workshop.recipe().read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(ImpastoError, match=f"recipe {path}: .*{message}"):
        read_recipe(path)


def test_shifts_that_are_not_made_need_no_room(workshop, tmp_path: Path) -> None:
    text = workshop.recipe().read_text("utf-8")
    (tmp_path / "far.toml").write_text(text.replace("[8]", '[8, 48]\nobjective = "distribution"'), "utf-8")
    assert read_recipe(tmp_path / "far.toml").training.shifts == (8, 48)


def test_a_box_is_a_part_of_the_style_image(tmp_path: Path) -> None:
    quarters = np.zeros((80, 120, 3), np.uint8)
    quarters[40:, :60] = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    Image.fromarray(quarters).save(tmp_path / "quarters.png")
    part = read_painting(tmp_path / "quarters.png", box=(0, 0.5, 0.5, 1))
    assert part.array.shape == (40, 60, 3)
    np.testing.assert_array_equal(part.array, quarters[40:, :60])
    assert read_painting(tmp_path / "quarters.png", 90, (0, 0.5, 0.5, 1)).array.shape == (60, 90, 3)


def test_missing_inputs_are_named(workshop, tmp_path: Path) -> None:
    with pytest.raises(ImpastoError, match="No such file"):
        read_recipe(tmp_path / "none.toml")
    with pytest.raises(ImpastoError, match="not a folder"):
        find_photos(tmp_path / "none")
    with pytest.raises(ImpastoError, match="no photos"):
        find_photos(tmp_path)


def test_shipped_recipes_are_valid() -> None:
    recipes = Path(__file__).parents[2] / "recipes"
    slim = read_loss_network_recipe(recipes / "slim-vgg.toml")
    assert len(slim.held_out) >= 15
    for name in ("paper", "fast", "four-slots"):
        recipe = read_recipe(recipes / f"{name}.toml")
        assert not set(slim.held_out) & {style.image for style in recipe.styles}
        assert recipe.predictor is None or set(slim.held_out) <= set(recipe.predictor.held_out)
    assert {path.name for path in recipes.iterdir()} == {
        "catalogue.toml", "fast.toml", "four-slots.toml", "paper.toml", "slim-vgg.toml", "swift.toml",
    }  # fmt: skip
