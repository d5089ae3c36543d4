"""A browser that keeps nothing for sites, as its user wants it."""

from __future__ import annotations

from pathlib import Path

from tests.browsing import keeping_nothing
from tests.server.page.conftest import WAIT, Serving, playwright_api

expect = playwright_api.expect


def test_the_page_works_where_it_may_keep_nothing(
    browser: playwright_api.Browser, service: Serving, film: Path, tmp_path: Path
) -> None:
    faults: list[str] = []
    with keeping_nothing(browser, tmp_path) as context:
        context.set_default_timeout(WAIT)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(service.address)
        page.locator(".card-style[data-id]").first.wait_for()
        assert page.evaluate("() => { try { return localStorage.length } catch { return 'refused' } }") == "refused"
        page.locator("[data-do=language]").click()
        expect(page.locator("html")).to_have_attribute("lang", "zh-Hant")
        page.locator("[data-do=dark]").click()
        assert page.evaluate("document.documentElement.dataset.look") in ("dark", "light")
        with page.expect_file_chooser() as chooser:
            page.locator("#open-film").click()
        chooser.value.set_files(film)
        page.locator("im-film [data-do=paint]").click()
        with page.expect_download() as download:
            page.locator("im-film [data-do=save]").click()
        assert Path(download.value.path()).stat().st_size > 1000
    assert faults == []
