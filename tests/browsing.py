"""A real browser for the tests of the page and of the module in JavaScript. It is started once in a process."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
REQUIRED = "IMPASTO_BROWSER"
"""Set where a browser must be there, as in CI: without one, the tests fail there, and are skipped elsewhere."""


def program() -> str:
    """The browser's program; what wants it is skipped where there is none."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        assert REQUIRED not in os.environ, f"there is no browser: {', '.join(BROWSERS)}"
        pytest.skip("needs a browser: apt-get install chromium")
    return found


def keeping_nothing(browser: Browser, folder: Path) -> BrowserContext:
    """A browser of the same kind in which no site may keep data, as its user set it in a new ``folder``."""
    settings = folder / "Default" / "Preferences"
    settings.parent.mkdir()
    settings.write_text(json.dumps({"profile": {"default_content_setting_values": {"cookies": 2}}}), "utf-8")
    return browser.browser_type.launch_persistent_context(
        folder, executable_path=program(), args=["--no-sandbox"], locale="en-US"
    )


def started() -> Iterator[Browser]:
    """The browser; what wants it is skipped where there is none."""
    api = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install '.[dev]'")
    found = program()
    camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    webgpu = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]  # a graphics processor that is a program
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", *camera, *webgpu])
        yield browser
        browser.close()
