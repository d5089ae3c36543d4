"""Blends, strength, colours, size."""

from __future__ import annotations

import itertools
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

import impasto
from impasto import ImpastoError
from impasto.cli.stylize import parse_blend
from impasto.images.color import from_oklab, keep_color, to_oklab
from impasto.images.windows import Window, frame
from impasto.runtime import load_runtime
from impasto.styles.rows import blend_rows, with_palette
from impasto.styles.style import Style, StyleInfo
from impasto.stylize.regions import Regions
from impasto.stylize.strokes import keep_forms, sizes

pictures = hnp.arrays(np.uint8, st.tuples(st.just(1), st.just(3), st.integers(1, 6), st.integers(1, 6)))


@pytest.fixture(scope="module")
def stylizer(trained: Path) -> impasto.Stylizer:
    return impasto.load(trained)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=5).filter(lambda weights: sum(weights) > 1e-3))
def test_blends_are_convex_and_count_in_proportion(weights: list[float]) -> None:
    rng = np.random.default_rng(0)
    rows = {str(index): rng.normal(size=7).astype(np.float32) for index in range(len(weights))}
    mixed = blend_rows(rows, {str(index): weight for index, weight in enumerate(weights)})
    scaled = blend_rows(rows, {str(index): weight * 3 for index, weight in enumerate(weights)})
    stacked = np.stack(list(rows.values()))
    assert mixed.dtype == np.float32
    np.testing.assert_allclose(mixed, scaled, atol=1e-5)
    assert (mixed >= stacked.min(axis=0) - 1e-5).all()
    assert (mixed <= stacked.max(axis=0) + 1e-5).all()


def test_a_blend_of_one_is_the_style_and_of_two_neither(stylizer, photo: Path) -> None:
    mural = np.asarray(stylizer(photo, "mural")).astype(int)
    assert (np.asarray(stylizer(photo, {"mural": 2, "stained-glass": 0})) == mural).all()
    half = np.asarray(stylizer(photo, {"mural": 1, "stained-glass": 1})).astype(int)
    glass = np.asarray(stylizer(photo, "stained-glass")).astype(int)
    between = np.abs(half - mural).mean() + np.abs(half - glass).mean()
    assert 0 < np.abs(half - mural).mean() < np.abs(glass - mural).mean()
    assert between < 2 * np.abs(glass - mural).mean()


@pytest.mark.parametrize(
    ("style", "words"),
    [
        ({"mural": -1.0}, "weight is -1"),
        ({"mural": 0.0}, "weight above 0"),
        ({"mural": float("nan")}, "weight is nan"),
        ({}, "of no styles"),
        ({"murl": 1.0}, "did you mean mural"),
    ],
)
def test_bad_blends_are_named(stylizer, photo: Path, style: dict[str, float], words: str) -> None:
    with pytest.raises(ImpastoError, match=words):
        stylizer(photo, style)


def test_blends_on_the_command_line() -> None:
    assert parse_blend("mural") == {"mural": 1}
    assert parse_blend("mural:0.6, scream:.4") == {"mural": 0.6, "scream": 0.4}
    for text, words in (("mural:much", "'much' is no number"), ("mural,mural", "named twice")):
        with pytest.raises(ImpastoError, match=words):
            parse_blend(text)


def test_strength_fades_from_the_photo_to_the_style_and_beyond(stylizer, photo: Path) -> None:
    original = np.asarray(impasto.images.io.read_photo(photo).pixels[0]).transpose(1, 2, 0) * 255
    apart = [np.abs(np.asarray(stylizer(photo, "mural", strength=s)) - original).mean() for s in (0, 0.5, 1, 1.5)]
    assert apart[0] < 0.1
    assert apart == sorted(apart)
    assert apart[1] == pytest.approx(apart[2] / 2, rel=0.05)
    for strength in (-0.1, 1.6, float("nan")):
        with pytest.raises(ImpastoError, match=r"between 0 and 1\.5"):
            stylizer(photo, "mural", strength=strength)


def test_strength_goes_by_the_identity_style_where_there_is_one(stylizer) -> None:
    network = stylizer.model.info.network
    identity = Style(StyleInfo(slug="identity", network=network), stylizer.styles["slot-2"].row)
    model = impasto.models.model.Model(
        stylizer.model.path, stylizer.model.info, {**stylizer.styles, "identity": identity}
    )
    with_identity = impasto.Stylizer(model, load_runtime("openvino", model))
    mural = stylizer.styles["mural"].row
    np.testing.assert_allclose(with_identity.row("mural", 0), identity.row, atol=1e-6)
    np.testing.assert_allclose(with_identity.row("mural", 0.5), (identity.row + 3 * mural) / 4, atol=1e-6)
    np.testing.assert_array_equal(with_identity.row("mural"), mural)
    colors, beyond = 6 * model.info.fold**2, with_identity.row("mural", 1.5)
    np.testing.assert_allclose(beyond[:-colors], (1.5 * mural - 0.5 * identity.row)[:-colors], atol=1e-6)
    np.testing.assert_array_equal(beyond[-colors:], mural[-colors:])


def test_detail_lays_the_photo_over_in_the_styles_colors(stylizer) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (300, 96, 3), np.uint8)
    full, half, none = (stylizer(photo, "mural", detail=detail).astype(float) for detail in (1, 0.5, 0))
    np.testing.assert_array_equal(none, stylizer(photo, "mural"))
    np.testing.assert_allclose(half, (full + none) / 2, atol=1.01)
    # Of each colour, what the sigmoid turns into the picture has the style's mean and contrast, and the photo's order.
    logits = np.log((full + 0.5) / (255.5 - full))
    gamma, beta = stylizer.styles["mural"].row[-24:].reshape(2, 3, 4).mean(axis=2)
    np.testing.assert_allclose(logits.mean(axis=(0, 1)), beta, atol=0.02)
    np.testing.assert_allclose(logits.std(axis=(0, 1)), np.abs(gamma), atol=0.02)
    order = np.argsort(photo[..., 0], axis=None)
    assert (np.diff(full[..., 0].ravel()[order]) >= 0).all()
    for refused in (-0.1, 1.1, float("nan")):
        with pytest.raises(ImpastoError, match="between 0 and 1"):
            stylizer(photo, "mural", detail=refused)


def test_each_region_has_the_details_in_its_own_colors(stylizer) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    mask = np.zeros((64, 96), np.uint8)
    mask[:, 48:] = 255
    both = stylizer(photo, "mural", regions=[(mask, "stained-glass")], detail=1)
    for part, style in ((np.s_[:, :48], "mural"), (np.s_[:, 48:], "stained-glass")):
        np.testing.assert_array_equal(both[part], stylizer(photo, style, detail=1)[part])


def test_one_color_has_the_mean_of_the_style_as_its_detail(stylizer) -> None:
    _, beta = stylizer.styles["mural"].row[-24:].reshape(2, 3, 4).mean(axis=2)
    picture = stylizer(np.full((64, 64, 3), 99, np.uint8), "mural", detail=1)
    np.testing.assert_allclose(picture, np.broadcast_to(255 / (1 + np.exp(-beta)), picture.shape), atol=0.51)


def test_the_nearer_to_the_identity_style_the_less_noise(stylizer) -> None:
    def with_noise(noise: float) -> impasto.Stylizer:
        model = stylizer.model
        identity = Style(StyleInfo(slug="identity", network=model.info.network), stylizer.styles["slot-2"].row)
        info = msgspec.structs.replace(model.info, input_noise=noise)
        model = impasto.models.model.Model(model.path, info, {**stylizer.styles, "identity": identity})
        return impasto.Stylizer(model, load_runtime("openvino", model, "f32"))

    noisy, silent = with_noise(8), with_noise(0)
    photo, everywhere = np.full((64, 96, 3), 120, np.uint8), np.full((64, 96), 255, np.uint8)
    for arguments in (
        {"style": "identity"},
        {"style": "mural", "strength": 0},
        {"style": "mural", "regions": [(everywhere, "identity")]},
    ):
        assert np.array_equal(noisy(photo, **arguments), silent(photo, **arguments))
    blend = {"mural": 1, "identity": 1}
    for arguments in ({"style": "mural"}, {"style": "mural", "strength": 0.5}, {"style": blend}):
        assert not np.array_equal(noisy(photo, **arguments), silent(photo, **arguments))
    mask = np.zeros((64, 96), np.uint8)
    mask[:, 48:] = 255
    regions = Regions(np.zeros((2, 3), np.float32), (mask,), (1.0, 0.25))
    assert regions.identity_in(Window(0, 0, 64, 96))[0, 0, 5, [3, 90]].tolist() == [1, 0.25]


def test_the_photo_is_laid_over_as_the_identity_style_comes_near(stylizer) -> None:
    model = stylizer.model
    identity = Style(StyleInfo(slug="identity", network=model.info.network), stylizer.styles["slot-2"].row)
    model = impasto.models.model.Model(model.path, model.info, {**stylizer.styles, "identity": identity})
    painter = impasto.Stylizer(model, load_runtime("openvino", model, "f32"))
    photo = np.random.default_rng(0).integers(0, 256, (300, 96, 3), np.uint8)
    assert np.array_equal(painter(photo, "identity"), photo)
    assert np.array_equal(painter(photo, "mural", strength=0), photo)
    with pytest.raises(ImpastoError, match="stroke 9"):
        painter(photo, "mural", strength=0, stroke=9)
    assert not np.array_equal(painter.reproduce(photo), photo)
    mask = np.zeros((300, 96), np.uint8)
    mask[:, 48:] = 255
    kept = painter(photo, "mural", regions=[(mask, "identity")])
    assert np.array_equal(kept[:, 48:], photo[:, 48:])
    assert not np.array_equal(kept[:, :48], photo[:, :48])
    assert np.array_equal(painter(photo, "mural", strength=0.5), painter(photo, {"mural": 1, "identity": 1}))


@given(pictures)
def test_oklab_and_back(array: np.ndarray) -> None:
    pixels = array.astype(np.float32) / 255
    np.testing.assert_allclose(from_oklab(to_oklab(pixels)), pixels, atol=2e-3)


def test_oklab_known_answers() -> None:
    white, red = (np.array(color, np.float32).reshape(1, 3, 1, 1) for color in ((1, 1, 1), (1, 0, 0)))
    np.testing.assert_allclose(to_oklab(white).ravel(), [1, 0, 0], atol=1e-3)
    np.testing.assert_allclose(to_oklab(red).ravel(), [0.6280, 0.2249, 0.1258], atol=1e-3)


@given(pictures, st.integers(0, 99))
def test_keeping_color_takes_lightness_from_the_picture_and_hue_from_the_photo(array: np.ndarray, seed: int) -> None:
    photo = array.astype(np.float32) / 255
    picture = np.random.default_rng(seed).random(photo.shape, dtype=np.float32)
    kept = keep_color(picture, photo)
    assert kept.min() >= 0
    assert kept.max() <= 1
    lab, lightness, color = to_oklab(kept), to_oklab(picture)[:, 0], to_oklab(photo)[:, 1:]
    np.testing.assert_allclose(lab[:, 0], lightness, atol=0.03)
    across = lab[:, 1] * color[:, 1] - lab[:, 2] * color[:, 0]
    assert np.abs(across).max() < 0.01
    assert (np.hypot(*lab[0, 1:]) <= np.hypot(*color[0]) + 0.02).all()


def test_keeping_color_of_the_photo_itself_changes_nothing() -> None:
    photo = np.random.default_rng(0).random((1, 3, 9, 9), dtype=np.float32)
    np.testing.assert_allclose(keep_color(photo, photo), photo, atol=3e-3)


@given(st.integers(1, 60))
def test_size_is_the_long_side(stylizer, size: int) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (20, 30, 4), dtype=np.uint8)
    picture = stylizer(photo, "mural", size=size)
    assert picture.shape == (max(1, round(20 * size / 30)), size, 4)


def test_no_size_is_refused(stylizer, photo: Path) -> None:
    with pytest.raises(ImpastoError, match="at least 1 pixel"):
        stylizer(photo, "mural", size=0)


@pytest.mark.parametrize("stroke", [None, 0.5, 1, 2.5, 4])
@given(height=st.integers(1, 13_000), width=st.integers(1, 13_000))
@example(height=1, width=410)  # whose working size, 409.6, is rounded to it
def test_paintings_grow_by_at_most_three_up_to_the_photo(stroke: float | None, height: int, width: int) -> None:
    longest = [max(size) for size in sizes(height, width, stroke)]
    assert all(before < after <= 3 * before + 3 for before, after in itertools.pairwise(longest))
    if stroke is None and max(height, width) <= 1536:
        assert sizes(height, width, stroke) == [(height, width)]
    else:
        assert longest[0] == round(1024 / (stroke or 1))
    if longest[0] < max(height, width):
        assert sizes(height, width, stroke)[-1] == (height, width)


def test_large_forms_stay_as_they_were_painted() -> None:
    rng = np.random.default_rng(0)
    painting = np.asarray(Image.fromarray(rng.integers(60, 200, (8, 10, 3), dtype=np.uint8)).resize((100, 80)))
    grain = rng.integers(-30, 30, (700, 850, 3))
    enlarged = np.asarray(Image.fromarray(painting).resize((850, 700)))
    kept = np.clip(enlarged * 0.6 + grain, 0, 255).astype(np.uint8)
    keep_forms(kept, painting)
    small = np.asarray(Image.fromarray(kept).resize((100, 80), Image.Resampling.BOX)).astype(int)
    assert np.abs(small - painting).mean() < 3
    assert np.abs((kept.astype(float) - enlarged)[:50] - grain[:50]).mean() < 6


def test_stroke_changes_the_picture_but_not_its_size(stylizer, photo: Path) -> None:
    pictures = [np.asarray(stylizer(photo, "mural", stroke=stroke)) for stroke in (0.5, 4)]
    assert pictures[0].shape == pictures[1].shape == np.asarray(Image.open(photo)).shape
    assert np.abs(pictures[0].astype(int) - pictures[1]).mean() > 1


@pytest.mark.parametrize("stroke", [0, 0.49, 4.1, float("nan")])
def test_strokes_out_of_range_are_refused(stylizer, photo: Path, stroke: float) -> None:
    with pytest.raises(ImpastoError, match="stroke"):
        stylizer(photo, "mural", stroke=stroke)


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
    with pytest.raises(ImpastoError, match="black all over"):
        stylizer(photo, "mural", regions=[(Image.new("L", (9, 9)), "stained-glass")])
    with pytest.raises(ImpastoError, match="no such file"):
        stylizer(photo, "mural", regions=[(tmp_path / "none.png", "stained-glass")])
    with pytest.raises(ImpastoError, match="no style"):
        stylizer(photo, "mural", regions=[(Image.new("L", (9, 9), 255), "glass")])


def test_masks_of_another_size_are_resized_with_a_note(stylizer, photo: Path, caplog: pytest.LogCaptureFixture) -> None:
    stylizer(photo, "mural", regions=[(Image.new("RGBA", (9, 9), (255, 255, 255, 99)), "stained-glass")])
    assert "resized from 9 × 9 to the photo's 75 × 50" in caplog.text


@settings(max_examples=20, deadline=None)
@given(height=st.integers(1, 40), width=st.integers(1, 40), fold=st.sampled_from([1, 2]), seed=st.integers(0, 99))
def test_palette_is_mean_and_deviation_of_logits(height: int, width: int, fold: int, seed: int) -> None:
    photo = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    logits = np.clip(photo / 255, 1 / 510, 1 - 1 / 510)
    logits = np.log(logits / (1 - logits))
    row = with_palette(np.arange(40, dtype=np.float32), photo, fold)
    colors = row[-6 * fold**2 :].reshape(2, 3, fold**2)
    np.testing.assert_array_equal(row[: -colors.size], np.arange(40 - colors.size))
    for place in range(fold**2):
        np.testing.assert_allclose(colors[0, :, place], logits.std(axis=(0, 1)), atol=1e-5)
        np.testing.assert_allclose(colors[1, :, place], logits.mean(axis=(0, 1)), atol=1e-5)
