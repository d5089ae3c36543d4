"""WebGPU paints where it gives the processor's pictures, and nobody notices where it does not."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.web.conftest import Host, Tab, playwright_api, some_photo
from tests.web.test_pictures import MOST, painted

from impasto.stylize.stylizer import Stylizer

SCRIPT = "ort/ort.webgpu.bundle.min.mjs"
"""What stands in for ONNX Runtime's WebGPU: its WebAssembly, with a fault at the place that is named."""
STAND_IN = """
import * as ort from "./ort.wasm.bundle.min.mjs";
let lose;
export const env = { wasm: {}, webgpu: { device: { lost: new Promise((resolve) => (lose = resolve)) } } };
export const { Tensor } = ort;
let runs = 0;
const fault = async (results) => { FAULT };
export const InferenceSession = {
  async create(graph, options) {
    const session = await ort.InferenceSession.create(graph, { ...options, executionProviders: ["wasm"] });
    let last;
    return {
      async run(...given) {
        runs += 1;
        if (QUICK && last) return last;
        last = await session.run(...given);
        await fault(last);
        return last;
      },
      release: () => session.release(),
    };
  },
};
"""
COMPARED = 6
"""How many runs the comparison takes."""
QUICK = f"runs > {COMPARED + 3}"
"""When the last picture is given again, at once: where a second picture of the timed photo is painted."""
WRONG = "for (const at of results.picture?.data.keys() ?? []) results.picture.data[at] += at % 100 ? 0 : 0.01;"
NOT_A_NUMBER = "if (results.picture) results.picture.data[7] = NaN;"
FAILING = 'throw new Error("no such operator");'
LOST = f'if (runs > {COMPARED}) throw new Error("the device is lost");'
HANGING = f"if (runs > {COMPARED}) (lose({{}}), await new Promise(() => {{}}));"
ENDLESS = "if (runs > 1) await new Promise(() => {});"
SLOW = "await new Promise((done) => setTimeout(done, 1200));"
BLOCKED = 'caches.open = () => Promise.reject(new Error("storage is blocked"));'
ADAPTER = """
const info = { vendor: "test", architecture: "", device: "", description: "", isFallbackAdapter: SOFTWARE };
Object.defineProperty(navigator, "gpu", { value: { requestAdapter: async () => ({ info }) } });
"""
"""A graphics processor, wherever tests run."""


def answer(tab: Tab) -> str:
    """What is remembered of the graphics processor, once it is."""
    call = """async () => {
      for (;;) {
        const [answer] = await (await caches.open("backends")).matchAll();
        if (answer) return answer.text();
        await new Promise((done) => setTimeout(done, 50));
      }
    }"""
    return str(tab.page.evaluate(call))


def fetches(tab: Tab) -> bool:
    """Whether the page has fetched ONNX Runtime's WebGPU."""
    return any(SCRIPT in address or "webgpu.wasm" in address for address in tab.fetched)


@pytest.fixture
def visit(
    browser: playwright_api.Browser, site: Path, serve: Callable[..., Host], tmp_path: Path
) -> Iterator[Callable[..., Tab]]:
    """Opens a site whose WebGPU has a fault."""
    tabs: list[Tab] = []

    def start(fault: str, backend: str, *, software: bool = False, quick: str = "false", more: str = "") -> Tab:
        folder = shutil.copytree(site, tmp_path / "site")
        (folder / "impasto" / SCRIPT).write_text(STAND_IN.replace("FAULT", fault).replace("QUICK", quick))
        (folder / "example.html").write_text("<!doctype html>")  # it would load another stylizer
        script = folder / "impasto" / "runtime" / "webgpu.js"
        script.write_text(script.read_text() + ADAPTER.replace("SOFTWARE", str(software).lower()) + more)
        tabs.append(Tab(browser, serve(folder).address, backend))
        return tabs[-1]

    yield start
    for tab in tabs:
        assert tab.faults == []
        tab.context.close()


@pytest.mark.parametrize(
    "fault", [pytest.param(LOST, id="lost"), pytest.param(HANGING, id="hanging", marks=pytest.mark.slow)]
)
def test_what_paints_the_same_paints_until_it_fails(visit: Callable[..., Tab], stylizer: Stylizer, fault: str) -> None:
    tab, photo = visit(fault, "webgpu"), some_photo(40, 64)
    assert answer(tab) == "used"
    tab.page.wait_for_function("stylizer.backend === 'webgpu'")
    found = painted(tab, photo, "mural", {})
    assert tab.page.evaluate("stylizer.backend") == "wasm"
    assert np.abs(found[..., :3].astype(int) - stylizer(photo, "mural")).max() <= MOST


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(WRONG, id="wrong"),
        pytest.param(FAILING, id="failing", marks=pytest.mark.slow),
        pytest.param(NOT_A_NUMBER, id="not a number", marks=pytest.mark.slow),
    ],
)
def test_what_paints_something_else_is_not_used_and_not_tried_again(visit: Callable[..., Tab], fault: str) -> None:
    tab = visit(fault, "webgpu")
    assert answer(tab) == "unused"
    assert fetches(tab)
    tab.fetched.clear()
    load = "stylizer.constructor.load('model/', { backend: 'webgpu' })"
    tab.page.evaluate(f"{load}.then((other) => {{ window.stylizer = other; }})")
    assert painted(tab, some_photo(40, 64), "mural", {}).shape == (40, 64, 4)
    assert tab.page.evaluate("stylizer.backend") == "wasm"
    assert not fetches(tab)


def test_what_is_endless_holds_no_picture_up(visit: Callable[..., Tab]) -> None:
    tab = visit(ENDLESS, "auto")
    assert painted(tab, some_photo(40, 64), "mural", {}).shape == (40, 64, 4)
    assert answer(tab) == "unused"


@pytest.mark.slow
def test_it_paints_where_nothing_can_be_remembered(visit: Callable[..., Tab]) -> None:
    visit("", "webgpu", more=BLOCKED).page.wait_for_function("stylizer.backend === 'webgpu'")


@pytest.mark.slow
def test_what_is_slow_is_not_used(visit: Callable[..., Tab]) -> None:
    tab = visit(SLOW, "auto")
    assert answer(tab) == "unused"
    assert tab.page.evaluate("stylizer.backend") == "wasm"
    load = "stylizer.constructor.load('model/', { backend: 'webgpu' })"  # whatever time it takes
    tab.page.evaluate(f"{load}.then((other) => {{ window.stylizer = other; }})")
    tab.page.wait_for_function("stylizer.backend === 'webgpu'")


@pytest.mark.slow
def test_what_is_quick_is_used(visit: Callable[..., Tab]) -> None:
    tab = visit("", "auto", quick=QUICK)
    assert answer(tab) == "used"
    tab.page.wait_for_function("stylizer.backend === 'webgpu'")


@pytest.mark.parametrize(("backend", "software"), [pytest.param("wasm", False, marks=pytest.mark.slow), ("auto", True)])
def test_nothing_is_fetched_for_who_has_no_use_for_it(visit: Callable[..., Tab], backend: str, software: bool) -> None:
    tab = visit("", backend, software=software)
    painted(tab, some_photo(40, 64), "mural", {})
    assert not fetches(tab)


@pytest.mark.slow
def test_webgpu_itself_paints_the_same(
    browser: playwright_api.Browser, site: Path, serve: Callable[..., Host], stylizer: Stylizer
) -> None:
    tab, photo = Tab(browser, serve(site).address, "webgpu"), some_photo(40, 64)
    if not tab.page.evaluate("navigator.gpu?.requestAdapter().then(Boolean)"):
        pytest.skip("this browser has no WebGPU")
    assert answer(tab) == "used"
    tab.page.wait_for_function("stylizer.backend === 'webgpu'")
    found = painted(tab, photo, "mural", {})
    assert tab.page.evaluate("stylizer.backend") == "webgpu"
    assert np.abs(found[..., :3].astype(int) - stylizer(photo, "mural")).max() <= MOST
    tab.context.close()
