"""Films on the page."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from tests.batch.test_film import pictures
from tests.film.films import make_film, moving, times_of
from tests.server.page.conftest import Serving, Visit, playwright_api
from tests.server.page.test_page_access import PHONE, faults_of, width_of

expect = playwright_api.expect


def _shown(visit: Visit, act: object) -> None:
    """Do something, and wait for the painted frame that it changes."""
    canvas = visit.page.locator("im-film canvas")
    before = int(canvas.get_attribute("data-shown") or 0)
    act()  # type: ignore[operator]
    expect(canvas).to_have_attribute("data-shown", re.compile(rf"^(?!{before}$)\d+$"))  # before the first there is none


def _open(visit: Visit, film: Path) -> None:
    _shown(visit, lambda: visit.choose(film, by="#open-film"))


def test_a_film_is_painted_in_key_frames_and_downloaded(visit: Visit, film: Path) -> None:
    page = visit.page
    _open(visit, film)
    page.get_by_role("slider", name="Time in the film").fill("0.8")
    page.get_by_role("button", name="Keyframe here").click()
    _shown(visit, page.locator("[data-id=starry-night] .pick").click)
    expect(page.locator(".keys button")).to_have_count(2)
    key = page.get_by_role("button", name="Keyframe at 0:00.8: The Starry Night")
    expect(key).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Keyframe at 0:00.0").click()
    page.locator("[data-id=scream] .pick").click()
    page.get_by_role("button", name="Paint the film").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the film").click()
    assert download.value.suggested_filename == "my film-painted.mp4"
    assert times_of(Path(download.value.path())) == times_of(film)
    expect(page.locator("video.result")).to_be_visible()


def test_a_connection_that_fails_for_a_moment_ends_no_film(visit: Visit, film: Path) -> None:
    failures = iter([True, True, True])
    visit.page.route("**/api/v1/jobs/*", lambda route: route.abort() if next(failures, False) else route.continue_())
    _open(visit, film)
    visit.page.get_by_role("button", name="Paint the film").click()
    expect(visit.page.get_by_role("button", name="Download the film")).to_be_visible()
    assert not next(failures, False)


@pytest.mark.slow
def test_the_command_paints_the_same_film(visit: Visit, film: Path, tmp_path: Path) -> None:
    page = visit.page
    _open(visit, film)
    page.locator("[data-id=scream] .pick").click()
    page.get_by_role("slider", name="Time in the film").fill("0.8")
    page.get_by_role("button", name="Keyframe here").click()
    page.locator("[data-id=starry-night] .pick").click()
    page.get_by_role("button", name="Paint the film").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the film").click()
    page.locator("im-film [data-do=command]").click()
    words = shlex.split(page.locator("dialog code").inner_text())
    assert words[:5] == ["impasto", "video", "my film.mp4", "-s", "0:scream, 0.8:starry-night"]
    words[-1] = str(tmp_path / words[-1])
    subprocess.run([sys.executable, "-m", *words], check=True, cwd=film.parent, capture_output=True)
    assert np.array_equal(pictures(Path(download.value.path())), pictures(tmp_path / "my film-painted.mp4"))


def test_where_films_cannot_be_painted_the_command_is_named(visit: Visit, film: Path) -> None:
    page = visit.page
    page.evaluate("""async () => {
      const { store } = await import("./js/app.js");
      store.set({ capabilities: { ...store.now.capabilities, film: false } });
    }""")
    _open(visit, film)
    expect(page.locator("im-film .elsewhere")).to_be_visible()
    expect(page.get_by_role("button", name="Paint the film")).to_be_hidden()
    page.locator("im-film [data-do=command]").click()
    expect(page.locator("dialog code")).to_have_text("impasto video 'my film.mp4' -s mural -o 'my film-painted.mp4'")


def test_a_film_is_cancelled_and_closed(visit: Visit, photo: Path, tmp_path: Path) -> None:
    page = visit.page
    visit.choose(photo)
    visit.painted()
    _open(visit, make_film(tmp_path / "long.mp4", moving(600, 240, 320)))
    page.get_by_role("button", name="Paint the film").click()
    expect(page.locator(".frames")).to_contain_text("of 600")
    expect(page.get_by_role("button", name="Close the film")).to_be_disabled()
    expect(page.locator(".timeline")).to_have_attribute("inert", "")
    page.locator("im-film [data-do=cancel]").click()
    expect(page.get_by_role("button", name="Paint the film")).to_be_visible()
    with httpx.Client(base_url=page.url) as client:
        job = client.get("api/v1/jobs").json()["jobs"][0]
        while job["state"] in ("queued", "running"):
            job = client.get(f"api/v1/jobs/{job['id']}").json()
    assert job["state"] == "cancelled"
    page.get_by_role("button", name="Close the film").click()
    expect(page.locator("im-stage")).to_be_visible()
    expect(page.locator("im-film")).to_be_hidden()


def test_key_frames_by_keyboard_alone(visit: Visit, film: Path) -> None:
    page = visit.page
    _open(visit, film)
    page.get_by_role("slider", name="Time in the film").press("End")
    page.get_by_role("button", name="Keyframe here").press("Enter")
    last = page.locator(".keys button").last
    for _ in range(3):
        last.press("ArrowLeft")
    expect(last).to_have_attribute("aria-label", "Keyframe at 0:00.7: Mural: flying apsaras, Yulin cave 25")
    expect(page.locator(".moment")).to_have_text("0:00.7 / 0:01.0")
    page.get_by_role("button", name="Remove this keyframe").press("Enter")
    expect(page.locator(".keys button")).to_have_count(1)


def test_what_is_no_film_is_named(visit: Visit, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no film")
    visit.choose(broken, by="#open-film")
    expect(visit.page.locator(".unplayed")).to_be_visible()
    visit.page.get_by_role("button", name="Paint the film").click()
    expect(visit.page.locator("im-toast")).to_contain_text("film: cannot be read as a film")


def test_a_film_that_is_too_large_is_named_before_it_is_sent(visit: Visit, service: Serving, tmp_path: Path) -> None:
    sent: list[str] = []
    visit.page.on("request", lambda request: sent.append(request.method))
    large = tmp_path / "large.mp4"
    large.touch()
    os.truncate(large, 1_000_000_001)
    visit.choose(large, by="#open-film")
    visit.page.get_by_role("button", name="Paint the film").click()
    expect(visit.page.locator("im-toast")).to_have_text("large.mp4: is larger than the 1000 MB that the service takes")
    assert "POST" not in sent


@pytest.mark.parametrize(("options", "scheme"), [({}, "light"), (PHONE, "dark")], ids=["desk", "phone"])
def test_films_are_for_everyone(
    browser: playwright_api.Browser, service: Serving, film: Path, options: dict[str, Any], scheme: str
) -> None:
    visit = Visit(browser, service.address, color_scheme=scheme, bypass_csp=True, reduced_motion="reduce", **options)
    _open(visit, film)
    assert faults_of(visit) == []
    assert width_of(visit) == options.get("viewport", {"width": 1280})["width"]
    visit.context.close()
