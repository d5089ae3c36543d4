"""What the browser takes: an exported folder in Chromium, against OpenVINO in float32 in the same run.

python benchmarks/web.py --json benchmarks/results/web.json
"""

from __future__ import annotations

import functools
import gzip
import http.server
import json
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

import impasto
from impasto.assets import examples
from impasto.models.model import load_model
from impasto.models.site import write_site
from report import benchmark_options, interleaved, median, table, write

_ISOLATION = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}
_SIDE = 512
_LARGE = (4000, 3000)
_EMPTY = "empty.html"
_VISITS = 3
"""How often the page is opened, by a new browser each time, for its caches to be warm."""
_COMPILED = 4000
"""Milliseconds after which a browser has kept what it compiled."""
_EVERY = 0.2
"""Seconds between two looks at the memory."""
_LOAD = """async () => {
  const { Stylizer } = await import("./impasto/stylizer.js");
  window.stylizer = await Stylizer.load("model/");
  window.photo = async (name, width, height) => {
    const size = { resizeWidth: width, resizeHeight: height };
    const bitmap = await createImageBitmap(await (await fetch(name)).blob(), size);
    const canvas = new OffscreenCanvas(width, height);
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
    return canvas.convertToBlob({ type: "image/jpeg", quality: 0.95 });
  };
}"""
_FREEZE = """async () => {
  let [last, worst] = [performance.now(), 0];
  const timer = setInterval(() => {
    const now = performance.now();
    worst = Math.max(worst, now - last - 10);
    last = now;
  }, 10);
  const start = performance.now();
  const file = await stylizer.file(window.large, "mural", {}, { format: "jpg" });
  clearInterval(timer);
  return [(performance.now() - start) / 1000, worst, file.size];
}"""


@contextmanager
def hosted(folder: Path, headers: dict[str, str]) -> Iterator[str]:
    """A plain web server; the address."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def end_headers(self) -> None:
            for name, value in headers.items():
                self.send_header(name, value)
            super().end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


def module(context: BrowserContext, address: str) -> Page:
    """An empty page with the stylizer loaded."""
    page = context.new_page()
    page.set_default_timeout(600_000)
    page.goto(f"{address}{_EMPTY}")
    page.evaluate(_LOAD)
    return page


def calls(page: Page, slow: Page) -> dict[str, list[float]]:
    """Seconds of a picture of 512 × 512, by turns; ``slow`` has one thread."""
    with Image.open(examples() / "colosseum.jpg") as image:
        photo = np.asarray(image.convert("RGB").resize((_SIDE, _SIDE)))
    native = impasto.load("fast", precision="f32")
    contestants: dict[str, Callable[[], object]] = {"OpenVINO, f32": lambda: native(photo, "mural")}
    for name, each in {"browser": page, "browser, one thread": slow}.items():
        each.evaluate(f"photo('examples/colosseum.jpg', {_SIDE}, {_SIDE}).then((blob) => {{ window.small = blob; }})")
        contestants[name] = functools.partial(each.evaluate, "stylizer.paint(small, 'mural').then(() => null)")
    return interleaved(contestants, rounds=5)


class Memory:
    """The most memory that the tabs of a browser have at once, in bytes, while the context lasts."""

    def __init__(self, browser: Browser) -> None:
        found = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
        self._processes = [each["id"] for each in found if each["type"] == "renderer"]

    def now(self) -> int:
        sizes = [
            Path(f"/proc/{each}/smaps_rollup").read_text() for each in self._processes if Path(f"/proc/{each}").exists()
        ]
        return sum(int(text.split("Pss:")[1].split()[0]) * 1024 for text in sizes)

    @contextmanager
    def watched(self) -> Iterator[list[int]]:
        seen, done = [self.now()], threading.Event()

        def watch() -> None:
            while not done.wait(_EVERY):
                seen.append(self.now())

        thread = threading.Thread(target=watch)
        thread.start()
        yield seen
        done.set()
        thread.join()


def warm_start(address: str) -> dict[str, float]:
    """Seconds to the first picture, on the last visit, and what the processors worked for it."""
    folder = tempfile.mkdtemp()
    seconds, worked = [], []
    for _ in range(_VISITS):
        with sync_playwright() as playwright:
            arguments = ["--no-sandbox"]
            context = playwright.chromium.launch_persistent_context(
                folder, executable_path=shutil.which("chromium"), args=arguments
            )
            page = context.new_page()
            page.goto(address)
            page.evaluate("navigator.serviceWorker.ready.then(() => null)")
            page.goto("about:blank")
            began, before = time.perf_counter(), processor_seconds(context)
            page.goto(f"{address}{_EMPTY}")
            page.evaluate(_LOAD)
            small = "photo('examples/colosseum.jpg', 384, 256).then((photo) => stylizer.paint(photo, 'mural'))"
            page.evaluate(f"{small}.then(() => null)")
            seconds.append(time.perf_counter() - began)
            worked.append(processor_seconds(context) - before)
            page.wait_for_timeout(_COMPILED)
            context.close()
    shutil.rmtree(folder)
    return {"seconds": seconds[-1], "worked": worked[-1]}


def processor_seconds(context: BrowserContext) -> float:
    """What all processes of a browser have worked."""
    assert context.browser is not None
    found = context.browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    return sum(each["cpuTime"] for each in found)


def measured(browser: Browser, address: str, plain: str, count: int) -> dict[str, Any]:
    """All but the start, in one browser."""
    page, slow = (module(browser.new_context(service_workers="block"), each) for each in (address, plain))
    seconds = calls(page, slow)
    slow.close()
    memory = Memory(browser)
    page.evaluate(f"photo('examples/panda.jpg', {_LARGE[0]}, {_LARGE[1]}).then((blob) => {{ window.large = blob; }})")
    with memory.watched() as seen:
        took, freeze, _ = page.evaluate(_FREEZE)
    page.close()
    page = module(browser.new_context(service_workers="block"), address)
    page.evaluate("photo('examples/colosseum.jpg', 96, 64).then((blob) => { window.small = blob; })")
    memory, row = Memory(browser), []
    for _ in range(count // 50):
        page.evaluate("(async () => { for (let i = 0; i < 50; i++) await stylizer.paint(small, 'mural'); })()")
        row.append(memory.now())
    return {"calls": seconds, "large": {"seconds": took, "freeze": freeze, "memory": max(seen)}, "row": row}


def main() -> None:
    parser = benchmark_options(__doc__, "web.json")
    parser.add_argument("--pictures", type=int, default=500, help="how many are painted in a row")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        site = write_site(load_model("fast"), Path(folder) / "site")
        (site / _EMPTY).write_text("<!doctype html>")
        listed = json.loads((site / "files.json").read_text())["first"]
        load = sum(len(gzip.compress((site / file["path"]).read_bytes())) for file in listed)
        with hosted(site, _ISOLATION) as address, hosted(site, {}) as plain:
            warm = warm_start(address)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
                found = measured(browser, address, plain, arguments.pictures)
                browser.close()
    results = {"first load": load, "warm start": warm, **found}
    report(results)
    write(arguments.json, results)


def report(results: dict[str, Any]) -> None:
    seconds = {name: median(values) for name, values in results["calls"].items()}
    native = seconds["OpenVINO, f32"]
    large, row, warm = results["large"], results["row"], results["warm start"]
    rows = [
        *([f"{_SIDE} × {_SIDE}: {name}", f"{each:.2f} s, {each / native:.1f} ×"] for name, each in seconds.items()),
        ["first load, compressed", f"{results['first load'] / 1e6:.2f} MB"],
        ["opened to first picture (384 × 256), warm", f"{warm['seconds']:.1f} s"],
        ["what the processors worked for that", f"{warm['worked']:.1f} s"],
        [f"{_LARGE[0]} × {_LARGE[1]}", f"{large['seconds']:.0f} s"],
        ["its most memory", f"{large['memory'] / 1e9:.2f} GB"],
        ["its longest freeze of the page", f"{large['freeze']:.0f} ms"],
        [f"memory after 50 and {50 * len(row)} pictures", f"{row[0] / 1e6:.0f} and {row[-1] / 1e6:.0f} MB"],
    ]
    print(table(["what", "measured"], rows))


if __name__ == "__main__":
    main()
