"""Which photos are meant by a folder, a glob or a list."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from impasto import ImpastoError
from impasto.batch.sources import photos_of


def names(source: object, target: str = "/elsewhere", **options: object) -> list[str]:
    return photos_of(str(source), target, **options)["name"].to_pylist()  # type: ignore[arg-type]


def test_a_folder_is_searched_without_what_is_hidden_or_no_photo(album: Path) -> None:
    for name in (".hidden.jpg", ".deep/a.jpg", "@eaDir/a.jpg", "notes.txt"):
        (album / name).parent.mkdir(exist_ok=True)
        (album / name).touch()
    everything = ["a.jpg", "b.gif", "b.png", "deep/c.jpg", "deep/er/d.jpeg", "deep/er/e.webp"]
    assert names(album) == everything
    assert names(album, depth=2) == everything[:4]
    found = photos_of(str(album), "/elsewhere").to_pylist()[0]
    assert (found["source"], found["source_size"]) == ((album / "a.jpg").as_posix(), (album / "a.jpg").stat().st_size)
    assert found["source_modified"] == (album / "a.jpg").stat().st_mtime_ns


def test_pictures_of_earlier_runs_are_no_photos(album: Path) -> None:
    assert names(album, (album / "deep").as_posix()) == ["a.jpg", "b.gif", "b.png"]
    assert len(names(album, album.parent.as_posix())) == 6
    with pytest.raises(ImpastoError, match="be written among its photos"):
        names(album, album.as_posix())


@pytest.mark.parametrize(
    ("glob", "found"),
    [
        ("*", ["a.jpg", "b.gif", "b.png"]),
        ("?.jpg", ["a.jpg"]),
        ("[!a].*", ["b.gif", "b.png"]),
        ("**/*.jp*g", ["a.jpg", "deep/c.jpg", "deep/er/d.jpeg"]),
        ("deep/**", ["deep/c.jpg", "deep/er/d.jpeg", "deep/er/e.webp"]),
        ("*/c.jpg", ["deep/c.jpg"]),
    ],
)
def test_globs(album: Path, glob: str, found: list[str]) -> None:
    assert [f"deep/{name}" if glob.startswith("deep") else name for name in names(album / glob)] == found


def test_one_photo(album: Path) -> None:
    assert names(album / "deep/c.jpg") == ["c.jpg"]


def test_lists_of_all_kinds_name_the_same_photos(album: Path) -> None:
    addresses = ["a.jpg", str(album / "b.png"), "s3://bucket/deep/x.jpg"]
    (album / "list.txt").write_text("\n".join([*addresses, ""]))
    (album / "list.csv").write_text("source,strength\n" + "\n".join(f"{each}," for each in addresses))
    parquet.write_table(pa.table({"source": [*addresses, None], "other": [1, 2, 3, 4]}), album / "list.parquet")
    for ending in ("txt", "csv", "parquet"):
        found = photos_of(str(album / f"list.{ending}"), "/elsewhere")
        assert found["source"].to_pylist() == [
            *((album / name).as_posix() for name in ("a.jpg", "b.png")),
            "s3://bucket/deep/x.jpg",
        ]
        assert found["name"].to_pylist() == ["a.jpg", f"{album}/b.png".lstrip("/"), "deep/x.jpg"]
        assert found["source_size"].to_pylist() == [
            (album / "a.jpg").stat().st_size,
            (album / "b.png").stat().st_size,
            0,
        ]


@pytest.mark.parametrize("text", ["../up.jpg", "/../up.jpg", "./up.jpg", "s3://bucket/../up.jpg"])
def test_no_name_leads_out_of_the_target(tmp_path: Path, text: str) -> None:
    (tmp_path / "list.txt").write_text(text)
    assert names(tmp_path / "list.txt") == ["up.jpg"]


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("a.csv", "", "a.csv: is empty"),
        ("a.csv", "source\n", "a.csv: is empty"),
        ("a.txt", "\n\n", "a.txt: is empty"),
        ("a.csv", "path,style\na.jpg,mural\n", "has no column 'source', but path, style; name one of them as --column"),
        ("a.parquet", "no parquet", "a.parquet: cannot be read as a list"),
        ("a.csv", "source,style\na.jpg\n", "a.csv: cannot be read as a list"),
    ],
)
def test_lists_that_cannot_be_read_are_named(tmp_path: Path, file: str, content: str, words: str) -> None:
    (tmp_path / file).write_text(content)
    with pytest.raises(ImpastoError, match=words):
        photos_of(str(tmp_path / file), "/elsewhere")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("none", "none: there is no such file or folder"),
        ("ftp://host/a", "no scheme 'ftp': known names are az, file, gs, s3"),
        ("s3://", "names no bucket"),
        ("none.csv", "there is no such file"),
        (".", "no photos in it"),
    ],
)
def test_sources_that_are_none_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ImpastoError, match=re.escape(words)):
        photos_of(source, "/elsewhere")
