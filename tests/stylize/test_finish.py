"""What is done to a painted picture: strength, detail, the photo's colours, the identity style's skip."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import impasto
from impasto import ImpastoError
from impasto.assets import BUNDLED, examples
from impasto.images.arrays import Array, resize, scaled, to_pixels
from impasto.images.color import to_oklab
from impasto.images.reading import read_photo
from impasto.runtime import load_runtime
from impasto.styles.style import Style, StyleInfo
from impasto.stylize import finish


@pytest.fixture(scope="module")
def stylizer(trained: Path) -> impasto.Stylizer:
    return impasto.load(trained)


def test_strength_fades_from_the_photo_to_the_style(stylizer, photo: Path) -> None:
    original = np.asarray(impasto.images.reading.read_photo(photo).pixels[0]).transpose(1, 2, 0) * 255
    apart = [np.abs(np.asarray(stylizer(photo, "mural", strength=s)) - original).mean() for s in (0, 0.5, 1)]
    assert apart[0] < 0.1
    assert apart == sorted(apart)
    assert apart[1] == pytest.approx(apart[2] / 2, rel=0.05)
    for strength in (-0.1, 1.6, float("nan")):
        with pytest.raises(ImpastoError, match=r"between 0 and 1\.5"):
            stylizer(photo, "mural", strength=strength)


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


def oklab(picture: Array) -> np.ndarray:
    """(3,H,W): lightness and the two axes of colour."""
    return np.asarray(to_oklab(to_pixels(picture))[0])


@pytest.mark.parametrize("model", BUNDLED)
def test_strength_beyond_the_style_has_more_strokes_in_the_same_colors(model: str) -> None:
    """Chroma is measured on a small copy, in which coloured noise is grey."""
    painter, photo = impasto.load(model), scaled(read_photo(examples() / "scarlet_macaw.jpg").array, longer=320)
    for style in ("composition-vii", "stained-glass"):
        one, more, most = (painter(photo, style, strength=strength) for strength in (1, 1.05, 1.5))
        chroma, beyond = (np.hypot(*oklab(scaled(picture, longer=40))[1:]).mean() for picture in (one, most))
        assert beyond > 0.95 * chroma
        small, strokes = (
            np.std(oklab(picture)[0] - oklab(resize(scaled(picture, longer=40), *picture.shape[:2]))[0])
            for picture in (one, most)
        )
        assert strokes > small
        steps = [np.abs(picture.astype(float) - one).mean() for picture in (more, most)]
        assert 0 < steps[0] < 0.5 * steps[1]


def test_beyond_the_style_pictures_are_painted_again_whatever_the_stroke() -> None:
    painter, photo = impasto.load(), scaled(read_photo(examples() / "cat.jpg").array, longer=288)
    for stroke in (1, 4):  # the latter paints a small draft first
        one, beyond = (painter(photo, "mural", strength=strength, stroke=stroke) for strength in (1, 1.5))
        assert np.abs(one.astype(float) - beyond).mean() > 1


def strokes_over(color: tuple[int, int, int], height: int = 300, width: int = 200) -> tuple[Array, Array]:
    """A dark blue picture with strokes, 8 pixels apart, and a photo of one colour."""
    waves = np.sin(np.add.outer(np.arange(height), np.arange(width)) * (2 * np.pi / 8))
    picture = np.uint8(np.rint(np.array([40, 50, 110]) + 25 * waves[..., None]))
    return picture, np.full((height, width, 3), color, np.uint8)


@pytest.mark.parametrize("color", [(240, 205, 180), (90, 56, 40), (128, 128, 128)])
def test_a_face_keeps_its_color_and_lightness_and_gets_strokes(color: tuple[int, int, int]) -> None:
    picture, photo = strokes_over(color)
    before = oklab(picture)[0].std()
    finish.keep_color(picture, photo)
    np.testing.assert_allclose(oklab(picture).mean(axis=(1, 2)), oklab(photo).mean(axis=(1, 2)), atol=0.01)
    assert oklab(picture)[0].std() > 0.8 * before


def test_the_lightness_of_forms_makes_no_halos() -> None:
    picture, photo = strokes_over((240, 205, 180))
    photo[:, 100:] = 20
    picture[:] = 120
    finish.keep_color(picture, photo)
    np.testing.assert_allclose(oklab(picture)[0], oklab(photo)[0], atol=0.05)


def test_the_photo_itself_keeps_its_colors() -> None:
    for height, width in ((1, 1), (1, 7), (600, 2), (40, 30)):
        photo = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
        picture = photo.copy()
        finish.keep_color(picture, photo)
        np.testing.assert_allclose(picture, photo, atol=1)


def test_colors_are_kept_alike_in_every_strip(monkeypatch: pytest.MonkeyPatch) -> None:
    picture, photo = strokes_over((200, 90, 30), 700, 60)
    photo[300:450, 20:] //= 3
    whole = picture.copy()
    finish.keep_color(picture, photo)
    monkeypatch.setattr(finish, "_STRIP", len(whole))
    finish.keep_color(whole, photo)
    np.testing.assert_allclose(picture, whole, atol=1)


def test_a_region_that_stays_the_photo_stays_so_beside_kept_colors() -> None:
    painter = impasto.load()
    photo = scaled(read_photo(examples() / "cat.jpg").array, longer=96)
    mask = np.zeros(photo.shape[:2], np.uint8)
    mask[:, 48:] = 255
    kept = painter(photo, "starry-night", regions=[(mask, "identity")], keep_color=True, strength=1.2)
    np.testing.assert_array_equal(kept[:, 48:], photo[:, 48:])
    assert not np.array_equal(kept[:, :48], photo[:, :48])
