"""Values that move between keyframes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.errors import ImpastoError
from impasto.stylize.keyframes import KeyFrames, are_key_frames, number_at, numbers_of, parse_key_frames


def test_numbers_move_smoothly() -> None:
    strength = numbers_of("1:0.5, 3:1, 4:1", "strength")
    assert [number_at(strength, time) for time in (0, 1, 2, 3, 9)] == [0.5, 0.5, 0.75, 1, 1]
    assert number_at(strength, 1.01) - 0.5 < 0.001  # it starts gently
    assert (strength.moves(0, 1), strength.moves(0, 1.1), strength.moves(3, 9)) == (False, True, False)
    assert numbers_of([(1, 0.5), (3, 1), (4, 1)], "strength") == strength
    assert numbers_of(0.7, "strength") == numbers_of("0.7", "strength") == KeyFrames.still(0.7)


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(-5, 5)), min_size=1, max_size=5, unique_by=lambda pair: pair[0]))
def test_values_stay_between_their_key_frames(pairs: list[tuple[float, float]]) -> None:
    frames = KeyFrames.of(sorted(pairs), "value")
    for time in (0, 0.3, 12.5, 99, 1000):
        assert min(frames.values) - 1e-9 <= number_at(frames, time) <= max(frames.values) + 1e-9
    for time, value in pairs:
        assert number_at(frames, time) == value


def test_texts() -> None:
    frames = parse_key_frames("0:mural, 4.5:scream,9: mural:.5+kiss:.5", "style")
    assert frames == KeyFrames((0.0, 4.5, 9.0), ("mural", "scream", "mural:.5+kiss:.5"))
    assert [are_key_frames(text) for text in ("0:mural", ".5:x", "mural:.5,kiss:.5", "mural", "1")] == [
        True,
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0:a, b", "'b' has no time; write 0:first, 4.5:second"),
        ("4:a, 2:b", "2 s comes after 4 s"),
        ("1:a, 1:b", "put keyframes in order"),
        ("0:a, 4,5:b", "'4' has no time; write 0:a, 4.5:b"),
        ("0:0,2, 4:1", "write 0:0.2, 4:1"),
        ("0:a, 4:a:0,5+b:0,5", "write 0:a, 4:a:0.5+b:0.5"),
        ("0:0,2,4,9", "write 0:first, 4.5:second"),
    ],
)
def test_what_is_wrong(text: str, words: str) -> None:
    with pytest.raises(ImpastoError) as caught:
        parse_key_frames(text, "style")
    assert words in str(caught.value)
