"""A film that was stopped, killed or begun with other settings."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from tests.film.films import make_film, moving, times_of

from impasto.batch.segments import Kept
from impasto.film.frames import Frame
from impasto.stylize.motion import watch
from impasto.stylize.video import Reference, State

FRAMES = 80


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_film(tmp_path_factory.mktemp("films") / "film.mp4", moving(FRAMES, 96, 128), sound="aac")


SHORT = """
import time
import impasto.batch.film as film
film._SECONDS, film._FRAMES = 0.2, 4
finish = film.Kept.finish
def finished(*given):
    finish(*given)
    time.sleep({pause})
film.Kept.finish = finished
from impasto.cli.main import run
run()
"""
"""The command, with segments of a few frames, and a pause after each, in which it can be ended."""


def start(film: Path, out: Path, *options: str, pause: float = 0.0) -> subprocess.Popen[str]:
    short = SHORT.format(pause=pause)
    command = [sys.executable, "-c", short, "video", str(film), "-s", "mural", "-o", str(out), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for_segments(out: Path, count: int) -> None:
    folder = out.with_name(f".{out.name}.impasto")
    ends = time.monotonic() + 120
    while len(list(folder.glob("*.npz"))) < count:
        assert time.monotonic() < ends
        time.sleep(0.02)


def pictures(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return np.array([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)], np.int16)


@pytest.fixture(scope="module")
def whole(film: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The film, painted by a run that nobody ended."""
    out = tmp_path_factory.mktemp("whole") / "out.mp4"
    assert start(film, out).wait() == 0
    return out


@pytest.mark.parametrize("signalled", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_was_ended_goes_on(signalled: int, film: Path, whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    run = start(film, out, pause=0.5)
    wait_for_segments(out, 2)
    os.kill(run.pid, signalled)
    _, said = run.communicate()
    assert run.returncode == (130 if signalled == signal.SIGINT else -signal.SIGKILL)
    assert "frames are kept" in said or signalled == signal.SIGKILL
    assert not out.exists()
    again = start(film, out)
    printed, said = again.communicate()
    assert again.returncode == 0, said
    assert f"{FRAMES} frames" in printed
    assert times_of(out) == times_of(whole) == times_of(film)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.mp4"]
    # The frames are the same, but for where the encoder began anew.
    assert np.abs(pictures(out) - pictures(whole)).mean() < 3


def content(out: Path) -> dict[str, bytes]:
    """What is in a file, or in each file of a folder."""
    return {path.name: path.read_bytes() for path in (sorted(out.iterdir()) if out.is_dir() else [out])}


@pytest.mark.parametrize(
    "ending", ["", *(pytest.param(ending, marks=pytest.mark.slow) for ending in (".gif", ".webp"))]
)
def test_pictures_that_move_and_folders_go_on(ending: str, film: Path, tmp_path: Path) -> None:
    """They are the same, to the last byte, as what nobody stopped."""
    whole, out = tmp_path / "whole" / f"out{ending}", tmp_path / f"out{ending}"
    whole.parent.mkdir()
    options = ["--end", "1.2"]
    assert start(film, whole, *options).wait() == 0
    run = start(film, out, *options, pause=0.5)
    wait_for_segments(out, 2)
    run.kill()
    run.communicate()
    assert not out.exists()
    again = start(film, out, *options)
    printed, said = again.communicate()
    assert again.returncode == 0, said
    assert "30 frames" in printed
    assert content(out) == content(whole)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([f"out{ending}", "whole"])


def test_a_second_run_says_that_the_first_is_at_work(film: Path, whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    first = start(film, out)
    wait_for_segments(out, 1)
    second = start(film, out, "--strength", "0.5")  # other settings do not remove what the first has done
    _, said = second.communicate()
    assert second.returncode == 2
    assert said == f"impasto: {out}: process {first.pid} is painting it; wait for it, or give another -o\n"
    _, said = first.communicate()
    assert first.returncode == 0, said
    assert np.abs(pictures(out) - pictures(whole)).mean() < 3  # segments end where time says
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.mp4"]


def state_of(picture: np.ndarray, time: Fraction) -> State:
    (seen,) = watch([Frame(picture, time)], flow=False)
    changed = replace(seen, painted=255 - seen.painted, changes=(0.1, 30.0))
    return State((Reference(picture, 0.1), Reference(255 - picture, 2.5)), changed, picture)


def test_what_painting_had_come_to_is_kept(tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    with Kept.beside(tmp_path / "out.mp4", "settings") as kept:
        assert kept.done() == (0, None)
        for number in range(3):
            kept.file(number).write_bytes(b"frames")
            kept.finish(number, state_of(picture, Fraction(number, 3)), 24 * (number + 1))
        done, state = kept.done()
    assert done == 72
    assert state is not None
    expected = state_of(picture, Fraction(2, 3))
    assert [each.since for each in state.references] == [0.1, 2.5]
    assert (state.time, state.seen.changes) == (expected.time, expected.seen.changes)
    for found, known in (
        (state.picture, picture),
        (state.seen.frame.array, picture),
        (state.seen.painted, expected.seen.painted),
        (state.seen.thumbnail, expected.seen.thumbnail),
        (state.references[1].array, 255 - picture),
    ):
        np.testing.assert_array_equal(found, known)


def test_a_segment_is_on_the_disk_before_it_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So a power cut leaves no note of a segment that is not there."""
    synced: list[int] = []
    really = os.fsync

    def fsync(handle: int) -> None:
        assert not kept.segments()
        synced.append(os.fstat(handle).st_ino)
        really(handle)

    picture = np.zeros((4, 4, 3), np.uint8)
    with Kept.beside(tmp_path / "out.mp4", "settings") as kept:
        kept.file(0).write_bytes(b"frames")
        segment = kept.file(0).stat().st_ino
        monkeypatch.setattr(os, "fsync", fsync)
        with suppress(AssertionError):  # once it counts, the folder is synced, too
            kept.finish(0, state_of(picture, Fraction(0)), 1)
        note = kept.file(0).with_suffix(".npz").stat().st_ino
    assert synced == [segment, note]


@pytest.mark.slow
def test_other_settings_begin_anew(film: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    run = start(film, out, pause=0.5)
    wait_for_segments(out, 1)
    run.kill()
    run.communicate()
    again = start(film, out, "--strength", "0.5", "--end", "0.5")
    _, said = again.communicate()
    assert again.returncode == 0
    assert "other settings" in said
    assert len(times_of(out)) == 13


@pytest.mark.slow
def test_a_full_disk_leaves_what_was_done(film: Path, tmp_path: Path) -> None:
    """No file may become larger than 60 KB, and then the same command is given without that limit."""
    out = tmp_path / "out.mp4"
    full = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))\n"
    long = SHORT.replace("0.2, 4", "0.2, 12").format(pause=0)
    command = ["video", str(film), "-s", "mural", "--crf", "1", "-o", str(out)]
    run = subprocess.run([sys.executable, "-c", full + long, *command], capture_output=True, text=True)
    assert run.returncode == 2, run.stderr
    assert "cannot be written" in run.stderr
    assert run.stderr.count("\n") == 1
    assert not out.exists()
    again = subprocess.run([sys.executable, "-c", long, *command], capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert len(times_of(out)) == FRAMES


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off"])
def test_damaged_segments_are_named(content: bytes, film: Path, tmp_path: Path) -> None:
    """What a power cut leaves."""
    out = tmp_path / "out.mp4"
    run = start(film, out, pause=0.5)
    wait_for_segments(out, 1)
    run.kill()
    run.communicate()
    (out.with_name(".out.mp4.impasto") / "000000.npz").write_bytes(content)
    _, said = (again := start(film, out)).communicate()
    assert again.returncode == 2, said
    assert "remove this folder to start over" in said
    assert said.count("\n") == 1
