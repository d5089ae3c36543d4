"""The preview of a camera in the browser; a film poses as the camera."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from PIL import Image
from tests.film.films import make_film, moving

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SECONDS = 60


@dataclass(frozen=True)
class Shown:
    """A preview that runs, its address, and the folder it runs in."""

    process: subprocess.Popen[str]
    address: str
    folder: Path

    def press(self, key: str, **headers: str) -> httpx.Response:
        return httpx.post(f"{self.address}press", params={"key": key}, headers=headers, timeout=SECONDS)


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[Shown]:
    film = make_film(tmp_path / "film.mp4", moving(1500))
    command = [sys.executable, "-m", "impasto", "webcam", "--preview", "--camera", str(film), "--size", "64"]
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [*command, "-s", "mural", "-s", "scream"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=env,
        cwd=tmp_path,
    )
    try:
        assert process.stdout
        found = re.match(r"impasto: (http://127.0.0.1:\d+/)", line := process.stdout.readline())
        assert found, line + process.stdout.read()
        yield Shown(process, found[1], tmp_path)
    finally:
        process.kill()
        process.communicate()


def streamed(address: str, count: int) -> list[Image.Image]:
    """The first pictures of the stream."""
    pictures, content = [], b""
    with httpx.stream("GET", f"{address}pictures", timeout=SECONDS) as answer:
        assert answer.headers["content-type"] == "multipart/x-mixed-replace; boundary=picture"
        for part in answer.iter_bytes():
            content += part
            while found := re.search(rb"--picture\r\n.*?Content-Length: (\d+)\r\n\r\n", content, re.DOTALL):
                length = int(found[1])
                if len(content) < found.end() + length + 2:
                    break
                pictures.append(Image.open(io.BytesIO(content[found.end() : found.end() + length])))
                content = content[found.end() + length + 2 :]
            if len(pictures) >= count:
                return pictures
    return pictures


def test_a_stream_of_pictures_and_keys(shown: Shown) -> None:
    first, second = streamed(shown.address, 2)
    assert first.size == second.size == (64, 48)
    assert first.tobytes() != second.tobytes()
    assert [shown.press(key).text for key in ("", "n", "-")] == [
        "mural, strength 1",
        "scream, strength 1",
        "scream, strength 0.75",
    ]
    assert shown.press("s").text == "saved as webcam-001.png"
    assert Image.open(shown.folder / "webcam-001.png").size == (64, 48)
    for headers in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert shown.press("q", **headers).status_code == 403
    with httpx.stream("GET", f"{shown.address}pictures", timeout=SECONDS):  # somebody watches while it is ended
        shown.process.send_signal(signal.SIGINT)
        said, _ = shown.process.communicate(timeout=SECONDS)
    assert shown.process.returncode == 130
    assert said == "impasto: stopped\n"


def test_the_page(shown: Shown, browser: Browser) -> None:
    page = browser.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(shown.address, wait_until="commit")
    page.get_by_text("mural, strength 1").wait_for()
    page.wait_for_function("document.querySelector('img').naturalWidth === 64")
    page.get_by_role("button", name="Next style").click()
    page.get_by_text("scream, strength 1").wait_for()
    page.keyboard.press("-")
    page.get_by_text("scream, strength 0.75").wait_for()
    page.get_by_role("button", name="End", exact=True).click()
    page.get_by_text("The command has ended.").wait_for()
    said, _ = shown.process.communicate(timeout=SECONDS)
    assert (shown.process.returncode, said) == (0, "")
    assert problems == []
    page.close()
