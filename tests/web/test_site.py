"""The page of an exported folder: from any host, without a network, and in a new version."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from PIL import Image
from tests.browsing import keeping_nothing
from tests.web.conftest import ISOLATION, WAIT, Host, playwright_api, some_photo, until

from impasto.models.model import load_model
from impasto.models.site import list_files

CARDS = ".card-style[data-id]"


@pytest.fixture
def page(browser: playwright_api.Browser) -> playwright_api.Page:
    context = browser.new_context(locale="en-US")
    context.set_default_timeout(120_000)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photo") / "mine.png"
    Image.fromarray(some_photo(48, 64)).save(path)
    return path


def paint(page: playwright_api.Page, photo: Path, folder: Path) -> Path:
    """Open a photo on the page, and download its picture."""
    with page.expect_file_chooser() as chooser:
        page.locator("[data-do=choose]").click()
    chooser.value.set_files(photo)
    page.locator("im-stage:not(.painting)[data-order]").wait_for()
    with page.expect_download() as download:
        page.locator("[data-do=download]").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def kept(page: playwright_api.Page) -> None:
    """Wait until the service worker keeps the page and answers for it."""
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    page.locator(CARDS).first.wait_for()


def transferred(host: Host, site: Path) -> int:
    """Bytes of a first visit, but for what is fetched seconds later; hosts compress what is not yet compressed.

    What is sent twice counts twice.
    """
    later = {file["path"] for file in msgspec.json.decode((site / "files.json").read_bytes())["later"]}
    sent = [(path.partition("?")[0].lstrip("/"), content) for path, content in host.sent]
    assert not [path for path, _ in sent if "ort.webgpu" in path or "webgpu.wasm" in path]
    return sum(len(gzip.compress(content)) for path, content in sent if path not in later)


def test_the_page_paints_from_a_plain_host_and_then_without_one(
    page: playwright_api.Page, site: Path, serve: Callable[..., Host], photo: Path, tmp_path: Path
) -> None:
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    host = serve(site)
    page.goto(host.address)
    page.locator(CARDS).first.wait_for()
    assert page.locator(CARDS).count() == len(load_model("fast").styles) - 1
    page.wait_for_function("crossOriginIsolated")  # its service worker sends the headers
    kept(page)
    assert transferred(host, site) <= 6_000_000
    host.stop()
    page.context.set_offline(True)
    page.reload()
    page.locator(CARDS).first.wait_for()
    picture = paint(page, photo, tmp_path)
    # Its WebAssembly comes from what is kept, where browsers keep what they compiled with it.
    assert page.evaluate(
        "caches.match('model/onnxruntime.wasm').then(({ headers }) => headers.get('Content-Type'))"
    ) == ("application/wasm")
    assert page.evaluate("caches.match('model/onnxruntime.wasm.bin').then(Boolean)") is False
    assert picture.name == "mine-mural.png"
    assert Image.open(picture).size == (64, 48)
    assert faults == []


def test_a_host_that_sends_the_headers(page: playwright_api.Page, site: Path, serve: Callable[..., Host]) -> None:
    page.goto(serve(site, ISOLATION).address)
    page.locator(CARDS).first.wait_for()
    assert page.evaluate("crossOriginIsolated")
    kept(page)
    assert page.evaluate("sessionStorage.length") == 0  # it was not loaded anew


@pytest.mark.slow
def test_a_new_version_takes_the_place_of_the_old_one(
    page: playwright_api.Page, site: Path, serve: Callable[..., Host], tmp_path: Path
) -> None:
    folder = shutil.copytree(site, tmp_path / "site")
    address = serve(folder, ISOLATION).address
    page.goto(address)
    kept(page)
    first = page.evaluate("caches.keys()")
    words = (
        (folder / "index.html").read_text().replace("<title>impasto</title>", "<title>impasto</title><meta name=new>")
    )
    (folder / "index.html").write_text(words)
    shutil.copy(Path(__file__).parents[2] / "src" / "impasto" / "web" / "service-worker.js", folder)
    list_files(folder)
    page.evaluate("navigator.serviceWorker.ready.then((registration) => registration.update())")
    until(page, "navigator.serviceWorker.ready.then(({ waiting }) => Boolean(waiting))")
    page.reload()
    page.locator(CARDS).first.wait_for()
    assert page.locator("meta[name=new]").count() == 0  # whole versions: the old one stays while a page uses it
    page.goto("about:blank")
    page.wait_for_timeout(200)
    page.goto(address)
    page.locator("meta[name=new]").wait_for(state="attached")
    until(page, "caches.keys().then((names) => names.filter((name) => name.startsWith('impasto ')).length === 1)")
    assert page.evaluate("caches.keys()") != first


@pytest.mark.slow
def test_the_page_paints_where_the_browser_may_keep_nothing(
    browser: playwright_api.Browser, site: Path, serve: Callable[..., Host], photo: Path, tmp_path: Path
) -> None:
    (profile := tmp_path / "profile").mkdir()
    with keeping_nothing(browser, profile) as context:
        page = context.new_page()
        page.set_default_timeout(WAIT)
        page.goto(serve(site).address)
        assert Image.open(paint(page, photo, tmp_path)).size == (64, 48)


@pytest.mark.slow
def test_a_style_is_kept_by_the_browser_and_training_is_not_for_it(
    page: playwright_api.Page, site: Path, serve: Callable[..., Host]
) -> None:
    page.goto(serve(site, ISOLATION).address)
    page.locator(CARDS).first.wait_for()
    keep = """async () => {
      const { LocalEngine } = await import("./js/engine/local.js");
      const engine = new LocalEngine((path) => new URL(path, document.baseURI));
      const canvas = new OffscreenCanvas(200, 150);
      const context = canvas.getContext("2d");
      for (const [at, color] of ["red", "gold", "navy"].entries()) {
        context.fillStyle = color;
        context.fillRect(66 * at, 0, 66, 150);
      }
      const style = await engine.keep(await engine.predict(await canvas.convertToBlob(), "Mine"), "Mine");
      const found = (await engine.styles()).filter(({ kind }) => kind === "own").map(({ slug, name }) => [slug, name]);
      const renamed = await engine.rename(style, "Other");
      const why = await engine.fit(null, "Mine", {}).catch(({ message }) => message);
      await engine.remove(renamed);
      return [found, renamed.slug, why, (await engine.styles()).filter(({ kind }) => kind === "own").length];
    }"""
    found, renamed, why, left = page.evaluate(keep)
    assert found == [["mine", "Mine"]]
    assert (renamed, left) == ("other", 0)
    assert "impasto add-style PAINTING --name mine" in why


@pytest.mark.slow
def test_all_that_the_processor_does_is_done_without_a_network(
    page: playwright_api.Page, site: Path, serve: Callable[..., Host]
) -> None:
    host = serve(site, ISOLATION)
    page.goto(host.address)
    kept(page)
    listed = msgspec.json.decode((site / "files.json").read_bytes())
    assert {Path(file["path"]).name for file in listed["later"]} >= {"regions.onnx.bin", "predictor.safetensors.bin"}
    paths = [file["path"].replace(".wasm.bin", ".wasm") for file in listed["first"] + listed["later"]]
    until(
        page, "(paths) => Promise.all(paths.map((path) => caches.match(path))).then((all) => all.every(Boolean))", paths
    )
    host.stop()
    call = """async () => {
      const { Stylizer } = await import("./impasto/stylizer.js");
      const stylizer = await Stylizer.load("model/", { backend: "webgpu" });
      const painting = await (await fetch("examples/panda.jpg")).blob();
      const style = await stylizer.predict(painting);
      const regions = [{ mask: painting, style: "kiss" }];
      return (await stylizer.paint(painting, style, {}, { size: 64, regions })).width;
    }"""
    assert page.evaluate(call) == 64
