"""Buckets: each picture once, whatever their server does; and what is wrong with them, in one line."""

from __future__ import annotations

import io
import ntpath
import posixpath
import re
from pathlib import Path

import pytest
from buckets import Faulty, files_in, make, unfinished_in
from PIL import Image

import impasto
from impasto import ImpastoError
from impasto.batch import places


@pytest.mark.parametrize(
    ("address", "normal", "parts"),
    [
        ("C:\\photos\\trip\\..\\a.jpg", "C:/photos/a.jpg", "photos/trip/a.jpg"),
        ("c:/photos/a.jpg", "c:/photos/a.jpg", "photos/a.jpg"),
        ("\\\\host\\share\\trip\\a.jpg", "//host/share/trip/a.jpg", "trip/a.jpg"),
        ("file:///C:/photos/a.jpg", "C:/photos/a.jpg", "C:/photos/a.jpg"),
        ("s3://bucket/trip/a\\b.jpg", "s3://bucket/trip/a\\b.jpg", "trip/a\\b.jpg"),
    ],
)
def test_addresses_of_windows(address: str, normal: str, parts: str) -> None:
    """Drives, shares and backslashes, in lists and on the command line; a bucket's names keep their backslashes."""
    assert places.normal(address, ntpath) == normal
    if not address.startswith("file:"):
        assert "/".join(places.parts_of(address, ntpath)) == parts


@pytest.mark.parametrize("text", ["trip\\a.jpg", ".\\trip\\a.jpg", "trip/a.jpg", "..\\trip\\a.jpg"])
def test_relative_paths_of_lists_from_windows(text: str) -> None:
    assert places.parts_of(text, ntpath) == ["trip", "a.jpg"]


def test_elsewhere_a_backslash_is_a_letter() -> None:
    assert places.normal("/trip/a\\b.jpg", posixpath) == "/trip/a\\b.jpg"
    assert places.parts_of("/trip/a\\b.jpg", posixpath) == ["trip", "a\\b.jpg"]


def photos(count: int) -> dict[str, bytes]:
    """Key -> content of small photos."""
    found = {}
    for number in range(count):
        buffer = io.BytesIO()
        Image.new("RGB", (48, 32), (number % 256, 90, 160)).save(buffer, "PNG")
        found[f"in/{number:04}.png"] = buffer.getvalue()
    return found


def test_a_file_is_written_by_one_put_and_read_whole(s3: Faulty) -> None:
    bucket = make("whole")
    s3.requests.clear()
    places.write(f"s3://{bucket}/a b/c.png", b"content")
    assert dict(s3.requests) == {"PUT": 1}
    assert places.read(f"s3://{bucket}/a b/c.png") == b"content"
    assert [(each.name, each.size) for each in places.files_below(f"s3://{bucket}/a b")] == [("c.png", 7)]
    found = places.look(f"s3://{bucket}/a b/c.png")
    assert found
    assert found.size == 7
    assert places.look(f"s3://{bucket}/a b") is None
    places.remove(f"s3://{bucket}/a b/c.png")
    assert places.look(f"s3://{bucket}/a b/c.png") is None


def test_faults_lose_nothing_and_leave_nothing(faulty: Faulty, trained: Path) -> None:
    made, out = make("faults", photos(30)), make("out")
    impasto.batch(f"s3://{made}/in", "mural", "s3://out/calm", model=str(trained))
    faulty.share = 0.15
    faulty.injected.clear()
    done = impasto.batch(f"s3://{made}/in", "mural", "s3://out/faulty", model=str(trained))
    faulty.share = 0.0
    assert all(faulty.injected[kind] for kind in ("500", "503", "nothing", "late"))
    assert (done.painted, done.failed) == (30, 0)
    pictures = {key: content for key, content in files_in(out).items() if "_manifest" not in key}
    calm = {key.partition("/")[2]: content for key, content in pictures.items() if key.startswith("calm/")}
    assert {key.partition("/")[2]: content for key, content in pictures.items() if key.startswith("faulty/")} == calm
    assert len(calm) == 30
    assert unfinished_in(out) == []
    again = impasto.batch(f"s3://{made}/in", "mural", "s3://out/faulty", model=str(trained), verify=True)
    assert (again.painted, again.there) == (0, 30)


@pytest.mark.slow
def test_a_server_that_says_nothing_is_asked_again(faulty: Faulty, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = make("silent")
    monkeypatch.setattr(places, "_TIMEOUT", 1.0)
    places._filesystem.cache_clear()
    faulty.share, faulty.stall = 0.5, 3.0
    for number in range(6):
        places.write(f"s3://{bucket}/{number}", b"%d" % number)
    faulty.share = 0.0
    places._filesystem.cache_clear()
    assert files_in(bucket) == {str(number): b"%d" % number for number in range(6)}


def test_buckets_that_cannot_be_had_are_named(s3: Faulty, trained: Path) -> None:
    bucket = make("named", photos(1))
    for source, target, words in (
        ("s3://nobucket/in", "s3://named/out", "s3://nobucket/in: there is no such bucket"),
        ("s3://nobucket/*.png", "s3://named/out", "s3://nobucket: there is no such bucket"),
        ("s3://nobucket/list.csv", "s3://named/out", "s3://nobucket/list.csv: there is no such file"),
        (f"s3://{bucket}/none", "s3://named/out", "s3://named/none: no photos in it"),
        (f"s3://{bucket}/in", "s3://nobucket/out", "there is no such bucket"),
        (f"s3://{bucket}/in", f"s3://{bucket}/in", "its pictures would be written among its photos"),
    ):
        with pytest.raises(ImpastoError, match=re.escape(words)):
            impasto.batch(source, "mural", target, model=str(trained))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("When listing: AWS Error ACCESS_DENIED during ListObjectsV2", "access is denied; check the credentials"),
        ("AWS Error UNKNOWN (HTTP status 403) during HeadObject operation", "access is denied; check the credentials"),
        ("AWS Error INVALID_ACCESS_KEY_ID during PutObject", "the access key is unknown; check the credentials"),
    ],
)
def test_what_does_not_pass_is_not_tried_again(said: str, words: str) -> None:
    asked = []

    def ask() -> None:
        asked.append(said)
        raise OSError(said)

    with pytest.raises(ImpastoError, match=f"s3://a/b: {words}"):
        places._told("s3://a/b", ask)
    assert len(asked) == 1


def test_addresses_have_one_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert places.normal("a/../b") == str(tmp_path / "b")
    assert places.normal(f"file://{tmp_path}/b") == str(tmp_path / "b")
    assert places.normal("gs://bucket/a/") == "gs://bucket/a"
    for wrong in ("http://host/a", "s3:///a", "az://"):
        with pytest.raises(ImpastoError, match=re.escape(wrong)):
            places.normal(wrong)


def test_files_of_this_machine_are_written_whole_or_not_at_all(tmp_path: Path) -> None:
    address = str(tmp_path / "deep" / "a.png")
    places.write(address, b"content")
    assert places.read(address) == b"content"
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["a.png"]
    with pytest.raises(ImpastoError, match=r"a\.png/b: cannot be written"):
        places.write(f"{address}/b", b"content")
    with pytest.raises(ImpastoError, match="there is no such file"):
        places.read(str(tmp_path / "none"))
    assert places.look(str(tmp_path / "none")) is None
