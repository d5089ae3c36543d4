"""A style image is any picture: scrolls, phones' photos, files without an ending."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import impasto
from impasto import ImpastoError
from impasto.styles.painting import PREDICTED_SIDE, for_predictor, read_painting


def scroll(width: int, height: int) -> Image.Image:
    """A painting with stripes 8 pixels apart, which blur to grey if it is read too small."""
    stripes = np.tile(np.repeat([[230, 30, 30], [30, 30, 230]], 4, axis=0), (-(-width // 8), 1))[:width]
    return Image.fromarray(np.broadcast_to(stripes[None], (height, width, 3)).astype(np.uint8))


@pytest.mark.parametrize(
    ("size", "read_at"),
    [
        ((12_000, 400), (7680, 256)),
        ((400, 12_000), (256, 7680)),
        ((9000, 300), (7680, 256)),
        ((24_000, 200), (15_492, 129)),  # no more than two million pixels
        ((2400, 800), (768, 256)),
        ((2300, 800), (768, 267)),  # no scroll
        ((600, 100), (600, 100)),  # never enlarged
    ],
)
def test_scrolls_are_read_by_their_short_side(size: tuple[int, int], read_at: tuple[int, int]) -> None:
    painting = read_painting(scroll(*size))
    assert painting.array.shape[1::-1] == pytest.approx(read_at, abs=1)
    assert painting.array.shape[0] * painting.array.shape[1] <= 2_010_000


def test_a_scroll_is_not_blurred() -> None:
    assert read_painting(scroll(12_000, 400)).array[..., 0].std() > 70
    assert read_painting(scroll(12_000, 400), 768).array[..., 0].std() < 20  # as it would be at 768 × 26


def test_a_size_holds_for_scrolls_too() -> None:
    painting = read_painting(scroll(12_000, 400), 1200)
    assert painting.array.shape == (40, 1200, 3)
    assert painting.size == 1200
    assert PREDICTED_SIDE == 256


def test_predictors_see_a_scroll_in_parts() -> None:
    for size, shape in (((12_000, 400), (256, 512)), ((400, 12_000), (512, 256)), ((900, 300), (256, 512))):
        parts = for_predictor(read_painting(scroll(*size)))
        assert {part.shape for part in parts} == {(1, 3, *shape)}
        assert len(parts) == (8 if max(size) == 12_000 else 1)
    (whole,) = for_predictor(read_painting(scroll(800, 300)))
    assert whole.shape == (1, 3, 256, 680)


def test_the_style_of_a_scroll_is_the_mean_of_its_parts() -> None:
    """A scroll that is one picture again and again has nearly the style of that picture."""
    picture = np.random.default_rng(0).integers(0, 256, (8, 16, 3), dtype=np.uint8)
    part = np.asarray(Image.fromarray(picture).resize((512, 256), Image.Resampling.BICUBIC))
    stylizer = impasto.load("fast", precision="f32")
    paintings = part, np.tile(part, (1, 15, 1)), part // 2
    alone, scrolled, other = (stylizer.predict(each).row for each in paintings)
    assert np.abs(scrolled - alone).mean() < 0.05 * np.abs(other - alone).mean()


def test_no_size_without_a_bound() -> None:
    with pytest.raises(ImpastoError, match="would get more than 250 megapixels; give a smaller size"):
        read_painting(scroll(64, 64), 300_000)
    with pytest.raises(ImpastoError, match="would get more than 250 megapixels"):
        read_painting(scroll(64, 64), 10**5000)


@pytest.mark.parametrize(("size", "words"), [("400", "'400'"), (31, "31"), (400.0, "400.0"), (True, "True")])
def test_sizes_of_no_kind_are_named(size: object, words: str) -> None:
    with pytest.raises(ImpastoError, match=f"size {words}: a style image must be read at 32 pixels or more"):
        read_painting(scroll(64, 64), size)  # type: ignore[arg-type]


def test_of_an_animation_the_first_frame_is_the_painting(tmp_path: Path, caplog) -> None:
    caplog.set_level(logging.WARNING)
    scroll(96, 64).save(
        tmp_path / "moving.webp",
        save_all=True,
        append_images=[Image.new("RGB", (96, 64), each) for each in ("red", "blue")],
    )
    assert read_painting(tmp_path / "moving.webp").array.std() > 50
    assert [record.getMessage() for record in caplog.records] == [
        f"{tmp_path / 'moving.webp'}: has 3 frames; the first one is taken"
    ]
