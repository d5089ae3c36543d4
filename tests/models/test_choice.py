"""Which model paints, where none is named."""

from __future__ import annotations

from impasto.assets import BUNDLED
from impasto.models.choice import DEFAULT, alternative, choose


def test_the_default_paints_unless_it_lacks_the_style() -> None:
    assert choose() == DEFAULT
    assert choose(["paper", DEFAULT]) == DEFAULT
    assert choose(["paper"]) == "paper"
    assert choose(["swift"]) == "swift"
    assert choose([]) == DEFAULT  # which then says what is wrong with the style


def test_the_other_model_is_named_if_it_has_the_style() -> None:
    assert alternative("paper") == "--model fast is quicker"
    assert alternative("fast") == "--model paper takes longer and comes nearer to the painting"
    assert alternative("paper", ["paper"]) == ""


def test_the_default_comes_with_the_package() -> None:
    assert DEFAULT in BUNDLED
