"""What is done to a painted picture: strength, detail, the identity style's skip."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import impasto
from impasto import ImpastoError
from impasto.runtime import load_runtime
from impasto.styles.style import Style, StyleInfo


@pytest.fixture(scope="module")
def stylizer(trained: Path) -> impasto.Stylizer:
    return impasto.load(trained)


def test_strength_fades_from_the_photo_to_the_style_and_beyond(stylizer, photo: Path) -> None:
    original = np.asarray(impasto.images.io.read_photo(photo).pixels[0]).transpose(1, 2, 0) * 255
    apart = [np.abs(np.asarray(stylizer(photo, "mural", strength=s)) - original).mean() for s in (0, 0.5, 1, 1.5)]
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
