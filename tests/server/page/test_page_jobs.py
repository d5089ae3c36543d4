"""Films that outlive the page: it is loaded anew, closed, or open twice."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from tests.film.films import make_film, moving
from tests.server.page.conftest import Serving, Visit, playwright_api

expect = playwright_api.expect


@pytest.fixture(scope="module")
def long_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film that takes minutes to paint."""
    return make_film(tmp_path_factory.mktemp("film") / "long.mp4", moving(600, 240, 320))


def _paint(visit: Visit, film: Path) -> None:
    visit.choose(film, by="#open-film")
    visit.page.get_by_role("button", name="Paint the film").click()


def _ended(service: Serving, job: str) -> str:
    """The state in which a job ends."""
    with httpx.Client(base_url=service.address) as client:
        state = "running"
        while state in ("queued", "running"):
            state = client.get(f"api/v1/jobs/{job}").json()["state"]
    return state


def test_a_film_is_found_again_and_stays_until_it_is_downloaded(visit: Visit, film: Path) -> None:
    page = visit.page
    _paint(visit, film)
    page.wait_for_function("localStorage.getItem('impasto.jobs')?.includes('my film.mp4')")
    page.reload()
    expect(page.locator("video.result")).to_be_visible()
    page.reload()  # it was fetched, but nobody has it
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the film").click()
    assert download.value.suggested_filename == "my film-painted.mp4"
    assert Path(download.value.path()).stat().st_size > 1000
    page.reload()
    expect(page.locator("im-start")).to_be_visible()
    assert page.locator("im-film").is_hidden()
    assert page.evaluate("localStorage.getItem('impasto.jobs')") == "[]"


def test_one_of_two_pages_has_a_film_and_the_other_takes_it_up_when_that_is_closed(
    visit: Visit, service: Serving, long_film: Path
) -> None:
    first = visit.page
    _paint(visit, long_film)
    expect(first.locator(".frames")).to_contain_text("of 600")
    second = visit.context.new_page()
    second.goto(service.address)
    expect(second.locator("im-start")).to_be_visible()
    second.wait_for_timeout(1500)  # so long it would wait for a page that is closed just now
    assert second.locator("im-film").is_hidden()
    first.close()
    second.reload()
    expect(second.locator(".frames")).to_contain_text("of 600")
    expect(second.locator("im-film .name")).to_have_text("long.mp4")
    (job,) = second.evaluate("JSON.parse(localStorage.getItem('impasto.jobs')).map(({ id }) => id)")
    second.locator("im-film [data-do=cancel]").click()
    expect(second.locator("im-start")).to_be_visible()
    assert _ended(service, job) == "cancelled"


def test_a_film_that_waits_says_for_how_many(visit: Visit, service: Serving, long_film: Path, film: Path) -> None:
    with httpx.Client(base_url=f"{service.address}api/v1/") as client:
        files = {"film": long_film.read_bytes()}
        job = client.post("films", files=files, data={"style": "mural"}).raise_for_status().json()["id"]
        _paint(visit, film)
        expect(visit.page.locator(".frames")).to_have_text("Waiting. Films before it: 1")
        client.delete(f"jobs/{job}")
    expect(visit.page.get_by_role("button", name="Download the film")).to_be_visible()
    expect(visit.page.locator("im-styles")).to_have_attribute("inert", "")  # a touch on a style would undo the film
    visit.page.evaluate(
        "async () => (await import('./js/app.js')).store.set({ fitting: { name: 'Blue', done: 1, total: 2 } })"
    )
    cancel = visit.page.locator("im-training button")
    cancel.focus()
    expect(cancel).to_be_focused()  # a fit can be cancelled all the same
    cancel.click()
    visit.page.get_by_role("button", name="Change something").click()  # so the service need not keep it
    expect(visit.page.locator("im-toast")).to_contain_text("The film was not downloaded.")
    with visit.page.expect_download() as download:
        visit.page.locator("im-toast button").click()
    assert download.value.suggested_filename == "my film-painted.mp4"
    assert not visit.page.locator("im-styles").evaluate("styles => styles.inert")
    assert _ended(service, job) == "cancelled"


def test_what_the_service_has_lost_is_said_once(visit: Visit) -> None:
    page = visit.page
    page.evaluate("""localStorage.setItem("impasto.jobs", '[{"id": "none", "kind": "film", "name": "old.mp4"}]')""")
    page.reload()
    expect(page.locator("im-toast")).to_contain_text("old.mp4: the service does not have it any more")
    expect(page.locator("im-start")).to_be_visible()
    assert page.evaluate("localStorage.getItem('impasto.jobs')") == "[]"


@pytest.mark.slow
def test_a_full_queue_is_said_at_once_though_the_film_is_large(
    visit: Visit, service: Serving, film: Path, long_film: Path, tmp_path: Path
) -> None:
    large = tmp_path / "large.mp4"
    large.write_bytes(film.read_bytes() + bytes(50_000_000))
    with httpx.Client(base_url=f"{service.address}api/v1/") as client:
        files = {"film": long_film.read_bytes()}
        jobs = []
        while (answer := client.post("films", files=files, data={"style": "mural"})).status_code == 202:
            jobs.append(answer.json()["id"])
        _paint(visit, large)
        expect(visit.page.locator("im-toast")).to_contain_text("8 jobs wait already")
        for job in reversed(jobs):
            client.delete(f"jobs/{job}")
    assert _ended(service, jobs[0]) == "cancelled"
