"""How quickly the page answers, in Chromium: opening it, a large photo, and dragging the mix.

python benchmarks/page.py --json benchmarks/results/page.json
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, Route, sync_playwright

from impasto.assets import examples
from report import benchmark_options, table, write

sys.path.insert(0, str(Path(__file__).parents[1] / "tools" / "figures"))
from page import service  # the screenshots' service

SIDES = (4000, 3000)
"""Of the large photo, in pixels: 12 megapixels."""
SECONDS = 5
"""How long the dot is dragged."""
MOVES = 60
"""How often a second the hand moves it, as a screen shows it."""
PREVIEWS = (256, 512)
"""Long sides of previews, in pixels; each is measured alone, as the page itself takes the one that is quick enough."""

LISTEN = """async () => {
  const { app } = await import("./js/app.js");
  window.pictures = [];
  app.painter.addEventListener("picture", ({ detail }) => window.pictures.push([performance.now(), detail.size]));
  document.addEventListener("change", () => { window.chosen = performance.now(); }, { capture: true, once: true });
}"""


def photo(folder: Path) -> Path:
    """A photo of 12 megapixels with some grain, as a camera makes them."""
    path = folder / "large.jpg"
    with Image.open(examples() / "neuschwansteincastle.jpg") as small:
        large = np.asarray(small.resize(SIDES, Image.Resampling.BICUBIC), np.int16)
    grain = np.random.default_rng(1).normal(0, 4, large.shape)
    Image.fromarray((large + grain).clip(0, 255).astype(np.uint8)).save(path, quality=92)
    return path


def opened(browser: Browser, address: str, preview: int) -> tuple[Page, float]:
    """The page, with previews of one size, and after how many seconds it took photos and showed its styles."""

    def with_size(route: Route) -> None:
        script, found = re.subn(r"const SMALL = .*;", f"const SMALL = [{preview}];", route.fetch().text())
        assert found
        route.fulfill(body=script, content_type="text/javascript")

    began = time.perf_counter()
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(120_000)
    page.route("**/painter.js", with_size)
    page.goto(address)
    page.locator(".card-style[data-id]").first.wait_for()
    return page, time.perf_counter() - began


def first_picture(page: Page, path: Path) -> float:
    """Seconds from choosing a photo to its first painted preview."""
    page.evaluate(LISTEN)
    with page.expect_file_chooser() as chooser:
        page.locator("[data-do=choose]").click()
    chooser.value.set_files(path)
    page.locator("im-stage[data-order]").wait_for()
    return float(page.evaluate("() => pictures[0][0] - chosen")) / 1000


def dragged(page: Page) -> float:
    """Pictures a second while the dot of a mix is dragged."""
    page.locator("[data-id=scream] .mix").click(force=True)
    page.locator("im-stage:not(.painting)").wait_for()
    pad = page.locator(".pad").bounding_box()
    assert pad
    page.mouse.move(pad["x"] + 30, pad["y"] + 80)
    page.mouse.down()
    page.evaluate("() => { window.pictures.length = 0; }")
    began = time.perf_counter()
    while (spent := time.perf_counter() - began) < SECONDS:
        page.mouse.move(pad["x"] + 30 + (spent * 60) % (pad["width"] - 60), pad["y"] + 80)
        time.sleep(1 / MOVES)
    page.mouse.up()
    return len(page.evaluate("() => pictures")) / SECONDS


def measure(browser: Browser, address: str, path: Path) -> dict[str, float]:
    numbers = {}
    opened(browser, address, PREVIEWS[0])[0].close()  # what is opened first warms the caches of both
    for preview in PREVIEWS:
        page, seconds = opened(browser, address, preview)
        first = first_picture(page, path)
        page.locator("im-stage:not(.painting)").wait_for()
        page.locator(".card-style.painted").nth(31).wait_for(state="attached")
        numbers |= {f"dragged_{preview}_per_s": dragged(page)}
        if preview == PREVIEWS[0]:  # which the page begins with
            numbers |= {"opened_s": seconds, "first_picture_s": first}
        page.close()
    return numbers


def main() -> None:
    options = benchmark_options(__doc__, "page.json").parse_args()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, service() as address, sync_playwright() as playwright:
        served = time.perf_counter() - began
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        numbers = {"served_s": served, **measure(browser, address, photo(Path(folder)))}
        browser.close()
    print(table(["the page", "value"], [[name, f"{value:.2f}"] for name, value in numbers.items()]))
    write(options.json, numbers)


if __name__ == "__main__":
    main()
