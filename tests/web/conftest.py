"""A folder that ``impasto export-web`` made, plain web servers for it, and a real browser."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.browsing import REQUIRED

from impasto.errors import ImpastoError
from impasto.images.arrays import Array
from impasto.models.model import load_model
from impasto.models.site import write_site
from impasto.stylize.stylizer import Stylizer, load

playwright_api = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install '.[dev]'")

WAIT = 120_000
"""How long anything in the browser may take, in milliseconds; the machine may be busy."""
ISOLATION = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}
"""The headers of a host that lets pages have threads."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One process has the browser."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.xdist_group("web"))


class Host:
    """A plain web server for a folder; it knows nothing of the page. It leads ``index.html`` to its folder, as many do.

    Args:
        folder: what it serves.
        headers: what it adds to every answer.

    Attributes:
        lost: while it is not empty, connections break that ask for a path with this in it.
        sent: path and content of every file that was sent.
    """

    def __init__(self, folder: Path, headers: dict[str, str] | None = None) -> None:
        host = self
        self.lost = ""
        self.sent: list[tuple[str, bytes]] = []

        class Handler(http.server.SimpleHTTPRequestHandler):
            def do_GET(self) -> None:
                if host.lost and host.lost in self.path:
                    self.connection.shutdown(socket.SHUT_RDWR)
                elif self.path.endswith("/index.html"):
                    self.send_response(301)
                    self.send_header("Location", self.path.removesuffix("index.html"))
                    self.end_headers()
                else:
                    super().do_GET()

            def copyfile(self, source: Any, outputfile: Any) -> None:
                content = source.read()
                host.sent.append((self.path, content))
                outputfile.write(content)

            def end_headers(self) -> None:
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                super().end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def handle_one_request(self) -> None:
                with suppress(BrokenPipeError, ConnectionResetError):  # a page was loaded anew
                    super().handle_one_request()

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_port}/"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``impasto export-web`` makes."""
    if shutil.which("npm") is None and REQUIRED not in os.environ:
        pytest.skip("needs npm: apt-get install npm")
    try:
        return write_site(load_model("fast"), tmp_path_factory.mktemp("web") / "site")
    except ImpastoError as error:
        if REQUIRED in os.environ:
            raise
        pytest.skip(str(error))


@pytest.fixture
def serve() -> Iterator[Callable[..., Host]]:
    hosts: list[Host] = []

    def start(folder: Path, headers: dict[str, str] | None = None) -> Host:
        hosts.append(Host(folder, headers))
        return hosts[-1]

    yield start
    for host in hosts:
        host.stop()


@pytest.fixture(scope="session")
def stylizer() -> Stylizer:
    """What the pictures of the browser are compared with: the command line's, in float32."""
    return load("fast", precision="f32")


class Tab:
    """The example page of a site, with its module loaded.

    Args:
        browser: the browser.
        address: of the site.
        backend: what paints, as the module names it.
        options: of the browser context, as Playwright names them.

    Attributes:
        page: the page.
        faults: errors of scripts.
        fetched: the addresses of what was fetched.
    """

    def __init__(self, browser: playwright_api.Browser, address: str, backend: str = "auto", **options: Any) -> None:
        self.context = browser.new_context(service_workers="block", **options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(WAIT)
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.fetched: list[str] = []
        self.context.on("request", lambda request: self.fetched.append(request.url))
        self.page.goto(f"{address}example.html")
        self.page.evaluate(
            """async (backend) => {
              const { Stylizer } = await import("./impasto/stylizer.js");
              window.stylizer = await Stylizer.load("model/", { backend });
              window.bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
              window.text = async (blob) => new Promise((resolve) => {
                const reader = new FileReader();
                reader.onload = () => resolve(reader.result.split(",")[1]);
                reader.readAsDataURL(blob);
              });
            }""",
            backend,
        )


def until(page: playwright_api.Page, call: str, given: Any = None) -> None:
    """Wait for a promise of something true; what Playwright waits for is true if it is a promise."""
    last = time.monotonic() + WAIT / 1000
    while not page.evaluate(call, given):
        assert time.monotonic() < last, call
        page.wait_for_timeout(50)


def some_photo(height: int, width: int, seed: int = 1) -> Array:
    """Large forms in many colours, an edge, and a little noise."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (5, 6, 3), np.uint8)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    forms = np.asarray(coarse).astype(int)
    forms[:, width // 2 :] //= 2
    return np.clip(forms + rng.integers(-6, 7, forms.shape), 0, 255).astype(np.uint8)
