"""Which photo becomes which file."""

from __future__ import annotations

from pathlib import Path

import pytest

from impasto import ImpastoError
from impasto.batch.jobs import STREAM, find_targets


@pytest.fixture
def album(tmp_path: Path) -> Path:
    folder = tmp_path / "album"
    (folder / "deep").mkdir(parents=True)
    for name in ("b.jpg", "a.HEIC", "deep/c.gif", ".hidden.png", "notes.txt"):
        (folder / name).touch()
    return folder


def test_one_photo_becomes_the_file_that_is_named(tmp_path: Path) -> None:
    photo = Path("photo.jpg")
    assert find_targets((photo,), "mural", tmp_path / "a.webp") == [(photo, tmp_path / "a.webp")]
    assert find_targets((STREAM,), "mural", STREAM) == [(STREAM, STREAM)]
    with pytest.raises(ImpastoError, match="no picture format"):
        find_targets((photo,), "mural", Path("a.xyz"))


def test_photos_are_named_after_their_style(tmp_path: Path) -> None:
    photos = (Path("x/one.jpg"), Path("two.gif"))  # GIF is read, not written
    assert find_targets(photos, "mural", tmp_path) == [
        (photos[0], tmp_path / "one-mural.jpg"),
        (photos[1], tmp_path / "two-mural.png"),
    ]


def test_a_folder_is_mirrored_without_what_is_no_photo(album: Path) -> None:
    out = album / "out"
    (out / "deep").mkdir(parents=True)
    (out / "deep" / "c.png").touch()  # a picture of before, not a photo
    targets = dict(find_targets((album,), "mural", out))
    assert targets.pop(album / "b.jpg") == out / "b.jpg"
    assert targets.pop(album / "deep" / "c.gif") == out / "deep" / "c.png"
    assert list(targets) == [album / "a.HEIC"]


@pytest.mark.parametrize(
    ("photos", "out", "message"),
    [
        (("album",), "album", "take the place of its photos"),
        (("album",), "all.png", "give a folder as --out"),
        (("one.jpg", "two.jpg"), "all.png", "give a folder as --out"),
        (("one.jpg", "two.jpg"), "-", "give a folder as --out"),
        (("x/one.jpg", "y/one.jpg"), "out", "stylize them apart"),
        (("-",), "out", "has no name"),
        (("empty",), "out", "no photos in it"),
    ],
)
def test_what_cannot_be_is_said(
    album: Path, monkeypatch: pytest.MonkeyPatch, photos: tuple[str, ...], out: str, message: str
) -> None:
    monkeypatch.chdir(album.parent)
    Path("empty").mkdir()
    with pytest.raises(ImpastoError, match=message):
        find_targets(tuple(map(Path, photos)), "mural", Path(out))
