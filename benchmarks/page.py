"""How quickly the page answers, in Chromium: opening it, a large photo, and dragging the mix.

python benchmarks/page.py [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from impasto.assets import examples

sys.path.insert(0, str(Path(__file__).parents[1] / "tools" / "figures"))
from page import service  # the screenshots' service

SIDES = (4000, 3000)
"""Of the large photo, in pixels: 12 megapixels."""
SECONDS = 5
"""How long the dot is dragged."""
MOVES = 60
"""How often a second the hand moves it, as a screen shows it."""

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


def opened(browser: Browser, address: str) -> tuple[Page, float]:
    """The page, and after how many seconds it took photos and showed its styles."""
    began = time.perf_counter()
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(120_000)
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


def dragged(page: Page) -> tuple[float, int]:
    """Pictures a second while the dot of a mix is dragged, and the long side that most of them had."""
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
    sizes = [size for _, size in page.evaluate("() => pictures")]
    return len(sizes) / SECONDS, int(statistics.mode(sizes)) if sizes else 0


def measure(browser: Browser, address: str, path: Path) -> dict[str, float]:
    opened(browser, address)[0].close()  # what is opened first warms the caches of both
    page, seconds = opened(browser, address)
    first = first_picture(page, path)
    page.locator("im-stage:not(.painting)").wait_for()
    page.locator(".card-style.painted").nth(31).wait_for(state="attached")
    rate, size = dragged(page)
    return {"opened_s": seconds, "first_picture_s": first, "dragged_pictures_per_s": rate, "dragged_size": size}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the numbers there, too")
    options = parser.parse_args()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, service() as address, sync_playwright() as playwright:
        served = time.perf_counter() - began
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        numbers = {"served_s": served, **measure(browser, address, photo(Path(folder)))}
        browser.close()
    numbers["machine"] = platform.processor() or platform.machine()
    print(json.dumps(numbers, indent=2))
    if options.json:
        options.json.write_text(json.dumps(numbers, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
