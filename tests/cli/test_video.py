"""The command `impasto video`, from file to file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image
from tests.film.films import make_film, moving, times_of

from impasto.cli.main import main


def video(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["video", *map(str, arguments)])


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_film(tmp_path_factory.mktemp("films") / "film.mp4", moving(12), sound="aac")


def frames_of(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return np.array([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)], np.int16)


def test_a_film_with_its_sound(film: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    result = video(film, "-s", "mural", "-o", out)
    assert result.exit_code == 0, result.output
    assert "12 frames" in result.output
    assert times_of(out) == times_of(film)
    with av.open(str(out)) as container:
        assert container.streams.audio[0].codec_context.name == "aac"
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]
    assert np.abs(frames_of(out) - frames_of(film)).mean() > 20


def test_no_strength_is_the_film(film: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mkv"
    assert video(film, "-s", "mural", "--strength", 0, "--crf", 1, "--no-audio", "-o", out).exit_code == 0
    assert np.abs(frames_of(out) - frames_of(film)).mean() < 1.5
    with av.open(str(out)) as container:
        assert not container.streams.audio


def test_styles_that_turn_into_one_another(film: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    assert video(film, "-s", "0:mural, 0.2:scream, 0.4:mural:.5+kiss:.5", "-o", out, "--steady", 0).exit_code == 0
    painted = frames_of(out)
    assert np.abs(painted[5] - painted[0]).mean() > 8
    steps = np.abs(np.diff(painted, axis=0)).mean(axis=(1, 2, 3))
    assert steps.max() < 0.6 * np.abs(painted[5] - painted[0]).mean()  # no frame jumps


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["-s", "4:mural, 2:scream"], "put keyframes in order"),
        (["-s", "mural", "--strength", "0:.5, x"], "has no time"),
        (["-s", "mural", "--strength", "0:.5, 1:9"], "between 0 and 1.5"),
        (["-s", "mural", "--steady", "2"], "between 0 and 1"),
        (["-s", "mural", "--start", "9"], "no frames in the part"),
        (["-s", "mural", "--start", "2", "--end", "1"], "must come after"),
        (["-s", "mural", "--codec", "vp9"], None),
        (["-s", "mural", "--codec", "prores"], "use .mov"),
        (["-s", "all"], "one style"),
        ([], "give --style"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(options: list[str], words: str | None, film: Path, tmp_path: Path) -> None:
    result = video(film, *options, "-o", tmp_path / "out.mp4")
    if words is None:
        assert result.exit_code == 0
        return
    assert result.exit_code == 2
    assert words in result.output
    assert result.output.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def without_decoder(path: Path, names: dict[bytes, bytes]) -> Path:
    """A film with sound, one of whose tracks says by its new name that it has a codec that nobody knows."""
    content = make_film(path, moving(6), sound="aac").read_bytes()
    for known, unknown in names.items():
        assert known in content
        content = content.replace(known, unknown)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "names"),
    [("odd.mp4", {b"avc1": b"xvc1"}), ("odd.mkv", {b"V_MPEG4/ISO/AVC": b"V_MPEG9/ISO/XYZ"})],
)
def test_pictures_without_a_decoder(name: str, names: dict[bytes, bytes], tmp_path: Path) -> None:
    odd = without_decoder(tmp_path / name, names)
    result = video(odd, "-s", "mural", "-o", tmp_path / "out.mp4")
    assert result.exit_code == 2, result.output
    assert "no decoder" in result.output
    assert result.output.count("\n") == 1
    assert list(tmp_path.iterdir()) == [odd]


@pytest.mark.parametrize(
    ("name", "names"), [("odd.mp4", {b"mp4a": b"apac", b"esds": b"free"}), ("odd.mkv", {b"A_AAC": b"A_XYZ"})]
)
def test_sound_without_a_decoder_is_left_out(name: str, names: dict[bytes, bytes], tmp_path: Path) -> None:
    """The film is painted, and a line says what it lacks."""
    odd, out = without_decoder(tmp_path / name, names), tmp_path / "out.mp4"
    command = [sys.executable, "-m", "impasto", "video", str(odd), "-s", "mural", "-o", str(out)]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "cannot be decoded; it is left out" in run.stderr
    assert run.stderr.count("\n") == 1
    assert len(frames_of(out)) == 6
    with av.open(str(out)) as container:
        assert not container.streams.audio


def test_a_film_is_not_replaced(film: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    out.write_bytes(b"mine")
    folder = tmp_path / "frames"
    folder.mkdir()
    (folder / "000001.png").write_bytes(b"mine")
    assert "--overwrite" in video(film, "-s", "mural", "-o", folder).output
    assert "--overwrite" in video(film, "-s", "mural", "-o", out).output
    assert out.read_bytes() == b"mine"
    assert "would be replaced" in video(film, "-s", "mural", "-o", film, "--overwrite").output


@pytest.mark.parametrize("name", ["out.gif", "out.webp", "out.png", "frames"])
def test_pictures_that_move_and_folders(name: str, film: Path, tmp_path: Path) -> None:
    first, second = tmp_path / name, tmp_path / "again.mp4"
    result = video(film, "-s", "mural", "--end", "0.2", "-o", first)
    assert result.exit_code == 0, result.output
    assert video(first, "-s", "scream", "-o", second).exit_code == 0
    assert len(frames_of(second)) == 5
    assert len(list(tmp_path.iterdir())) == 2
    assert "leave --codec out" in video(film, "-s", "mural", "--codec", "vp9", "-o", first, "--overwrite").output


def test_a_rate_that_frames_do_not_have(tmp_path: Path) -> None:
    """Frames of a folder have 25 a second: time stamps of others do not fall together."""
    folder, out = tmp_path / "frames", tmp_path / "out.mp4"
    for number, array in enumerate(moving(4)):
        folder.mkdir(exist_ok=True)
        Image.fromarray(array).save(folder / f"{number}.png")
    assert video(folder, "-s", "mural", "--fps", 60, "-o", out).exit_code == 0
    assert [round(60 * time, 3) for time in times_of(out)] == list(range(10))


def test_webcam_without_a_camera_or_a_screen(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    for camera, words in (("97", "camera 97: there is none"), (str(film), "needs a screen")):
        result = CliRunner().invoke(main, ["webcam", "-s", "mural", "--camera", camera])
        assert (result.exit_code, words in result.output, result.output.count("\n")) == (2, True, 1), result.output


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--to", "/dev/video97"], "/dev/video97: there is no such device"),
        (["--to", "/dev/null"], "/dev/null: takes no pictures"),
        (["--to", "/dev/video97", "--preview"], "give only one of them"),
    ],
)
def test_webcam_without_a_virtual_camera(options: list[str], words: str, film: Path) -> None:
    result = CliRunner().invoke(main, ["webcam", "-s", "mural", "--size", "64", "--camera", str(film), *options])
    assert (result.exit_code, words in result.output, result.output.count("\n")) == (2, True, 1), result.output


@pytest.mark.parametrize(
    ("out", "options", "words"),
    [
        ("folder.mp4", [], "is a folder; give the name of a film"),
        ("file", ["--overwrite"], "is a file, not a folder"),
        ("out.mp4", ["--fps", "1e-9"], "fps 1e-09: must be between"),
        ("out.mp4", ["--fps", "1e9"], "fps 1e+09: must be between"),
        ("out.mp4", ["--crf", "0"], "crf 0: h264 takes 1 to 51"),
        ("out.mp4", ["--codec", "hevc", "--size", "34"], "hevc takes sides of 64"),
        ("out.webp", ["--size", "16400"], "takes sides of"),
    ],
)
def test_what_could_not_be_written_is_said_before_it_is_painted(
    out: str, options: list[str], words: str, film: Path, tmp_path: Path
) -> None:
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "file").write_bytes(b"mine")
    result = video(film, "-s", "mural", "-o", tmp_path / out, *options)
    assert (result.exit_code, words in result.output, result.output.count("\n")) == (2, True, 1), result.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.mp4"]


def test_frames_in_this_very_folder(film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = video(film, "-s", "mural", "--end", "0.1", "-o", ".")
    assert result.exit_code == 0, result.output
    assert len(list(tmp_path.iterdir())) == 3
