"""Several styles in one picture, and their masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import impasto
from impasto import ImpastoError
from impasto.images.windows import frame
from impasto.stylize.regions import Mask, Regions


@pytest.fixture(scope="module")
def stylizer(trained: Path) -> impasto.Stylizer:
    return impasto.load(trained)


def test_each_region_has_the_details_in_its_own_colors(stylizer) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    mask = np.zeros((64, 96), np.uint8)
    mask[:, 48:] = 255
    both = stylizer(photo, "mural", regions=[(mask, "stained-glass")], detail=1)
    for part, style in ((np.s_[:, :48], "mural"), (np.s_[:, 48:], "stained-glass")):
        np.testing.assert_array_equal(both[part], stylizer(photo, style, detail=1)[part])


def test_a_region_has_its_style_and_leaves_the_rest_alone(stylizer, photo: Path) -> None:
    """Far from the border the picture differs only by the statistics, which are of the whole."""
    array = np.tile(np.asarray(Image.open(photo)), (3, 4, 1))
    mask = np.zeros(array.shape[:2], np.uint8)
    mask[:, array.shape[1] // 2 :] = 255
    picture = stylizer(array, "mural", regions=[(mask, "stained-glass")]).astype(int)
    mural, glass = (stylizer(array, style).astype(int) for style in ("mural", "stained-glass"))
    left, right = np.s_[:, :60], np.s_[:, -60:]
    assert np.abs(picture - mural)[left].mean() < np.abs(picture - glass)[left].mean()
    assert np.abs(picture - glass)[right].mean() < np.abs(picture - mural)[right].mean()


def test_a_white_mask_is_the_style_and_a_grey_one_the_blend(trained: Path, photo: Path) -> None:
    stylizer = impasto.load(trained, precision="f32")  # the two are graphs of their own, which bfloat16 rounds apart
    array = np.asarray(Image.open(photo))
    for grey, style in ((255, "stained-glass"), (51, {"mural": 0.8, "stained-glass": 0.2})):
        mask = Image.new("L", (7, 5), grey)
        picture = stylizer(array, "mural", regions=[(mask, "stained-glass")])
        assert np.abs(picture.astype(int) - stylizer(array, style)).max() <= 1


@given(st.lists(st.integers(0, 255), min_size=1, max_size=4), st.integers(1, 40), st.integers(1, 40))
def test_shares_add_up_to_one(greys: list[int], height: int, width: int) -> None:
    masks = tuple(np.full((height, width), grey, np.uint8) for grey in greys)
    shares = Regions(np.zeros((len(greys) + 1, 2), np.float32), masks).shares(frame(height, width))
    assert shares.min() >= 0
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-6)


def test_bad_masks_are_named(stylizer, photo: Path, tmp_path: Path) -> None:
    with pytest.raises(ImpastoError, match="black everywhere"):
        stylizer(photo, "mural", regions=[(Image.new("L", (9, 9)), "stained-glass")])
    with pytest.raises(ImpastoError, match="no such file"):
        stylizer(photo, "mural", regions=[(tmp_path / "none.png", "stained-glass")])
    with pytest.raises(ImpastoError, match="no style"):
        stylizer(photo, "mural", regions=[(Image.new("L", (9, 9), 255), "glass")])


def test_masks_of_another_size_are_resized_with_a_note(stylizer, photo: Path, caplog: pytest.LogCaptureFixture) -> None:
    stylizer(photo, "mural", regions=[(Image.new("RGBA", (9, 9), (255, 255, 255, 99)), "stained-glass")])
    assert "resized from 9 × 9 to the photo's 75 × 50" in caplog.text


def test_a_mask_is_resized_with_one_note_for_all_frames(caplog: pytest.LogCaptureFixture) -> None:
    mask = Mask("mask", np.full((9, 9), 255, np.uint8))
    assert all(mask.at(5, 7).shape == (5, 7) for _ in range(3))
    assert caplog.text.count("resized") == 1
