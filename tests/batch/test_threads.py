"""Jobs are done, skipped or reported as failed; limits and progress are handed down."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

import impasto
from impasto.batch.jobs import Job
from impasto.batch.threads import work
from impasto.models.model import load_model
from impasto.runtime import load_runtime
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


def test_the_limit_of_pixels_goes_down_with_the_jobs(plan: Plan, photo: Path, tmp_path: Path) -> None:
    job = Job(photo, tmp_path / "a.png", plan)
    for most, status in ((75 * 50 - 1, "failed"), (75 * 50, "painted")):
        (report,) = work([job], workers=1, overwrite=True, max_pixels=most)
        assert report.status == status, report.error
    (report,) = work([job], workers=1, overwrite=True, max_pixels=1000)
    assert "claims more than 1,000 pixels; raise --max-megapixels" in report.error


def test_progress_goes_down_with_the_jobs(trained: Path, photo: Path, tmp_path: Path) -> None:
    model = load_model(trained)
    tiled = impasto.Stylizer(model, load_runtime("openvino", model), frozen=True)
    reports: list[int] = []
    jobs = [Job(photo, tmp_path / "a.png", tiled.plan("mural"))]
    list(work(jobs, workers=1, overwrite=True, progress=lambda done, *_: reports.append(done)))
    assert reports[:2] == [0, 1]
