"""Runs over folders: they go on past bad photos, and go on where they were stopped or killed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from impasto.cli.main import main

KILLS = int(os.environ.get("IMPASTO_KILLS", "6"))
"""How often the run of the test of kills is killed."""


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def one_line_error(result: Result, words: str) -> None:
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1), result.output
    assert words in result.stderr


def files_in(folder: Path) -> dict[str, bytes]:
    """Path below the folder -> content, hidden files too."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def album(photo: Path, tmp_path: Path) -> Path:
    """A folder of photos in a tree, one of them broken."""
    folder = tmp_path / "album"
    (folder / "deep" / "er").mkdir(parents=True)
    for name in ("one.png", "deep/two.jpg", "deep/er/three.png"):
        Image.open(photo).convert("RGB").save(folder / name)
    (folder / "deep" / "broken.jpg").write_text("no photo")
    (folder / "notes.txt").write_text("no photo, and not named like one")
    return folder


def test_folders_are_mirrored_and_gone_on_with(trained: Path, album: Path, tmp_path: Path) -> None:
    out = album / "out"  # inside the folder itself: pictures are not painted again
    command = ["stylize", album, "-s", "mural", "-o", out, "--model", trained, "--json"]
    result = invoke(*command)
    reports = {Path(line["photo"]).name: line for line in map(json.loads, result.stdout.splitlines())}
    assert {name: report["status"] for name, report in reports.items()} == {
        "one.png": "painted", "two.jpg": "painted", "three.png": "painted", "broken.jpg": "failed"
    }  # fmt: skip
    assert (reports["two.jpg"]["width"], reports["two.jpg"]["height"]) == (75, 50)
    assert reports["two.jpg"]["model"] == str(trained)
    assert result.exit_code == 1
    assert "1 of 4 photos failed" in result.stderr
    assert "broken.jpg" in result.stderr
    pictures = {name.replace("-mural-trained", "") for name in files_in(out)}
    assert pictures == {"one.png", "deep/two.jpg", "deep/er/three.png"}

    first, second = out / "one-mural-trained.png", out / "deep/two-mural-trained.jpg"
    first.unlink()
    before = second.stat().st_mtime_ns
    again = [json.loads(line)["status"] for line in invoke(*command).stdout.splitlines()]
    assert sorted(again) == ["failed", "painted", "skipped", "skipped"]
    assert second.stat().st_mtime_ns == before
    anew = [json.loads(line)["status"] for line in invoke(*command, "--overwrite").stdout.splitlines()]
    assert sorted(anew) == ["failed", "painted", "painted", "painted"]


def test_a_second_style_is_painted_into_the_same_folder(trained: Path, album: Path, tmp_path: Path) -> None:
    out, base = tmp_path / "out", ["stylize", album, "-o", tmp_path / "out", "--model", trained]
    invoke(*base, "-s", "mural")
    first = files_in(out)
    result = invoke(*base, "-s", "stained-glass")
    assert "already" not in result.stderr
    assert len(files_in(out)) == 6
    assert first.items() <= files_in(out).items()
    assert "6 pictures exist already" in invoke(*base, "-s", "mural", "-s", "stained-glass").stderr
    invoke(*base, "-s", "mural", "--strength", 0.5)
    assert len(files_in(out)) == 9


def test_several_styles_at_once_are_the_pictures_of_single_runs(trained: Path, album: Path, tmp_path: Path) -> None:
    for out, *styles in (("both", "mural", "slot-2"), ("each", "mural"), ("each", "slot-2")):
        asked = [word for style in styles for word in ("-s", style)]
        result = invoke("stylize", album, *asked, "-o", tmp_path / out, "--model", trained)
        assert result.stderr.count("broken.jpg") == 1
        assert "1 of 4 photos failed" in result.stderr
    assert len(files_in(tmp_path / "both")) == 6
    assert files_in(tmp_path / "both") == files_in(tmp_path / "each")


def test_all_styles_of_a_photo(trained: Path, photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ["stylize", photo, "-s", "all", "-o", out, "--model", trained, "--name", "{style}", "--format", "png"]
    assert invoke(*command, "--depth", 1).exit_code == 0
    assert {*files_in(out)} == {f"{each}-trained.png" for each in ("mural", "stained-glass", "slot-2", "slot-3")}
    one_line_error(invoke(*command[:4], "-o", tmp_path / "a.png", "--model", trained), "is one file for several")


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "avif", "tiff"])
def test_pictures_have_the_format_that_is_asked_for(trained: Path, photo: Path, tmp_path: Path, ending: str) -> None:
    base = ["stylize", photo, "-s", "mural", "--model", trained, "--format", ending]
    assert invoke(*base, "-o", tmp_path / "out").exit_code == 0
    with Image.open(tmp_path / "out" / f"photo-mural-trained.{ending}") as picture:
        assert (picture.format, picture.size) == (ending.upper().replace("JPG", "JPEG"), (75, 50))
    stream = invoke(*base, "-o", "-").stdout_bytes
    assert stream == (tmp_path / "out" / f"photo-mural-trained.{ending}").read_bytes()
    if ending != "png":
        one_line_error(invoke(*base, "-o", tmp_path / "a.png"), f"does not match --format {ending}")


def test_the_quality_of_files(trained: Path, photo: Path, tmp_path: Path) -> None:
    base = ["stylize", photo, "-s", "mural", "--model", trained]
    sizes = []
    for quality in (30, 95):
        assert invoke(*base, "-o", tmp_path / "a.jpg", "--file-quality", quality).exit_code == 0
        sizes.append((tmp_path / "a.jpg").stat().st_size)
    assert sizes[0] < 0.6 * sizes[1]
    assert invoke(*base, "--file-quality", 101).exit_code == 2


def test_a_batch_gives_the_bytes_of_single_runs(trained: Path, album: Path, tmp_path: Path) -> None:
    (album / "deep" / "broken.jpg").unlink()
    assert invoke("stylize", album, "-s", "mural", "-o", tmp_path / "out", "--model", trained).exit_code == 0
    alone = tmp_path / "alone.png"
    assert invoke("stylize", album / "one.png", "-s", "mural", "-o", alone, "--model", trained).exit_code == 0
    assert (tmp_path / "out" / "one-mural-trained.png").read_bytes() == alone.read_bytes()


def test_folders_that_cannot_be_painted_are_named(trained: Path, album: Path, tmp_path: Path) -> None:
    base = ["-s", "mural", "--model", trained]
    one_line_error(invoke("stylize", album, *base, "-o", album), "be written among its photos")
    one_line_error(invoke("stylize", album, *base, "-o", tmp_path / "all.png"), "give a folder as --out")
    (tmp_path / "empty").mkdir()
    one_line_error(invoke("stylize", tmp_path / "empty", *base, "-o", tmp_path / "out"), "no photos in it")


def test_a_photo_is_not_replaced_without_being_asked(trained: Path, photo: Path) -> None:
    before = photo.read_bytes()
    command = ["stylize", photo, "-s", "mural", "-o", photo, "--model", trained]
    one_line_error(invoke(*command), "is a photo, which its own picture would replace")
    assert photo.read_bytes() == before
    assert invoke(*command, "--overwrite").exit_code == 0
    assert photo.read_bytes() != before


def test_what_is_read_is_replaced_by_no_command(trained: Path, photo: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.png"
    Image.effect_noise((64, 48), 60).convert("RGB").save(other)
    before = photo.read_bytes(), other.read_bytes()
    mural = ["-s", "mural", "--model", trained]
    for command in (
        ["stylize", photo, "--style-image", other, "-o", other],
        ["stylize", photo, *mural, "--region", f"{other}=slot-2", "-o", other],
        ["sheet", photo, "-o", photo, "--model", trained],
        ["sheet", photo, "--style-image", other, "-o", other],
        ["optimize", photo, "--style-image", other, "-o", photo],
        ["add-style", other, "--name", "mine", "--predicted", "--preview", other],
    ):
        one_line_error(invoke(*command), "is an input of this command, and would be replaced")
    assert (photo.read_bytes(), other.read_bytes()) == before


@pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes")
def test_a_folder_is_painted_without_its_pipes(trained: Path, album: Path, tmp_path: Path) -> None:
    os.mkfifo(album / "pipe.jpg")  # whoever opens it waits for ever
    result = invoke("stylize", album, "-s", "mural", "-o", tmp_path / "out", "--model", trained)
    assert "1 of 4 photos failed" in result.stderr


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="names are Unicode there")
@pytest.mark.parametrize("more", [["--json"], []])
def test_odd_names_are_painted_and_printed(trained: Path, photo: Path, tmp_path: Path, more: list[str]) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    names = [b"caf\xe9.jpg", "長".encode() * 83 + b".jpg", b"a" * 251 + b".jpg", b"broken\xff.jpg"]
    for name in names:
        (folder / os.fsdecode(name)).write_bytes(b"" if b"broken" in name else photo.read_bytes())
    command = [sys.executable, "-m", "impasto", "stylize", folder, "-s", "mural", "-o", out, "--model", trained, *more]
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}  # the narrowest terminal
    result = subprocess.run(command, capture_output=True, timeout=120, env=environment)
    assert result.returncode == 1, result.stderr
    assert b"1 of 4 photos failed" in result.stderr
    assert b"broken\\xff.jpg: is empty" in result.stderr
    assert rb"caf\\xe9" in result.stdout if more else rb"caf\xe9" in result.stdout
    assert len(result.stdout.splitlines()) == 3 + len(more)
    assert os.fsdecode(b"caf\xe9-mural-trained.jpg") in files_in(out)
    assert len(files_in(out)) == 3


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A folder of photos, four for each kill."""
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(4 * KILLS):
        noise = Image.effect_noise((64 + number, 48), 60).convert("RGB")
        noise.save(folder / f"{number}.{('jpg', 'png')[number % 2]}")
    return folder


def started(command: list[object], out: Path, pictures: int) -> subprocess.Popen[str]:
    """The command's process, once there are so many pictures, or it has ended."""
    process = subprocess.Popen([sys.executable, "-m", "impasto", *map(str, command)], stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 120
    while process.poll() is None and len([*out.glob("[!.]*")]) < pictures:
        if time.monotonic() > end:
            process.kill()
            pytest.fail("the run hangs")
        time.sleep(0.001)
    return process


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_run_that_is_killed_ends_as_if_it_had_not_been(trained: Path, many: Path, tmp_path: Path) -> None:
    command = ["stylize", many, "-s", "mural", "-s", "slot-2", "--model", trained, "-o"]
    assert invoke(*command, tmp_path / "undisturbed").exit_code == 0
    out, rng = tmp_path / "killed", random.Random(KILLS)
    for _ in range(KILLS):
        there = len([*out.glob("[!.]*")])
        process = started([*command, out], out, there + rng.choice([0, 1, 1, 2, 3]))
        time.sleep(rng.uniform(0, 0.05))
        process.kill()
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL  # it was not done before
    assert invoke(*command, out).exit_code == 0
    assert len(files_in(out)) == 8 * KILLS
    assert files_in(out) == files_in(tmp_path / "undisturbed")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT")
def test_ctrl_c_ends_a_run_with_130_and_one_line(trained: Path, many: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ["stylize", many, "-s", "mural", "-s", "slot-2", "-s", "slot-3", "--model", trained, "-o", out]
    process = started(command, out, 1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (
        130, "impasto: stopped; the same command continues with the pictures that are left\n"
    )  # fmt: skip
    assert 0 < len(files_in(out)) < 12 * KILLS
    assert not [*out.glob(".*")]
