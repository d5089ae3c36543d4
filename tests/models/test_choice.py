"""Which model paints, where none is named."""

from __future__ import annotations

import pytest

from impasto.assets import BUNDLED
from impasto.models.choice import DEFAULT, alternative, choose


@pytest.mark.parametrize(
    ("size", "model"),
    [
        ((1600, 1200), "paper"),
        ((1920, 1080), "paper"),
        ((2048, 1365), "fast"),
        ((4000, 3000), "fast"),
        ((0, 0), "paper"),
    ],
)
def test_the_size_decides_between_models_that_have_the_style(size: tuple[int, int], model: str) -> None:
    assert choose(size[0] * size[1]) == model


@pytest.mark.parametrize("pixels", [1, 10**8])
def test_a_single_model_with_the_style_paints_every_size(pixels: int) -> None:
    assert choose(pixels, ["fast"]) == "fast"
    assert choose(pixels, ["paper"]) == "paper"
    assert choose(pixels, ["swift"]) == "swift"
    assert choose(pixels, []) == DEFAULT  # which then says what is wrong with the style


def test_the_other_model_is_named_if_it_has_the_style() -> None:
    assert alternative("paper") == "--model fast is quicker"
    assert alternative("fast") == "--model paper is finer"
    assert alternative("paper", ["paper"]) == ""


def test_every_choice_comes_with_the_package() -> None:
    assert {choose(0), choose(10**8)} <= set(BUNDLED)
