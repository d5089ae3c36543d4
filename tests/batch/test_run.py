"""Each photo is painted once: what is missing, changed or was painted otherwise, and nothing else."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet

import impasto
from conftest import files_below
from impasto import ImpastoError
from impasto.batch import manifest, places
from impasto.batch.run import Summary
from impasto.batch.settings import BatchSettings
from impasto.batch.sources import photos_of
from impasto.batch.targets import Naming
from impasto.batch.todo import todo
from impasto.files import digest
from impasto.images.reading import read_photo

Run = Callable[..., tuple[int, int, int]]


@pytest.fixture
def run(trained: Path, album: Path, tmp_path: Path) -> Run:
    """Paint the album; the numbers of pictures that were painted, were there, and failed."""

    def run(source: object = album, style: str = "mural", **options: Any) -> tuple[int, int, int]:
        done = impasto.batch(source, style, tmp_path / "out", **{"model": str(trained), **options})
        return done.painted, done.there, done.failed

    return run


def record(folder: Path) -> dict[str, dict[str, Any]]:
    """Target -> the last row of the record."""
    return {row["target"]: row for row in manifest.Manifest(str(folder)).read().to_pylist()}


def test_pictures_are_those_of_single_calls_and_the_record_describes_them(
    run: Run, trained: Path, album: Path, tmp_path: Path
) -> None:
    assert run() == (6, 0, 0)
    out = tmp_path / "out"
    assert {*files_below(out)} == {"a.jpg", "b.png", "b.gif.png", "deep/c.jpg", "deep/er/d.jpeg", "deep/er/e.webp"}
    alone = impasto.load(trained)(album / "b.png", "mural")
    assert (read_photo(out / "b.png").array == read_photo(alone).array).all()
    row = record(out)["deep/c.jpg"]
    content = (out / "deep/c.jpg").read_bytes()
    assert (row["source"], row["status"], row["error"]) == ((album / "deep/c.jpg").as_posix(), "painted", "")
    assert (row["width"], row["height"], row["bytes"], row["sha256"]) == (75, 50, len(content), digest(content))
    assert re.fullmatch(r"/.*@[0-9a-f]{12}", row["model"])
    assert re.fullmatch(r"mural@[0-9a-f]{12}", row["style"])
    assert (row["settings"], row["source_size"]) == ("{}", (album / "deep/c.jpg").stat().st_size)


def test_only_what_is_missing_or_changed_is_painted_again(run: Run, album: Path, tmp_path: Path) -> None:
    run()
    assert run() == (0, 6, 0)
    (tmp_path / "out" / "a.jpg").unlink()
    assert run() == (1, 5, 0)
    with (tmp_path / "out" / "b.png").open("ab") as file:
        file.write(b"more")
    assert run() == (1, 5, 0)
    Image.new("RGB", (40, 30), "red").save(album / "deep/c.jpg")
    assert run() == (1, 5, 0)
    Image.new("RGB", (40, 30), "red").save(album / "new.jpg")
    assert run() == (1, 6, 0)
    assert run(overwrite=True) == (7, 0, 0)


@pytest.mark.parametrize("options", [{"style": "slot-2"}, {"strength": 0.5, "quality": 50}])
def test_other_settings_are_painted_in_the_place_of_the_first(run: Run, tmp_path: Path, options: Any) -> None:
    run()
    before = files_below(tmp_path / "out")
    assert run(**options) == (6, 0, 0)
    after = files_below(tmp_path / "out")
    assert {*after} == {*before}
    assert run(**options) == (0, 6, 0)
    assert run() == (6, 0, 0)
    assert files_below(tmp_path / "out") == before


def test_styles_in_files_count_by_what_is_in_them(
    run: Run, workshop: Any, with_predictor: Path, tmp_path: Path
) -> None:
    painting = tmp_path / "painting.png"
    painting.write_bytes((workshop.style_images / "mural.png").read_bytes())
    options = {"style": str(painting), "model": str(with_predictor)}
    assert run(**options) == (6, 0, 0)
    os.utime(painting, (0, 0))
    assert run(**options) == (0, 6, 0)
    painting.write_bytes((workshop.style_images / "glass.png").read_bytes())
    assert run(**options) == (6, 0, 0)


def test_verify_finds_what_has_its_size_and_is_damaged(run: Run, tmp_path: Path) -> None:
    run()
    picture = tmp_path / "out" / "deep/er/e.webp"
    content = picture.read_bytes()
    picture.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert run() == (0, 6, 0)
    assert run(verify=True) == (1, 5, 0)
    assert picture.read_bytes() == content


def test_a_bad_photo_is_a_row_and_is_tried_again(run: Run, trained: Path, album: Path, tmp_path: Path) -> None:
    (album / "a.jpg").write_bytes(b"no photo")
    done = impasto.batch(album, "mural", tmp_path / "out", model=str(trained))
    assert isinstance(done, Summary)
    assert (done.painted, done.failed) == (5, 1)
    assert done.failures[0].startswith(f"{album}/a.jpg: ")
    row = record(tmp_path / "out")["a.jpg"]
    assert (row["status"], row["sha256"]) == ("failed", "")
    assert "a.jpg" in row["error"]
    assert run() == (0, 5, 1)
    Image.new("RGB", (40, 30), "red").save(album / "a.jpg")
    assert run() == (1, 5, 0)
    assert record(tmp_path / "out")["a.jpg"]["status"] == "painted"


def test_a_list_says_how_each_photo_is_painted(run: Run, album: Path, tmp_path: Path) -> None:
    Image.linear_gradient("L").save(album / "mask.png")
    rows = [
        {"source": "a.jpg", "style": "slot-2"},
        {"source": "b.png", "style": None, "strength": 0.0},
        {"source": "deep/c.jpg", "size": 20, "target": "small.png"},
        {"source": "deep/er/d.jpeg", "region": f"{album}/mask.png=slot-2"},
        {"source": "deep/er/e.webp", "strength": 7.0},
        {"source": "b.gif", "style": "murl"},
    ]
    parquet.write_table(pa.Table.from_pylist([{"target": None, "size": None, "region": "", **row} for row in rows],
        pa.schema({"source": pa.string(), "style": pa.string(), "strength": pa.float64(), "size": pa.int64(),
                   "target": pa.string(), "region": pa.string()})), album / "list.parquet")  # fmt: skip
    assert run(album / "list.parquet") == (4, 0, 2)
    out = tmp_path / "out"
    assert {*files_below(out)} == {"a.jpg", "b.png", "small.png", "deep/er/d.jpeg"}
    assert (read_photo(out / "b.png").array == read_photo(album / "b.png").array).all()
    assert Image.open(out / "small.png").size == (20, 13)
    errors = {name: row["error"] for name, row in record(out).items() if row["status"] == "failed"}
    assert "e.webp: strength 7: must be between 0 and 1.5" in errors["deep/er/e.webp"]
    assert "no style 'murl': did you mean mural?" in errors["b.gif.png"]
    assert run(album / "list.parquet") == (0, 4, 2)
    rows[0]["style"] = "stained-glass"
    (album / "list.csv").write_text("source,style\na.jpg,stained-glass\nb.png,\n")
    assert run(album / "list.csv") == (2, 0, 0)


def test_numbers_in_lists_may_be_text(run: Run, album: Path, tmp_path: Path) -> None:
    (album / "list.csv").write_text("source,strength,keep_color,size\na.jpg,0.5,true,64\nb.png,much,,\ndeep/c.jpg,,,\n")
    assert run(album / "list.csv") == (2, 0, 1)
    rows = record(tmp_path / "out")
    assert rows["a.jpg"]["settings"] == '{"strength":0.5,"keep_color":true,"size":64}'
    assert "b.png: strength 'much': must be a number" in rows["b.png"]["error"]


def test_photos_that_are_listed_twice(run: Run, album: Path, tmp_path: Path) -> None:
    (album / "list.csv").write_text("source\na.jpg\na.jpg\nb.png\n")
    assert run(album / "list.csv") == (2, 0, 0)
    (album / "list.csv").write_text("source,style\na.jpg,mural\na.jpg,slot-2\n")
    with pytest.raises(ImpastoError, match=r"is listed twice, with two styles; give --name '{style}/{stem}'"):
        run(album / "list.csv")
    assert run(album / "list.csv", name="{style}/{stem}") == (2, 0, 0)
    model = [path.name for path in (tmp_path / "out").iterdir() if path.name.startswith("slot-2")]
    assert len(model) == 1
    (album / "list.csv").write_text("source,target\na.jpg,one.jpg\nb.png,one.jpg\n")
    with pytest.raises(ImpastoError, match=r"b.png: would become one.jpg, like .*; name them in a column 'target'"):
        run(album / "list.csv")


def test_names_that_differ_by_case_only_are_refused_where_they_would_be_one_file(album: Path) -> None:
    (album / "list.csv").write_text("source,target\na.jpg,One.jpg\nb.png,one.jpg\n")
    photos, settings = photos_of(str(album / "list.csv"), str(album)), BatchSettings(style="mural")
    done = manifest.schema().empty_table()
    with pytest.raises(ImpastoError, match=r"b.png: would become one.jpg, like .*a.jpg"):
        todo(photos, settings, Naming(folds=True), str(album / "out"), done, verify=False)
    for naming, target in ((Naming(folds=False), str(album / "out")), (Naming(folds=True), "s3://bucket/out")):
        assert todo(photos, settings, naming, target, done, verify=False).rows.num_rows == 2


def test_a_folder_on_windows_gets_names_that_it_takes(album: Path) -> None:
    (album / "list.csv").write_text("source\ns3://bucket/trip./aux.jpg\n")
    photos, settings = photos_of(str(album / "list.csv"), str(album)), BatchSettings(style="mural")
    done, naming = manifest.schema().empty_table(), Naming(name="{stem}", windows=True)
    for target, name in ((str(album / "out"), "trip%2E/%61ux.jpg"), ("s3://bucket/out", "trip./aux.jpg")):
        assert todo(photos, settings, naming, target, done, verify=False).rows["target"].to_pylist() == [name]


def test_no_picture_takes_a_photos_place(run: Run, album: Path, trained: Path) -> None:
    (album / "list.txt").write_text("a.jpg\n")
    before = (album / "a.jpg").read_bytes()
    with pytest.raises(ImpastoError, match=r"a.jpg: is a photo, which a picture would replace"):
        impasto.batch(album / "list.txt", "mural", album, model=str(trained))
    assert (album / "a.jpg").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"style": ""}, "no style is given"),
        ({"style": "murl"}, "did you mean mural?"),
        ({"strength": 2}, "strength 2: must be between 0 and 1.5"),
        ({"on": "spark"}, "no executor 'spark'"),
        ({"address": "auto"}, "add --on ray"),
        ({"region": "mask.png"}, "write MASK.png=STYLE"),
        ({"style": "/none/a.png"}, "/none/a.png: there is no such file"),
        ({"model": "/none"}, "there is no model.json"),
        ({"runtime": "nope"}, "no runtime 'nope'"),
        ({"precision": "x"}, "no precision 'x'"),
        ({"quality": 500}, "quality 500: must be between 1 and 100"),
        ({"max_megapixels": 0}, "max_megapixels 0: must be above 0"),
        ({"name": "{photo}"}, "only {stem} and {style} are replaced"),
    ],
)
def test_what_is_wrong_for_all_photos_is_said_once(run: Run, tmp_path: Path, options: Any, words: str) -> None:
    with pytest.raises(ImpastoError, match=re.escape(words)):
        run(**options)
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /dev/full")
def test_a_target_that_fills_up_ends_the_run_in_one_line(
    run: Run, album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> None:
        if path.suffix == ".jpg":
            with Path("/dev/full").open("wb", buffering=0) as file:
                file.write(content)
        path.write_bytes(content)

    monkeypatch.setattr(places, "write_file", full)
    with pytest.raises(ImpastoError, match=r"\.jpg: no space is left \(No space left on device\); free some"):
        run()
    assert sum(row["status"] == "failed" for row in record(tmp_path / "out").values()) >= 1
    monkeypatch.undo()
    painted, there, failed = run()
    assert (painted + there, failed) == (6, 0)


def test_the_record_is_made_one_file_and_its_damage_is_named(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "out" / "_manifest"
    monkeypatch.setattr(manifest, "_MOST", 1)
    run()
    rows = record(tmp_path / "out")
    assert len([*folder.glob("*.parquet")]) == 6
    run(overwrite=True)
    assert len([*folder.glob("*.parquet")]) == 12
    monkeypatch.setattr(manifest, "_PARTS", 12)
    assert run() == (0, 6, 0)
    (one,) = folder.glob("*.parquet")
    assert {name: row["sha256"] for name, row in record(tmp_path / "out").items()} == {
        name: row["sha256"] for name, row in rows.items()
    }
    assert parquet.read_table(one).num_rows == 6
    one.write_bytes(b"no parquet")
    with pytest.raises(ImpastoError, match=r"_manifest/000012-.*: is damaged \(.*\); delete it"):
        run()


def test_progress_counts_what_is_there(run: Run, album: Path) -> None:
    told: list[tuple[int, int, str]] = []
    (album / "a.jpg").write_bytes(b"no photo")
    run(progress=lambda *each: told.append(each))
    assert [done for done, _, _ in told] == [*range(7)]
    assert {total for _, total, _ in told} == {6}
    assert told[-1][2] == "1 failed"
    run(progress=lambda *each: told.append(each))
    assert told[-1] == (6, 6, "1 failed")
    assert told[-2] == (5, 6, "")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_driver_that_is_killed_is_gone_on_with(trained: Path, photo: Path, tmp_path: Path) -> None:
    for number in range(40):
        Image.effect_noise((64 + number, 48), 60).convert("RGB").save(tmp_path / f"{number:02}.png")
    command = [sys.executable, "-m", "impasto", "batch", f"{tmp_path}/*.png", "-s", "mural", "--model", str(trained)]
    out = tmp_path / "killed"
    for pictures in (1, 20):
        process = subprocess.Popen([*command, "-o", str(out)], stdout=subprocess.DEVNULL)
        while process.poll() is None and len([*out.glob("[!._]*")]) < pictures:
            time.sleep(0.002)
        process.kill()
        assert process.wait() == -signal.SIGKILL  # it was not done before
    again = impasto.batch(f"{tmp_path}/*.png", "mural", out, model=str(trained))
    assert (again.painted + again.there, again.failed) == (40, 0)
    impasto.batch(f"{tmp_path}/*.png", "mural", tmp_path / "undisturbed", model=str(trained))
    assert files_below(out) == files_below(tmp_path / "undisturbed")
