"""Connections that are lost and come back, and files of two versions: the page goes on without being loaded anew."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.web.conftest import ISOLATION, Host, Tab, playwright_api
from tests.web.test_site import CARDS, kept

from impasto.assets import web
from impasto.models.browser import integrity
from impasto.models.site import list_files

LOST = "is there a connection?"


@pytest.mark.parametrize(
    "lost",
    [
        "/model/network",
        *(pytest.param(each, marks=pytest.mark.slow) for each in ("/model/manifest", "/impasto/worker.js")),
    ],
)
def test_a_page_begins_once_there_is_a_connection(
    browser: playwright_api.Browser, site: Path, serve: Callable[..., Host], lost: str
) -> None:
    host = serve(site, ISOLATION)
    context = browser.new_context(locale="en-US", service_workers="block")
    page = context.new_page()
    host.lost = lost
    page.goto(host.address)
    page.get_by_text("The connection was lost").wait_for()
    host.lost = ""
    page.locator(CARDS).first.wait_for()
    context.close()


def test_what_failed_without_a_connection_works_with_one(
    browser: playwright_api.Browser, site: Path, serve: Callable[..., Host]
) -> None:
    host = serve(site)
    tab = Tab(browser, host.address)
    painting = """() => {
      const area = { mask: new ImageData(new Uint8ClampedArray(32 * 32 * 4).fill(255), 32, 32), style: "kiss" };
      const painted = stylizer.paint(new ImageData(32, 32), "mural", {}, { regions: [area] });
      return painted.then(({ width }) => width, ({ name, message }) => `${name}: ${message}`);
    }"""
    host.lost = "/model/regions"
    said = tab.page.evaluate(painting)
    assert said.startswith("NetworkError")
    assert LOST in said
    host.lost = ""
    assert tab.page.evaluate(painting) == 32
    tab.context.close()


def test_files_that_a_browser_has_of_an_older_version_are_loaded_anew(
    browser: playwright_api.Browser, site: Path, serve: Callable[..., Host], tmp_path: Path
) -> None:
    folder = shutil.copytree(site, tmp_path / "site")
    tab = Tab(browser, serve(folder, {"Cache-Control": "max-age=3600"}).address)
    rows, manifest = folder / "model" / "styles.bin", folder / "model" / "manifest.json"
    rows.write_bytes(gzip.compress(gzip.decompress(rows.read_bytes()), 1))  # the same rows in another file
    new = json.loads(manifest.read_text())
    new["files"]["styles"]["sha256"] = integrity(rows.read_bytes())
    manifest.write_text(json.dumps(new))
    tab.page.evaluate("fetch('model/manifest.json', { cache: 'reload' }).then((answer) => answer.text())")
    load = "stylizer.constructor.load('model/').then(({ styles }) => styles.length, ({ message }) => message)"
    assert tab.page.evaluate(load) == len(new["styles"])
    tab.context.close()


@pytest.mark.slow
def test_two_sites_of_one_host_leave_each_other_alone(
    browser: playwright_api.Browser, site: Path, serve: Callable[..., Host], tmp_path: Path
) -> None:
    for name in ("one", "two"):
        folder = shutil.copytree(site, tmp_path / name)
        (folder / "examples" / "panda.jpg").write_text(name)  # two versions
        shutil.copy(web() / "service-worker.js", folder)
        list_files(folder)
    host, context = serve(tmp_path, ISOLATION), browser.new_context()
    page = context.new_page()
    for name in ("one", "two"):
        page.goto(f"{host.address}{name}/")
        kept(page)
    assert sum(name.startswith("impasto ") for name in page.evaluate("caches.keys()")) == 2
    host.stop()
    for name in ("one", "two"):
        page.goto(f"{host.address}{name}/")
        page.locator(CARDS).first.wait_for()
    context.close()


@pytest.mark.slow
def test_an_ipad_has_one_thread(browser: playwright_api.Browser, site: Path, serve: Callable[..., Host]) -> None:
    name = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Safari/605.1.15"
    tab = Tab(browser, serve(site, ISOLATION).address, user_agent=name)
    call = """async () => {
      Object.defineProperty(navigator, "maxTouchPoints", { value: 5 }); // pages know of it, workers do not
      const { threads } = await stylizer.constructor.load("model/");
      return [crossOriginIsolated, threads];
    }"""
    assert tab.page.evaluate(call) == [True, 1]
    tab.context.close()
