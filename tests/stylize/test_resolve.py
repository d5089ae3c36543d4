"""Names, files and blends become points; the identity style counts by its square."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import msgspec
import numpy as np
import pytest

import impasto
from impasto import ImpastoError
from impasto.images.windows import Window
from impasto.models.model import Model, load_model
from impasto.runtime import load_runtime
from impasto.styles.rows import with_palette
from impasto.styles.style import Row, Style, StyleInfo
from impasto.stylize.regions import Regions
from impasto.stylize.resolve import resolve


@pytest.fixture(scope="module")
def stylizer(trained: Path) -> impasto.Stylizer:
    return impasto.load(trained)


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


@pytest.fixture(scope="module")
def with_identity(trained: Path) -> Model:
    """The model, with slot 2 as its identity style."""
    model = load_model(trained)
    identity = Style(StyleInfo(slug="identity", network=model.info.network), model.styles["slot-2"].row)
    return dataclasses.replace(model, styles={**model.styles, "identity": identity})


def never(painting: Path) -> Row:
    raise AssertionError(f"{painting} was predicted")


PHOTO = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)


def test_strength_goes_by_the_square_of_the_identity_styles_share(with_identity: Model) -> None:
    fold, mural = with_identity.info.fold, with_identity.styles["mural"].row
    identity = with_palette(with_identity.styles["identity"].row, PHOTO, fold)
    rows = {at: resolve("mural", with_identity, at, never).row(PHOTO) for at in (0, 0.5, 1, 1.5)}
    np.testing.assert_array_equal(rows[0], identity)
    np.testing.assert_allclose(rows[0.5], (identity + 3 * mural) / 4, atol=1e-5)
    for at in (1, 1.5):
        np.testing.assert_array_equal(rows[at], mural)


def test_the_identity_style_in_a_blend_is_a_strength(with_identity: Model) -> None:
    blend = {"mural": 3, "identity": 2, "stained-glass": 3}
    point = resolve(blend, with_identity, 1, never)
    others = resolve({"mural": 1, "stained-glass": 1}, with_identity, 0.75, never)
    assert point.share == others.share == 0.25
    np.testing.assert_allclose(point.row(PHOTO), others.row(PHOTO), atol=1e-6)
    # Beyond it, at a strength that leaves nothing of it, the blend is the other styles alone.
    none = resolve({"mural": 4, "identity": 1}, with_identity, 1.25, never)
    assert none.share == 0
    np.testing.assert_array_equal(none.row(PHOTO), with_identity.styles["mural"].row)


def test_the_identity_style_is_the_photos_colors_at_every_strength(with_identity: Model) -> None:
    identity = with_palette(with_identity.styles["identity"].row, PHOTO, with_identity.info.fold)
    for style in ("identity", {"identity": 2}, with_identity.styles["identity"]):
        for strength in (0, 0.3, 1.5):
            point = resolve(style, with_identity, strength, never)
            assert point.share == 1
            np.testing.assert_array_equal(point.row(PHOTO), identity)


def test_without_an_identity_style_every_strength_is_the_style(trained: Path) -> None:
    model = load_model(trained)
    point = resolve("mural", model, 0.3, never)
    assert (point.share, point.identity) == (0, None)
    np.testing.assert_array_equal(point.row(PHOTO), model.styles["mural"].row)


def test_a_str_is_a_slug_and_a_path_a_file(with_identity: Model, tmp_path: Path) -> None:
    mural, file = with_identity.styles["mural"], tmp_path / "mine.safetensors"
    mural.save(file)
    np.testing.assert_array_equal(resolve(file, with_identity, 1, never).base, mural.row)
    asked = []
    predict = lambda painting: asked.append(painting) or mural.row  # noqa: E731
    np.testing.assert_array_equal(resolve({Path("a.jpg"): 1}, with_identity, 1, predict).base, mural.row)
    assert asked == [Path("a.jpg")]
    for name in (str(file), "a.jpg", "identity.png"):
        with pytest.raises(ImpastoError, match=r"a str names a style; for a file, give a pathlib\.Path"):
            resolve({name: 1}, with_identity, 1, never)
    with pytest.raises(ImpastoError, match="there is no such file"):
        resolve(tmp_path / "none.safetensors", with_identity, 1, never)
    network = dataclasses.replace(mural, info=msgspec.structs.replace(mural.info, network="another"))
    network.save(file)
    for style in (file, network):
        with pytest.raises(ImpastoError, match="another network"):
            resolve(style, with_identity, 1, never)


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
