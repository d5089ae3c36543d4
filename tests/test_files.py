"""Files appear whole or not at all, and nothing is left of those that did not."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.files import is_device, place, portable, printable, write_file

KILLED = """
import os, signal, sys
from pathlib import Path
from impasto import files
files.os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
files.write_file(Path(sys.argv[1]), b"begun")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_what_a_killed_process_leaves_is_gone_after_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False, timeout=60)
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".")  # no folder's run takes it for a photo
    assert left.read_bytes() == b"begun"
    write_file(path, b"whole")
    assert [each.name for each in tmp_path.iterdir()] == ["a.png"]
    assert path.read_bytes() == b"whole"


def test_nothing_is_left_where_writing_fails(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        write_file(tmp_path / "folder", b"content")
    assert [each.name for each in tmp_path.iterdir()] == ["folder"]


def test_disks_that_sync_no_folders_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that cannot be synced is an error there, too."""
    refused = OSError(errno.EINVAL, "invalid")

    def fsync(handle: int) -> None:
        if kind(os.fstat(handle).st_mode):
            raise refused

    monkeypatch.setattr(os, "fsync", fsync)
    kind = stat.S_ISDIR
    write_file(tmp_path / "a", b"content", durable=True)
    kind = stat.S_ISREG
    with pytest.raises(OSError, match="invalid"):
        write_file(tmp_path / "b", b"content", durable=True)
    assert [each.name for each in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("name", ["a" * 255, "é" * 127, "." + "b" * 254])
def test_names_may_be_as_long_as_the_system_allows(tmp_path: Path, name: str) -> None:
    write_file(tmp_path / name, b"content")
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_every_name_can_be_printed() -> None:
    assert printable(Path("photos/mün.jpg")) == "photos/mün.jpg"
    assert printable(os.fsdecode(b"caf\xe9.jpg")) == "caf\\xe9.jpg"
    assert printable("\ud83d").encode()


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("trip/cat.jpg", "trip/cat.jpg"),
        ("CON", "%43ON"),
        ("aux.jpg", "%61ux.jpg"),
        ("trip/nul.tar.gz/lpt1 .png", "trip/%6Eul.tar.gz/%6Cpt1 .png"),
        ("console.jpg", "console.jpg"),
        ("trip./a .jpg", "trip%2E/a .jpg"),
        ("a /b..", "a%20/b.%2E"),
        ('a:b|c"d.jpg', "a%3Ab%7Cc%22d.jpg"),
        ("..\\..\\a.jpg", "..%5C..%5Ca.jpg"),
        ("../a.jpg", "../a.jpg"),
        ("貓.jpg", "貓.jpg"),
    ],
)
def test_names_that_windows_takes(name: str, taken: str) -> None:
    assert portable(name) == taken


@given(st.text(st.characters(blacklist_categories=["Cs"]), max_size=12))
def test_every_name_becomes_one_that_windows_takes(name: str) -> None:
    taken = portable(name)
    assert portable(taken) == taken
    for part in taken.split("/"):
        assert PureWindowsPath(part).drive == ""
        assert not is_device(part)
        assert part in ("", ".", "..") or part.rstrip(". ") == part
        assert not set(part) & set('<>:"|?*\\')


def test_case_and_composition_count_where_they_tell_files_apart() -> None:
    assert place(Path("Cat.JPG"), folds=True) == place("cat.jpg", folds=True)
    assert place("cafe\u0301.jpg", folds=True) == place("café.jpg", folds=True)
    assert place("Cat.jpg", folds=False) != place("cat.jpg", folds=False)
