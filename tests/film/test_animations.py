"""Pictures that move and folders of frames are read and written like films."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.film.films import moving

from impasto.film.animations import write_animation
from impasto.film.folders import write_folder
from impasto.film.frames import Frame, at_rate
from impasto.film.sources import look, read

TIMES = [Fraction(each, 100) for each in (0, 10, 15, 40)]
FRAMES = [Frame(array, time, Fraction(1, 10)) for array, time in zip(moving(4), TIMES, strict=True)]


@pytest.mark.parametrize(("ending", "apart"), [(".gif", 2), (".webp", 6), (".png", 0), (".apng", 0)])
def test_animations(ending: str, apart: float, tmp_path: Path) -> None:
    file = tmp_path / f"moves{ending}"
    assert write_animation(iter(FRAMES), file) == 4
    with Image.open(file) as image:
        assert (image.n_frames, image.info["loop"]) == (4, 0)
    frames = list(read(look(file)))
    assert [frame.time for frame in frames] == TIMES
    for frame, other in zip(frames, FRAMES, strict=True):
        assert np.abs(frame.array.astype(int) - other.array).mean() <= apart
    assert list(tmp_path.iterdir()) == [file]


def test_frames_of_a_webp_are_whole(tmp_path: Path) -> None:
    """Blocks that hardly change are no holes through which the frame before shows."""
    still = np.random.default_rng(0).normal(200, 1, (64, 64, 3))
    frames = [
        Frame((still - number / 2).astype(np.uint8), Fraction(number, 10), Fraction(1, 10)) for number in range(6)
    ]
    write_animation(iter(frames), tmp_path / "still.webp")
    content = (tmp_path / "still.webp").read_bytes()
    assert content.count(b"ANMF") == 6
    assert b"ALPH" not in content


def test_a_folder_of_frames(tmp_path: Path) -> None:
    folder = tmp_path / "frames"
    assert write_folder(iter(FRAMES), folder) == 4
    (folder / "000002.png").rename(folder / "10.png")
    frames = list(read(look(folder)))
    assert [frame.time for frame in frames] == [Fraction(number, 25) for number in range(4)]
    assert (frames[3].array == FRAMES[1].array).all()  # 10 comes after 4


def test_a_given_rate() -> None:
    slow = list(at_rate(iter(FRAMES), Fraction(5)))
    assert [frame.time for frame in slow] == [0, Fraction(1, 5), Fraction(2, 5)]
    assert slow[1].array is FRAMES[2].array
    fast = list(at_rate(iter(FRAMES), Fraction(20)))
    assert [frame.time for frame in fast] == [Fraction(number, 20) for number in range(9)]
    assert [number for number in range(9) if fast[number].array is FRAMES[2].array] == [3, 4, 5, 6, 7]
