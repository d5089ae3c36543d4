"""The HTTP service: how soon it is there, what a call costs over HTTP, how it does with many clients, what memory does.

python benchmarks/serve.py --json benchmarks/results/serve.json --requests 1000
python benchmarks/serve.py --json benchmarks/results/serve-many.json --only many
"""

from __future__ import annotations

import argparse
import functools
import io
import random
import re
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import httpx
import psutil
from PIL import Image

from impasto.assets import examples
from impasto.images.writing import encode
from impasto.stylize.stylizer import load
from report import benchmark_options, interleaved, median, table, write

PHOTO = (examples() / "cat.jpg").read_bytes()
"""1024 × 768 pixels, JPEG."""
SETTLED = 500
"""After how many requests memory is measured for the first time, and then again and again."""
SIDES = (24, 32, 48, 64, 96, 128), (24, 36, 50, 75)
"""Widths and heights of photos, in pixels: small, so that ten thousand are minutes. Each shape is prepared for anew."""
BAD = ((b"<svg/>", {"style": "mural"}, 415), (PHOTO, {"style": "nobody"}, 422), (PHOTO[:9000], {"style": "kiss"}, 422))
"""Photos, fields, and the status that they must get."""


@contextmanager
def serving(*options: str) -> Iterator[tuple[str, psutil.Process]]:
    """The address of a service, and its process."""
    command = [sys.executable, "-m", "impasto", "serve", "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    found = re.search(r"http://\S+", process.stdout.readline())
    assert found
    try:
        yield found[0], psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def start() -> None:
    """From the command to the page."""
    with serving() as (address, _):
        httpx.get(address).raise_for_status()


def post(client: httpx.Client, photo: bytes = PHOTO, expected: int = 200, **fields: str) -> float:
    """Ask for a picture; the seconds until it is there."""
    began = time.perf_counter()
    answer = client.post("/pictures", files={"photo": photo}, data={"style": "mural", **fields})
    if answer.status_code != expected:
        raise SystemExit(f"{answer.status_code} in place of {expected}: {answer.text[:300]}")
    return time.perf_counter() - began


def small() -> bytes:
    """The photo as the page sends it for previews: 512 × 384 pixels."""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(PHOTO)).resize((512, 384)).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def call_of() -> partial[bytes]:
    """The same in Python: JPEG in, JPEG out."""
    stylizer = load()

    def call(photo: bytes) -> bytes:
        return encode(stylizer(photo, "mural"), "JPEG")

    return partial(call, PHOTO)


def crowd(client: httpx.Client, clients: int = 8) -> list[float]:
    """Seconds of two calls each by so many clients, who call at the same time."""
    with ThreadPoolExecutor(clients) as pool:
        return list(pool.map(lambda _: post(client), range(2 * clients)))


def mixed(client: httpx.Client, number: int) -> int:
    """A request of many kinds; one in ten is bad. Returns its status."""
    draw = random.Random(number)
    if draw.random() < 0.1:
        photo, fields, expected = draw.choice(BAD)
    else:
        photo, fields, expected = _photo(draw), {"style": draw.choice(["mural", "kiss:.5,scream:.5"])}, 200
    post(client, photo, expected, **fields)
    return expected


def _photo(draw: random.Random) -> bytes:
    width, height = map(draw.choice, SIDES)
    return _small_photo(width, height, draw.choice(["JPEG", "PNG"]))


@functools.cache
def _small_photo(width: int, height: int, file_format: str) -> bytes:
    buffer = io.BytesIO()
    Image.open(io.BytesIO(PHOTO)).resize((width, height)).save(buffer, file_format)
    return buffer.getvalue()


def many(client: httpx.Client, process: psutil.Process, requests: int, clients: int) -> tuple[Counter[int], list[int]]:
    """How often each status came, and the memory after every :data:`SETTLED` requests, in bytes."""
    statuses: Counter[int] = Counter()
    memory = []
    with ThreadPoolExecutor(clients) as pool:
        for done, status in enumerate(pool.map(partial(mixed, client), range(requests)), 1):
            statuses[status] += 1
            if done % SETTLED == 0 or done == requests:
                memory.append(process.memory_info().rss)
    return statuses, memory


def grown(memory: list[int]) -> list[str]:
    """A row of the table: how much more memory it is at most than at first."""
    return [f"most memory after {SETTLED} requests, of that after {SETTLED}", f"{max(memory) / memory[0]:.3f}"]


def only_many(arguments: argparse.Namespace) -> None:
    """Many requests by many clients, some of them bad."""
    with serving() as (address, process), httpx.Client(base_url=f"{address}api/v1", timeout=300) as client:
        began = time.perf_counter()
        statuses, memory = many(client, process, arguments.requests, arguments.clients)
        seconds = time.perf_counter() - began
    rows = [["requests", f"{arguments.requests}"], ["clients", f"{arguments.clients}"], ["seconds", f"{seconds:.0f}"]]
    print(table(["the service", "value"], [*rows, grown(memory)]))
    print(f"answers: {dict(statuses)}")
    write(arguments.json, {"seconds": seconds, "memory": memory, "answers": dict(statuses)})


def main() -> None:
    parser = benchmark_options(__doc__, "serve.json")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--only", choices=["many"], help="measure nothing but many requests")
    arguments = parser.parse_args()
    if arguments.only:
        only_many(arguments)
        return
    started = interleaved({"start": start}, rounds=3, warmup=1)["start"]
    with serving() as (address, process), httpx.Client(base_url=f"{address}api/v1", timeout=300) as client:
        crowds: list[float] = []
        calls = {"in Python": call_of(), "over HTTP": partial(post, client)}
        calls["512 pixels"] = partial(post, client, small(), quality="80")
        calls["8 clients"] = lambda: crowds.extend(crowd(client))
        seconds = interleaved(calls, rounds=arguments.rounds, warmup=1)
        statuses, memory = many(client, process, arguments.requests, arguments.clients)
    alone = median(seconds["over HTTP"])
    p95 = statistics.quantiles(crowds[16:], n=20)[-1]  # the first ones warm up
    rows = [
        ["from the command to the page, s", f"{median(started):.2f}"],
        ["1024 × 768, JPEG in and out, in Python, s", f"{median(seconds['in Python']):.2f}"],
        ["the same over HTTP, of the time in Python", f"{alone / median(seconds['in Python']):.2f}"],
        ["previews of 512 pixels a second, one after the other", f"{1 / median(seconds['512 pixels']):.1f}"],
        ["95 % of calls by 8 clients, of one client's time", f"{p95 / alone:.1f}"],
        grown(memory),
    ]
    print(table(["the service", "value"], rows))
    print(f"answers: {dict(statuses)}")
    results = {
        "start": started,
        **seconds,
        "each of 8 clients": crowds,
        "memory": memory,
        "answers": dict(statuses),
    }
    write(arguments.json, results)


if __name__ == "__main__":
    main()
