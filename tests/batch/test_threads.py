"""Jobs are done, skipped or reported as failed; limits and progress are handed down."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from PIL import Image

import impasto
from impasto import ImpastoError
from impasto.batch import places
from impasto.batch.jobs import Job
from impasto.batch.targets import STREAM
from impasto.batch.threads import work
from impasto.images.photo import DeepImage
from impasto.images.reading import read_photo
from impasto.images.writing import encode
from impasto.models.model import load_model
from impasto.progress import Progress
from impasto.runtime import load_runtime
from impasto.stylize.controls import Controls
from impasto.stylize.stylizer import Plan


@pytest.fixture(scope="module")
def plan(trained: Path) -> Plan:
    return impasto.load(trained).plan("mural")


def test_every_job_is_reported(plan: Plan, photo: Path, tmp_path: Path) -> None:
    there = tmp_path / "there.png"
    there.touch()
    sources = {photo: tmp_path / "deep" / "a.png", tmp_path / "none.jpg": tmp_path / "b.png", Path("any"): there}
    jobs = [Job(source, target, plan) for source, target in sources.items()]
    reports = {report.photo: report for report in work(jobs, workers=2, overwrite=False)}
    assert {source: report.status for source, report in reports.items()} == {
        str(photo): "painted", str(tmp_path / "none.jpg"): "failed", "any": "skipped"
    }  # fmt: skip
    with Image.open(tmp_path / "deep" / "a.png") as picture:
        painted = reports[str(photo)]
        assert picture.size == (painted.width, painted.height) == (75, 50)
    assert "no such file" in reports[str(tmp_path / "none.jpg")].error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ImpastoError("photo.jpg: is damaged"), "photo.jpg: is damaged"),
        (KeyError("a tag"), "photo.jpg: cannot be painted (KeyError: 'a tag')"),
        (RuntimeError("two\nlines"), "photo.jpg: cannot be painted (RuntimeError: two lines)"),
        (ZeroDivisionError(), "photo.jpg: cannot be painted (ZeroDivisionError)"),
        (MemoryError(), "photo.jpg: there is not enough memory; give a smaller --size"),
        (RecursionError("\udce9"), "photo.jpg: cannot be painted (RecursionError: \\xe9)"),
    ],
)
def test_no_exception_of_one_picture_stops_the_others(
    plan: Plan, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    monkeypatch.chdir(photo.parent)
    failing, written = tmp_path / "a.png", places.write

    def write(path: str, content: bytes) -> None:
        if path == str(failing):
            raise error
        written(path, content)

    monkeypatch.setattr(places, "write", write)
    jobs = [Job(Path(photo.name), target, plan) for target in (failing, tmp_path / "b.png")]
    first, second = work(jobs, workers=1, overwrite=False)
    assert (first.status, first.error) == ("failed", words)
    assert second.status == "painted"


def test_names_that_are_no_utf8_are_reported_as_text(plan: Plan, tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.jpg")
    (report,) = work([Job(tmp_path / name, tmp_path / "a.png", plan)], workers=1, overwrite=False)
    assert Path(report.photo).name == "caf\\xe9.jpg"
    assert "caf\\xe9.jpg: there is no such file" in report.error
    assert json.loads(msgspec.json.encode(report))["photo"] == report.photo


def test_closing_drops_what_is_not_begun_and_ends_what_is(plan: Plan, photo: Path, tmp_path: Path) -> None:
    class Endless:
        """Paints tile after tile."""

        model = "endless"

        def paint(self, photo: object, progress: Progress) -> None:
            while True:
                progress(0, 1, "")

    jobs = [Job(photo, tmp_path / "a.png", plan), *(Job(photo, tmp_path / "b.png", Endless()) for _ in range(9))]
    reports = work(jobs, workers=1, overwrite=False)
    assert next(reports).status == "painted"
    reports.close()  # hangs where nothing ends the painting
    assert [path.name for path in tmp_path.glob("*.png")] == ["a.png"]


@pytest.mark.parametrize("ending", ["jpg", "webp", "png", "tiff"])
def test_the_quality_makes_files_smaller_where_there_is_one(
    plan: Plan, photo: Path, tmp_path: Path, ending: str
) -> None:
    sizes = {}
    for quality in (None, 100, 20):
        target = tmp_path / f"{quality}.{ending}"
        (report,) = work([Job(photo, target, plan, quality=quality)], workers=1, overwrite=False)
        assert report.status == "painted", report.error
        sizes[quality] = target.stat().st_size
    if ending in ("jpg", "webp"):
        assert sizes[20] < 0.6 * sizes[None] < sizes[100]
    else:
        assert len({*sizes.values()}) == 1


def test_the_limit_of_pixels_goes_down_with_the_jobs(plan: Plan, photo: Path, tmp_path: Path) -> None:
    job = Job(photo, tmp_path / "a.png", plan)
    for most, status in ((75 * 50 - 1, "failed"), (75 * 50, "painted")):
        (report,) = work([job], workers=1, overwrite=True, max_pixels=most)
        assert report.status == status, report.error
    (report,) = work([job], workers=1, overwrite=True, max_pixels=1000)
    assert "claims more than 0.001 megapixels; raise --max-megapixels" in report.error


def test_progress_goes_down_with_the_jobs(trained: Path, photo: Path, tmp_path: Path) -> None:
    model = load_model(trained)
    tiled = impasto.Stylizer(model, load_runtime("openvino", model), frozen=True)
    reports: list[int] = []
    jobs = [Job(photo, tmp_path / "a.png", tiled.plan("mural"))]
    list(work(jobs, workers=1, overwrite=True, progress=lambda done, *_: reports.append(done)))
    assert reports[:2] == [0, 1]


def deep_photo(path: Path, *, alpha: bool = False) -> Path:
    """A smooth PNG file of 16 bits a channel."""
    ramp = np.linspace(8_000, 60_000, 75 * 50).reshape(50, 75)
    array = np.dstack([ramp, ramp[::-1], ramp[:, ::-1], *([np.full_like(ramp, 0x8080)] if alpha else [])])
    path.write_bytes(encode(DeepImage(np.rint(array).astype(np.uint16), {}), "PNG"))
    return path


CALLS = ({}, {"strength": 0.6}, {"strength": 1.4}, {"detail": 0.5}, {"keep_color": True}, {"stroke": 2}, {"size": 111})


@pytest.mark.parametrize("controls", CALLS)
@pytest.mark.parametrize("frozen", [False, True])
def test_a_photo_of_16_bits_becomes_the_same_picture_in_16(
    trained: Path, tmp_path: Path, controls: dict[str, Any], frozen: bool
) -> None:
    model = load_model(trained)
    plan = impasto.Stylizer(model, load_runtime("openvino", model), frozen=frozen).plan("mural", Controls(**controls))
    photo = read_photo(deep_photo(tmp_path / "deep.png"))
    assert photo.origin.deep
    deep, plain = plan.paint_deep(photo, max_megapixels=1), np.asarray(plan.paint(photo))
    assert deep.array.dtype == np.uint16
    difference = np.abs(deep.array / 257 - plain)  # 8 bits are rounded at every step
    assert difference.mean() < 0.9
    assert difference.max() < 9
    assert len(np.unique(deep.array)) > 2 * len(np.unique(plain))


@pytest.mark.parametrize(
    ("source", "ending", "bits"),
    [("deep", "png", 16), ("deep", "tif", 16), ("deep", "jpg", 8), ("deep", "webp", 8), ("plain", "png", 8)],
)
def test_pictures_have_16_bits_if_photo_and_file_have(
    plan: Plan, tmp_path: Path, source: str, ending: str, bits: int
) -> None:
    photo = deep_photo(tmp_path / "deep.png", alpha=ending != "jpg")
    Image.open(photo).save(tmp_path / "plain.png")
    (report,) = work(
        [Job(tmp_path / f"{source}.png", out := tmp_path / f"a.{ending}", plan)], workers=1, overwrite=True
    )
    assert (report.status, report.width, report.height) == ("painted", 75, 50), report.error
    written = read_photo(out).origin
    assert written.deep is (bits == 16)
    assert written.alpha is None or (written.alpha == 0x80).all()


def test_a_photo_of_16_bits_goes_through_standard_output(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", stream)
    (report,) = work([Job(deep_photo(tmp_path / "deep.png"), STREAM, plan)], workers=1, overwrite=True)
    assert report.status == "painted", report.error
    stream.buffer.seek(0)
    assert read_photo(io.BytesIO(stream.buffer.read())).origin.deep
