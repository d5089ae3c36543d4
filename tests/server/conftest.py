"""Two services in processes of their own, as users start them: one that is open and one that is strict."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import numpy as np
import psutil
import pytest
from PIL import Image

from impasto.assets import examples
from impasto.server.endpoints import PREFIX

T = TypeVar("T")

TOKEN = "open-sesame"
SECONDS = 60
"""How long tests wait for what should happen soon."""


@dataclass(frozen=True)
class Served:
    """A service that runs.

    Attributes:
        process: its process.
        client: calls its paths.
        temporary: its folder for temporary files.
    """

    process: subprocess.Popen[str]
    client: httpx.Client
    temporary: Path

    @property
    def port(self) -> int:
        port = self.client.base_url.port
        assert port is not None
        return port

    def count(self, **labels: str) -> int:
        """How many requests were answered that have these labels."""
        lines = self.client.get("/metrics").text.splitlines()
        found = [line for line in lines if line.startswith("impasto_requests_total")]
        wanted = [f'{name}="{value}"' for name, value in labels.items()]
        return sum(int(float(line.split()[-1])) for line in found if all(each in line for each in wanted))

    def places(self) -> int:
        """How many places are taken."""
        found = re.search(r"^impasto_places_taken (\S+)", self.client.get("/metrics").text, re.MULTILINE)
        assert found
        return int(float(found[1]))

    def leaves(self) -> tuple[list[str], list[str], int]:
        """What it leaves behind: temporary files, processes, and open connections and files."""
        process = psutil.Process(self.process.pid)
        # PyTorch makes an empty folder, and Python keeps a process that watches over those that it starts.
        files = [path.name for path in self.temporary.rglob("*") if not path.name.startswith("torch")]
        commands = (" ".join(child.cmdline()) for child in process.children(recursive=True))
        children = [command for command in commands if "resource_tracker" not in command]
        sockets = [each for each in process.net_connections() if each.status == "ESTABLISHED"]
        return files, children, len(process.open_files()) + len(sockets)


@contextmanager
def serving(temporary: Path, *options: str, within: Sequence[str] = (), **variables: str) -> Iterator[Served]:
    """A service that is started with some options, and stopped by Ctrl-C.

    Args:
        temporary: its folder for temporary files.
        options: of the command.
        within: the command that runs it, if any.
        variables: of its environment.
    """
    command = [*within, sys.executable, "-m", "impasto", "serve", "--port", "0", *options]
    env = {**os.environ, "TMPDIR": str(temporary), "PYTHONUNBUFFERED": "1", **variables}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)
    try:
        assert process.stdout
        found = re.match(r"impasto: http://[^:]+:(\d+)/", line := process.stdout.readline())
        assert found, line + process.stdout.read()
        with httpx.Client(base_url=f"http://127.0.0.1:{found[1]}{PREFIX}", timeout=SECONDS) as client:
            yield Served(process, client, temporary)
    finally:
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=SECONDS)
    assert "Traceback" not in said, said


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service with nothing but its defaults, and a folder of photos."""
    with serving(tmp_path_factory.mktemp("served"), "--input", str(examples())) as service:
        yield service


@pytest.fixture(scope="session")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service for other computers, with a token, and with two places and tight limits."""
    limits = {
        "host": "0.0.0.0",
        "token": TOKEN,
        "max-megapixels": 6,
        "max-megabytes": 1,
        "max-film-megabytes": 2,
        "upload-seconds": 1.5,
    }
    options = [f"--{name}={value}" for name, value in {**limits, "queue": 1, "workers": 1}.items()]
    with serving(tmp_path_factory.mktemp("strict"), *options, "--allow-origin", "https://friend.example") as service:
        service.client.headers["Authorization"] = f"Bearer {TOKEN}"
        yield service


def finished(coroutine: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns, run in a thread: a browser of other tests may have a loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, asyncio.wait_for(coroutine, 60)).result()


def until(true: Callable[[], Any]) -> None:
    """Wait until something is true."""
    latest = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < latest
        time.sleep(0.05)


def picture_of(answer: httpx.Response) -> Image.Image:
    """The picture that was answered."""
    assert answer.status_code == 200, answer.text
    return Image.open(io.BytesIO(answer.content))


def detail(answer: httpx.Response, status: int) -> str:
    """The sentence of a problem with this status."""
    problem = json.loads(answer.text)
    assert (answer.status_code, problem["status"]) == (status, status), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return str(problem["detail"])


def noise_png(width: int, height: int) -> bytes:
    """A PNG of coloured blocks."""
    blocks = np.random.default_rng(3).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(blocks).resize((width, height), Image.Resampling.BICUBIC).save(buffer, "PNG")
    return buffer.getvalue()
