"""Controls: ranges, and the size of the picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_type_hints

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import impasto
from impasto import ImpastoError
from impasto.stylize.controls import ControlOptions, Controls


@pytest.fixture(scope="module")
def stylizer(trained: Path) -> impasto.Stylizer:
    return impasto.load(trained)


@given(st.integers(1, 60))
def test_size_is_the_long_side(stylizer, size: int) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (20, 30, 4), dtype=np.uint8)
    picture = stylizer(photo, "mural", size=size)
    assert picture.shape == (max(1, round(20 * size / 30)), size, 4)


def test_no_size_is_refused(stylizer, photo: Path) -> None:
    with pytest.raises(ImpastoError, match="between 1 and 100000 pixels"):
        stylizer(photo, "mural", size=0)


@pytest.mark.parametrize("stroke", [0, 0.49, 4.1, float("nan")])
def test_strokes_out_of_range_are_refused(stylizer, photo: Path, stroke: float) -> None:
    with pytest.raises(ImpastoError, match="stroke"):
        stylizer(photo, "mural", stroke=stroke)


def test_the_keywords_for_type_checkers_are_the_controls() -> None:
    keywords = get_type_hints(ControlOptions)
    assert list(keywords) == list(Controls.__struct_fields__)
    for field in msgspec.structs.fields(Controls):
        bare = get_type_hints(Controls)[field.name]
        assert keywords[field.name] == bare, field.name


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"strength": 2}, "strength 2: must be between 0 and 1.5"),
        ({"strength": float("nan")}, "strength nan: must be between 0 and 1.5"),
        ({"strength": "1"}, "strength '1': must be a number between 0 and 1.5"),
        ({"strength": None}, "strength None: must be a number between 0 and 1.5"),
        ({"detail": -0.1}, "detail -0.1: must be between 0 and 1"),
        ({"stroke": 0.4}, "stroke 0.4: must be between 0.5 and 4"),
        ({"size": 10**5000}, "size an int: must be between 1 and 100000 pixels"),
        ({"size": 0}, "size 0: must be between 1 and 100000 pixels"),
        ({"size": float("inf")}, "size inf: must be a whole number between 1 and 100000 pixels"),
    ],
)
def test_what_is_out_of_range_is_named(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ImpastoError) as caught:
        Controls(**given)
    assert str(caught.value) == message
    with pytest.raises(ImpastoError):
        msgspec.structs.replace(Controls(), **given)


def test_controls_are_a_value() -> None:
    whole = Controls(strength=1, detail=np.float32(0.5), stroke=np.float64(2), size=np.int64(7))
    assert (whole.strength, whole.detail, whole.stroke, whole.size) == (1, 0.5, 2, 7)
    assert Controls(strength=0.5) == Controls(strength=0.5) != Controls()
    with pytest.raises(AttributeError):
        whole.strength = 0  # type: ignore[misc]
    with pytest.raises(TypeError, match="strenght"):
        Controls(strenght=1)  # type: ignore[call-arg]
    assert msgspec.json.decode(b'{"strength": 0.5, "size": 9}', type=Controls) == Controls(strength=0.5, size=9)
    for wrong in (b'{"strength": 2}', b'{"strenght": 1}', b'{"keep_color": "no"}'):
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(wrong, type=Controls)
