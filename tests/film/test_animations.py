"""Pictures that move and folders of frames are read and written like films."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.film.films import moving

from impasto.errors import ImpastoError
from impasto.film.animations import write_animation
from impasto.film.folders import NumberedFrames, move_frames
from impasto.film.formats import LOSSLESS
from impasto.film.frames import Frame, at_rate
from impasto.film.joining import frames_in_segments
from impasto.film.sources import look, read
from impasto.film.writing import Encoding, encode

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
    writer = NumberedFrames(folder, 2)
    for frame in FRAMES[2:]:
        writer.write(frame)
    for frame in FRAMES[:2]:
        NumberedFrames(folder, FRAMES.index(frame)).write(frame)
    (folder / "000002.png").rename(folder / "10.png")
    frames = list(read(look(folder)))
    assert [frame.time for frame in frames] == [Fraction(number, 25) for number in range(4)]
    assert (frames[3].array == FRAMES[1].array).all()  # 10 comes after 4


def test_frames_start_where_they_are_asked_to(tmp_path: Path) -> None:
    writer = NumberedFrames(tmp_path / "frames")
    for frame in FRAMES:
        writer.write(frame)
    (first, _) = read(look(tmp_path / "frames"), start=Fraction(7, 100))
    assert first.time == Fraction(2, 25)
    assert (first.array == FRAMES[2].array).all()


def test_frames_that_are_moved_replace_all_of_another_film(tmp_path: Path) -> None:
    for name, count in (("old", 4), ("new", 2)):
        writer = NumberedFrames(tmp_path / name)
        for frame in FRAMES[4 - count :]:
            writer.write(frame)
    (tmp_path / "old" / "notes.txt").write_text("mine")
    move_frames(tmp_path / "new", tmp_path / "old", 2)
    assert sorted(path.name for path in (tmp_path / "old").iterdir()) == ["000001.png", "000002.png", "notes.txt"]
    move_frames(tmp_path / "old", tmp_path / "elsewhere", 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "new"]


@pytest.mark.parametrize("size", [(48, 64), (49, 65)])
def test_frames_wait_in_segments_without_loss(size: tuple[int, int], tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (4, *size, 3), np.uint8)
    frames = [Frame(array, time, Fraction(1, 10)) for array, time in zip(noise, TIMES, strict=True)]
    encoding = Encoding(LOSSLESS, None, Fraction(25), Fraction(1, 12800))
    segments = [tmp_path / "0.mov", tmp_path / "1.mov"]
    for segment, part in zip(segments, (frames[:1], frames[1:]), strict=True):
        encode(part, segment, encoding)
    back = list(frames_in_segments(segments))
    assert [frame.time for frame in back] == TIMES
    assert back[-1].duration == Fraction(1, 10)
    assert all((frame.array == array).all() for frame, array in zip(back, noise, strict=True))


def test_a_given_rate() -> None:
    slow = list(at_rate(iter(FRAMES), Fraction(5)))
    assert [frame.time for frame in slow] == [0, Fraction(1, 5), Fraction(2, 5)]
    assert slow[1].array is FRAMES[2].array
    fast = list(at_rate(iter(FRAMES), Fraction(20)))
    assert [frame.time for frame in fast] == [Fraction(number, 20) for number in range(10)]
    assert [number for number in range(9) if fast[number].array is FRAMES[2].array] == [3, 4, 5, 6, 7]


def test_a_given_rate_shows_the_last_frame_as_long_as_it_was() -> None:
    frames = [Frame(FRAMES[0].array, Fraction(number, 25), Fraction(1, 25)) for number in range(25)]
    assert [len(list(at_rate(iter(frames), Fraction(rate)))) for rate in (60, 25, 10)] == [60, 25, 10]


@pytest.mark.parametrize(("ending", "least"), [(".gif", 2), (".webp", 1.1), (".png", 1.1)])
def test_no_frame_is_shown_for_less_than_browsers_show_it(ending: str, least: float, tmp_path: Path) -> None:
    """A phone's slow motion has 240 frames a second; browsers would show each for a tenth of a second."""
    quick = [Frame(array, Fraction(number, 240), Fraction(1, 240)) for number, array in enumerate(moving(24))]
    write_animation(iter(quick), tmp_path / f"quick{ending}")
    times = [frame.time for frame in read(look(tmp_path / f"quick{ending}"))]
    steps = [after - before for before, after in itertools.pairwise(times)]
    assert min(steps) >= Fraction(str(least)) / 100
    assert max(steps) <= Fraction(str(least)) / 100 + Fraction(1, 100)
    assert times[-1] > Fraction(7, 100)


def test_what_waits_without_loss_has_no_other_quality(tmp_path: Path) -> None:
    frames = [Frame(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8), Fraction(0))]
    encode(frames, tmp_path / "0.mov", Encoding(LOSSLESS, 50, Fraction(25), Fraction(1, 25)))
    assert (next(frames_in_segments([tmp_path / "0.mov"])).array == frames[0].array).all()


def test_folders_whose_frames_cannot_be_numbered(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "below" / "1.png")
    with pytest.raises(ImpastoError, match="in its subfolders"):
        look(tmp_path)
    Image.new("RGB", (8, 8)).save(tmp_path / "1²3.png")  # this digit is no decimal
    assert look(tmp_path).width == 8
