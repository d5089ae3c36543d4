"""Takes the screenshots of docs/guide/page.md, in Chromium, of a service that it starts.

python tools/figures/page.py [--out docs/figures/page] [FIGURE...]
python tools/figures/page.py --examples       # the small photos that the page offers to begin with
"""

from __future__ import annotations

import argparse
import io
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

import impasto
from impasto.assets import examples
from impasto.film.frames import Frame
from impasto.film.writing import Encoding, encode
from impasto.images.reading import read_photo

DOCS = Path(__file__).parents[2] / "docs"
DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}
EXAMPLES = ("neuschwansteincastle", "scarlet_macaw", "colosseum", "panda")
EXAMPLE_SIDE = 800
PATIENCE = 300_000
"""How long a page may take, in milliseconds."""


def choose(page: Page, *photos: str) -> None:
    """Open example photos, and wait until the first is painted in all styles."""
    with page.expect_file_chooser() as chooser:
        page.locator("[data-do=choose]").click()
    chooser.value.set_files([str(examples() / f"{photo}.jpg") for photo in photos])
    settle(page)


def settle(page: Page) -> None:
    """Wait until everything is painted."""
    page.wait_for_timeout(500)
    page.locator("im-stage:not(.painting)[data-order]").wait_for()
    page.locator(".card-style.painted").nth(page.locator(".card-style[data-id]").count() - 1).wait_for(state="attached")
    page.locator("im-stage:not(.painting)").wait_for()
    page.wait_for_timeout(500)


def start(page: Page) -> None:
    page.wait_for_timeout(1500)


def painted(page: Page) -> None:
    choose(page, "neuschwansteincastle")
    page.locator("[data-id=starry-night] .pick").click()
    page.locator("[data-do=compare]").click()
    settle(page)


def mix(page: Page) -> None:
    choose(page, "scarlet_macaw")
    page.locator("[data-id=composition-vii] .pick").click()
    for style in ("starry-night", "great-wave"):
        page.locator(f"[data-id={style}] .mix").click(force=True)
    pad = page.locator(".pad").bounding_box()
    assert pad
    page.mouse.click(pad["x"] + 0.4 * pad["width"], pad["y"] + 0.3 * pad["height"])
    settle(page)


def area(page: Page) -> None:
    choose(page, "neuschwansteincastle")
    page.locator("[data-id=mural] .pick").click()
    page.locator(".chip.add").click()
    page.locator("[data-id=starry-night] .pick").click()
    page.locator("im-brush [data-do=wand]").click()
    page.locator("im-brush [name=size]").fill("30")
    sheet = page.locator(".sheet").bounding_box()
    assert sheet
    for x, y in ((0.5, 0.1), (0.12, 0.12), (0.9, 0.38)):
        page.mouse.click(sheet["x"] + x * sheet["width"], sheet["y"] + y * sheet["height"])
    settle(page)


def phone(page: Page) -> None:
    choose(page, "scarlet_macaw")
    page.locator("[data-id=metzinger] .pick").click()
    settle(page)


def film(page: Page) -> None:
    with tempfile.TemporaryDirectory() as folder:
        with page.expect_file_chooser() as chooser:
            page.locator("#open-film").click()
        chooser.value.set_files(_pan(Path(folder) / "castle.mp4"))
        page.locator("im-film canvas[data-shown]").wait_for()
        for second, style in ((3, "great-wave"), (6, "starry-night")):
            page.locator("im-film [name=time]").fill(str(second))
            page.locator("im-film [data-do=add]").click()
            page.locator(f"[data-id={style}] .pick").click()
        page.wait_for_timeout(3000)


def _pan(path: Path) -> Path:
    """A film of eight seconds that moves over a photo."""
    photo = Image.fromarray(read_photo(examples() / "neuschwansteincastle.jpg").array)
    whole = np.asarray(photo.resize((960, round(960 * photo.height / photo.width))))
    rate, unit = Fraction(20), Fraction(1, 20)
    frames = (Frame(whole[40:490, step : step + 800], step * unit, unit) for step in range(160))
    encode(frames, path, Encoding("h264", None, rate, unit))
    return path


FIGURES: dict[str, tuple[Callable[[Page], None], dict[str, Any]]] = {
    "start": (start, {**DESK, "color_scheme": "light"}),
    "painted": (painted, {**DESK, "color_scheme": "light"}),
    "mix": (mix, {**DESK, "color_scheme": "dark"}),
    "area": (area, {**DESK, "color_scheme": "light"}),
    "film": (film, {**DESK, "color_scheme": "light"}),
    "phone": (phone, {**PHONE, "color_scheme": "dark", "locale": "zh-TW"}),
}


def write_examples() -> None:
    """Write small copies of some example photos into the page's folder."""
    folder = Path(impasto.__file__).parent / "server" / "static" / "examples"
    folder.mkdir(exist_ok=True)
    for name in EXAMPLES:
        image = Image.fromarray(read_photo(examples() / f"{name}.jpg").array)
        image.thumbnail((EXAMPLE_SIDE, EXAMPLE_SIDE), Image.Resampling.LANCZOS)
        image.save(folder / f"{name}.jpg", quality=86, optimize=True)


@contextmanager
def service() -> Iterator[str]:
    """A service; the address of its page."""
    command = [sys.executable, "-m", "impasto", "serve", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield process.stdout.readline().split()[1]
    finally:
        process.terminate()
        process.wait()


def screenshot(browser: Browser, address: str, name: str) -> Image.Image:
    act, options = FIGURES[name]
    context = browser.new_context(**{"locale": "en-US", **options})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(address)
    page.locator(".card-style[data-id]").first.wait_for()
    act(page)
    png = page.screenshot()
    context.close()
    return Image.open(io.BytesIO(png)).convert("RGB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figures", nargs="*", default=sorted(FIGURES), metavar="FIGURE", help=", ".join(FIGURES))
    parser.add_argument("--out", type=Path, default=DOCS / "figures" / "page")
    parser.add_argument("--examples", action="store_true", help="write the page's example photos instead")
    options = parser.parse_args()
    if options.examples:
        return write_examples()
    return draw(options.out, options.figures)


def draw(out: Path, figures: list[str]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    with service() as address, sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name in figures:
            screenshot(browser, address, name).save(out / f"{name}.jpg", quality=88, optimize=True)
        browser.close()


if __name__ == "__main__":
    main()
