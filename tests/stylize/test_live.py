"""A film that is painted while it is made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.film.films import moving

import impasto
from impasto.errors import ImpastoError
from impasto.stylize.live import Live


@pytest.fixture(scope="module")
def live() -> Live:
    return Live(impasto.load(), ["mural", "scream"], 64)


def test_keys_change_what_is_painted(live: Live, tmp_path: Path) -> None:
    (frame,) = moving(1)
    painted = {}
    for key in ("", "n", "b", "-", "p"):
        live.press(key)
        painted[live.title] = live.paint(frame)
    assert list(painted) == [
        "mural, strength 1",
        "scream, strength 1",
        "scream + mural, strength 1",
        "scream + mural, strength 0.75",
        "mural + scream, strength 0.75",
    ]
    first, second, blend, weak, same = (each.astype(int) for each in painted.values())
    assert first.shape == (48, 64, 3)
    assert min(np.abs(first - second).mean(), np.abs(blend - second).mean(), np.abs(weak - blend).mean()) > 3
    assert np.abs(same - weak).max() <= 1  # half of each, in either order
    names = [live.save(tmp_path).name for _ in range(2)]
    assert names == ["webcam-001.png", "webcam-002.png"]


def test_slow_changes_add_up(live: Live) -> None:
    """Each frame hardly differs from the one before."""
    (frame,) = moving(1)
    darker = [frame - np.minimum(frame, number) for number in range(16)]
    first, *_, last = [live.paint(each).astype(int) for each in darker]
    assert np.abs(last - first).mean() > 3


def test_what_was_painted_last_is_saved(live: Live, tmp_path: Path) -> None:
    """Also just after another style was asked for, in which nothing is painted yet."""
    with pytest.raises(ImpastoError, match="no picture yet"):
        Live(impasto.load(), ["mural"], 64).save(tmp_path)
    live.paint(moving(1)[0])
    live.press("n")
    assert live.save(tmp_path).is_file()
