"""A real service, which is started once, and the page that it serves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.film.films import make_film, moving

playwright_api = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install '.[dev]'")

WAIT = 60_000
"""How long anything on the page may take, in milliseconds; the machine may be busy."""
playwright_api.expect.set_options(timeout=WAIT)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One process has the service and the browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("page"))


class Serving:
    """``impasto serve`` as a process of its own, which can be killed and started again at the same address.

    Args:
        data: the folder for the user's own styles.
        python: Python's arguments that start the command line.
    """

    def __init__(self, data: Path, python: Sequence[str] = ("-m", "impasto")) -> None:
        self.data, self.python = data, python
        self.port = 0
        self.start()

    def start(self) -> None:
        command = [sys.executable, *self.python, "serve", "--port", str(self.port)]
        environment = {**os.environ, "XDG_DATA_HOME": str(self.data)}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().split()[1]
        self.port = int(self.address.rstrip("/").rsplit(":", 1)[1])

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    serving = Serving(tmp_path_factory.mktemp("data"))
    yield serving
    serving.kill()


class Visit:
    """A page that was opened, and what goes wrong on it.

    Attributes:
        page: the page.
        faults: errors of scripts, and what the content security policy refused.
    """

    def __init__(self, browser: playwright_api.Browser, address: str, **options: object) -> None:
        self.context = browser.new_context(**{"locale": "en-US", "viewport": {"width": 1280, "height": 800}, **options})
        self.context.set_default_timeout(WAIT)
        self.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address.rstrip("/"))
        self.page = self.context.new_page()
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self._note)
        self.page.on("filechooser", lambda chooser: None)  # now: a key may come before the browser is told to wait
        self.page.goto(address)
        self.page.locator(".card-style[data-id]").first.wait_for()

    def _note(self, message: playwright_api.ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.append(message.text)

    def choose(self, *files: Path | str, by: str = "[data-do=choose]") -> None:
        """Choose files as a user does."""
        with self.page.expect_file_chooser() as chooser:
            self.page.locator(by).click()
        chooser.value.set_files([str(file) for file in files])

    def painted(self, at_least: int = 1) -> int:
        """Wait for a picture that was asked for as number ``at_least`` or later; return its number."""
        shown = self.page.locator("im-stage")
        self.page.locator("im-stage:not(.painting)[data-order]").wait_for()
        order = int(shown.get_attribute("data-order") or 0)
        while order < at_least:
            self.page.wait_for_timeout(50)
            order = int(shown.get_attribute("data-order") or 0)
        return order

    def changed(self, act: object) -> bytes:
        """Do something, wait for the picture that it changes, and return what the stage shows."""
        before = self.painted()
        act()  # type: ignore[operator]
        self.painted(before + 1)
        return self.shown()

    def shown(self) -> bytes:
        """The pixels of the picture."""
        read = "canvas => canvas.toDataURL()"
        data: str = self.page.locator("canvas.painted").evaluate(read)
        return data.encode()


@pytest.fixture
def visit(browser: playwright_api.Browser, service: Serving) -> Iterator[Visit]:
    """The page at the size of a desk, in English."""
    visit = Visit(browser, service.address)
    yield visit
    assert visit.faults == []
    visit.context.close()


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small photo (48 × 64) that says who made it."""
    path = tmp_path_factory.mktemp("photo") / "my photo.jpg"
    rng = np.random.default_rng(2)
    image = Image.fromarray(rng.integers(0, 256, (8, 6, 3), dtype=np.uint8)).resize((48, 64), Image.Resampling.BICUBIC)
    exif = Image.Exif()
    exif[0x013B] = "Ada"  # Artist
    image.save(path, exif=exif, quality=95)
    return path


@pytest.fixture(scope="session")
def painting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("painting") / "Blue Café.png"
    rng = np.random.default_rng(3)
    blocks = Image.fromarray(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8))
    blocks.resize((160, 120), Image.Resampling.NEAREST).save(path)
    return path


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of a second, 20 frames of 48 × 64 pixels."""
    return make_film(tmp_path_factory.mktemp("film") / "my film.mp4", moving(20), rate=Fraction(20))
