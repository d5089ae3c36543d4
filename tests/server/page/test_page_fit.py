"""A style that is made better, to its end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.server.page.conftest import Serving, Visit, playwright_api

from impasto.styles.style import Style

pytestmark = pytest.mark.slow
expect = playwright_api.expect

QUICK = """
import functools
import impasto.fitting.apart as apart
apart.add_style_apart = functools.partial(apart.add_style_apart, minutes=0.05)
from impasto.cli.main import run
run()
"""
"""The command, with fits that end after a few steps."""


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Serving]:
    serving = Serving(tmp_path, ("-c", QUICK))
    yield serving
    serving.kill()


def test_a_better_style_takes_the_place_of_the_predicted_one(
    browser: playwright_api.Browser, quick: Serving, photo: Path, painting: Path
) -> None:
    visit = Visit(browser, quick.address)
    page = visit.page
    visit.choose(photo)
    before = visit.painted()
    visit.choose(painting, by=".adder .pick")
    visit.painted(before + 1)
    expect(page.locator(".card-style.new")).to_have_class(re.compile("on"))
    predicted = visit.shown()
    page.locator(".single").get_by_role("button", name="Keep").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download style file").click()
    page.get_by_role("button", name="Make it better").click()
    expect(page.locator("dialog .training")).to_contain_text("Making it better")
    expect(page.locator("im-toast")).to_contain_text("is ready", timeout=180_000)
    expect(page.locator(".training")).to_have_count(0)
    expect(page.locator(".card-style.new")).to_have_count(0)
    own = page.locator(".card-style.own")
    expect(own).to_have_class(re.compile("on"))
    expect(own.locator(".name")).to_have_text("Blue Café")
    visit.painted(before + 2)
    assert visit.shown() != predicted
    slug = own.get_attribute("data-id")
    file = httpx.get(f"{quick.address}api/v1/styles/{slug}.safetensors").content
    assert Style.decode(file, "fitted").row.tobytes() != Style.load(Path(download.value.path())).row.tobytes()
    assert visit.faults == []
    visit.context.close()
