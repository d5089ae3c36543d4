"""The guide to the page that runs in browsers: what it writes works as it stands."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from tests.snippets import Block, run_page, shell
from tests.web.conftest import ISOLATION, WAIT, Host, playwright_api

HTML = """<!doctype html>
<title>A page of one's own</title>
<canvas id="canvas" width="64" height="48"></canvas>
<script type="module">
const canvas = document.getElementById("canvas");
const image = new ImageData(new Uint8ClampedArray(64 * 48 * 4).fill(120), 64, 48);
%s
window.painted = true;
</script>
"""
"""What the guide's script finds: an image, and where to draw."""


def test_the_guide(
    browser: playwright_api.Browser, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def exported(line: str) -> None:
        """The fixture ran this line, as it takes long."""
        assert line == "impasto export-web site"
        (tmp_path / "site").symlink_to(site)

    def host(line: str) -> None:
        """A web server of Python's, on another port."""
        words = shlex.split(line, comments=True)
        command = [sys.executable, "-u", *words[1:3], "0", "--bind", "127.0.0.1", *words[3:]]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            address = re.search(r"http://[\d.:]+/", process.stdout.readline())
            try:
                assert address
                tab = browser.new_page()
                tab.goto(address[0])
                tab.locator(".card-style[data-id]").first.wait_for(timeout=WAIT)
                tab.close()
            finally:
                process.terminate()

    def in_browser(block: Block) -> None:
        server = Host(site, ISOLATION)
        tab = browser.new_page()
        faults: list[str] = []
        tab.on("pageerror", lambda error: faults.append(str(error)))
        page = HTML % block.code
        tab.route("**/own.html", lambda route: route.fulfill(body=page, content_type="text/html", headers=ISOLATION))
        tab.goto(f"{server.address}own.html")
        tab.wait_for_function("window.painted", timeout=WAIT)
        pixels = "[...canvas.getContext('2d').getImageData(0, 0, 64, 48).data]"
        assert len({*tab.evaluate(pixels)}) > 3  # a picture, no longer one grey
        assert faults == []
        tab.close()
        server.stop()

    def headers(block: Block) -> None:
        assert dict(line.split(": ") for line in block.code.splitlines()) == ISOLATION

    lines = {"impasto export-web": exported, "python -m http.server": host}
    run_page("docs/guide/web.md", {"sh": lambda block: shell(block, lines), "js": in_browser, "": headers})
