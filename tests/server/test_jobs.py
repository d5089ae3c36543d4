"""Jobs: one of each kind at a time, followed, cancelled, forgotten."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.server.conftest import finished, until

from impasto.errors import ImpastoError
from impasto.progress import Progress
from impasto.server import jobs as module
from impasto.server.jobs import JobAnswer, Jobs
from impasto.server.problems import RefusedError


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    monkeypatch.setattr(module, "_LOOKED", 0.001)
    made = Jobs()
    yield made
    made.close()


def _followed(jobs: Jobs, job: JobAnswer) -> list[JobAnswer]:
    async def states() -> list[JobAnswer]:
        return [state async for state in jobs.follow(job.id)]

    return finished(states())


def test_a_job_is_followed_to_its_end(jobs: Jobs) -> None:
    def work(progress: Progress) -> str:
        progress(1, 2, "half")
        return "/there"

    last = _followed(jobs, jobs.start("style", work))[-1]
    assert (last.kind, last.state, last.done, last.total, last.note) == ("style", "done", 1, 2, "half")
    assert last.result == "/there"
    assert jobs.get(last.id) == last


def test_nothing_is_heard_for_long(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SILENT", 0.0)
    release = threading.Event()

    async def heard_twice() -> bool:
        job = jobs.start("style", lambda progress: str(release.wait(60)))
        states: list[JobAnswer] = []
        async for state in jobs.follow(job.id):
            states.append(state)
            if states.count(state) > 2:
                release.set()
        return any(states.count(state) > 2 for state in states)

    assert finished(heard_twice())


@pytest.mark.parametrize(
    ("error", "said"),
    [(ImpastoError("painting: is damaged"), "painting: is damaged"), (ValueError("/secret"), "its log")],
)
def test_what_fails_is_said(jobs: Jobs, error: Exception, said: str) -> None:
    def work(progress: Progress) -> str:
        raise error

    last = _followed(jobs, jobs.start("style", work))[-1]
    assert last.state == "failed"
    assert said in last.error
    assert "secret" not in last.error


def _endless(progress: Progress) -> str:
    while True:
        progress(0, 0, "")
        time.sleep(0.01)


def test_a_job_waits_for_the_one_before_and_both_can_be_cancelled(jobs: Jobs) -> None:
    first, second = jobs.start("film", _endless), jobs.start("film", _endless)
    assert [each.id for each in jobs.listed()] == [second.id, first.id]
    until(lambda: jobs.get(first.id).state == "running")
    assert jobs.get(second.id).state == "queued"
    jobs.cancel(second.id)
    assert jobs.get(second.id).state == "cancelled"  # at once
    jobs.cancel(first.id)
    assert _followed(jobs, first)[-1].state == "cancelled"
    jobs.cancel(first.id)  # forgets it
    with pytest.raises(RefusedError, match="no job"):
        jobs.get(first.id)


def test_a_film_keeps_no_style_waiting_and_each_job_knows_its_place(jobs: Jobs) -> None:
    films = [jobs.start("film", _endless) for _ in range(3)]
    until(lambda: jobs.get(films[0].id).state == "running")
    assert _followed(jobs, jobs.start("style", lambda progress: "/there"))[-1].state == "done"
    assert [jobs.get(film.id).ahead for film in films] == [0, 1, 2]
    assert [each.ahead for each in jobs.listed()] == [0, 2, 1, 0]
    jobs.cancel(films[1].id)
    assert jobs.get(films[2].id).ahead == 1
    jobs.cancel(films[0].id)
    until(lambda: jobs.get(films[2].id).state == "running")
    assert jobs.get(films[2].id).ahead == 0
    jobs.cancel(films[2].id)


def test_who_follows_a_job_hears_no_more_once_it_is_forgotten(jobs: Jobs) -> None:
    """It is forgotten while the follower is about to look."""
    job = jobs.start("style", lambda progress: "")
    until(lambda: jobs.get(job.id).ended)
    with ThreadPoolExecutor(1) as pool:
        with jobs._lock:
            followed = pool.submit(_followed, jobs, job)
            time.sleep(0.3)  # until it waits for the lock
            jobs.forget(job.id)
        assert followed.result() == []


def test_nobody_waits_until_files_are_removed(jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(module.shutil, "rmtree", lambda *_, **__: release.wait(60))
    job = jobs.start("film", lambda progress: "", folder=tmp_path)
    until(lambda: jobs.get(job.id).ended)
    with ThreadPoolExecutor(1) as pool:
        forgotten = pool.submit(jobs.forget, job.id)
        try:
            forgotten.result(timeout=20)
        finally:
            release.set()


def test_a_job_whose_files_nobody_fetched_is_remembered(jobs: Jobs, tmp_path: Path) -> None:
    film = jobs.start("film", lambda progress: "/there", folder=tmp_path)
    for _ in range(module._REMEMBERED + 2):
        _followed(jobs, jobs.start("style", lambda progress: ""))
    assert jobs.folder(film.id) == tmp_path
    jobs.fetched(film.id)
    _followed(jobs, jobs.start("style", lambda progress: ""))
    with pytest.raises(RefusedError, match="no job"):
        jobs.get(film.id)


def test_jobs_are_bounded(jobs: Jobs) -> None:
    release = threading.Event()

    def work(progress: Progress) -> str:
        return str(release.wait(60))

    jobs.start("style", work)
    until(lambda: jobs.listed()[-1].state == "running")
    for _ in range(module._WAITING):
        jobs.start("style", work)
    with pytest.raises(RefusedError, match="jobs wait already"):
        jobs.start("style", work)
    release.set()
    assert _followed(jobs, jobs.listed()[0])[-1].state == "done"
    for _ in range(module._REMEMBERED + 10):
        _followed(jobs, jobs.start("style", lambda progress: ""))
    assert len(jobs.listed()) <= module._REMEMBERED + 1
