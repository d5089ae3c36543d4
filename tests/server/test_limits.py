"""What arrives is bounded, and nothing of it stays: not a file, not a process, not a connection."""

from __future__ import annotations

import io
import socket
import struct
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx
import pytest
from PIL import Image
from tests.server.conftest import TOKEN, Served, detail, noise_png, until

from impasto.server.endpoints import PREFIX

pytestmark = pytest.mark.xdist_group("server")

SMALL = noise_png(40, 30)
LARGE = {"style": "mural", "size": "2400"}
"""What takes seconds to paint."""


def _head(length: int | None = None, kind: str = "multipart/form-data; boundary=x") -> bytes:
    framing = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    return (
        f"POST {PREFIX}/pictures HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
        f"Content-Type: {kind}\r\n{framing}\r\n\r\n"
    ).encode()


def connected(served: Served) -> socket.socket:
    return socket.create_connection(("127.0.0.1", served.port), timeout=60)


def _form(**fields: str) -> bytes:
    """The body of a request that takes seconds to paint."""
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    return httpx.Request("POST", "http://x", files={"photo": SMALL}, data={**LARGE, **fields}, headers=kind).read()


def _bomb(width: int, height: int) -> bytes:
    """A PNG that claims a size, and has some of its rows."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(2**20))) + chunk(b"IEND", b"")
    )


def _no_more(now: tuple[list[str], list[str], int], before: tuple[list[str], list[str], int]) -> bool:
    """Whether nothing is there that was not there before; a connection of before may have been closed since."""
    return set(now[0]) <= set(before[0]) and set(now[1]) <= set(before[1]) and now[2] <= before[2]


def test_nothing_is_left(strict: Served) -> None:
    """Runs all that is mean once, in turn and at once, and counts what is left."""
    strict.client.post("/pictures", files={"photo": SMALL}, data={"style": "mural"}).raise_for_status()
    before = strict.leaves()
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            pool.submit(_cut_off, strict)
            pool.submit(_oversized, strict)
            pool.submit(_bombed, strict)
            pool.submit(_abandoned, strict)
    until(lambda: strict.places() == 0)
    until(lambda: _no_more(strict.leaves(), before))
    answer = strict.client.post("/pictures", files={"photo": SMALL}, data={"style": "mural"})
    assert Image.open(io.BytesIO(answer.content)).size == (40, 30)


def _cut_off(strict: Served) -> None:
    """The client goes away in the middle of its body."""
    with closing(connected(strict)) as connection:
        connection.sendall(_head(50_000) + _form()[:300])


def _abandoned(strict: Served) -> None:
    """The client goes away while its picture is painted."""
    with closing(connected(strict)) as connection:
        connection.sendall(_head(len(_form())) + _form())


def _oversized(strict: Served) -> httpx.Response | None:
    try:
        return strict.client.post("/pictures", files={"photo": bytes(2_000_000)}, data={"style": "mural"})
    except (httpx.WriteError, httpx.ReadError):  # the answer came, and the connection was closed, before all was sent
        return None


def _bombed(strict: Served) -> httpx.Response:
    return strict.client.post("/pictures", files={"photo": _bomb(30_000, 30_000)}, data={"style": "mural"})


def test_bodies_are_capped_while_they_arrive(strict: Served) -> None:
    with closing(connected(strict)) as connection:  # it says how long it is, and is refused before it comes
        connection.sendall(_head(1_000_001))
        assert connection.recv(1000).startswith(b"HTTP/1.1 413")
    with closing(connected(strict)) as connection:  # it does not
        part = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n' + bytes(2_000_000)
        connection.sendall(_head(None) + _chunk(part))
        assert connection.recv(1000).startswith(b"HTTP/1.1 413")
        with pytest.raises((BrokenPipeError, ConnectionResetError)):  # nor may it go on for ever
            _send_for_ever(connection)


def _chunk(part: bytes) -> bytes:
    return f"{len(part):x}\r\n".encode() + part + b"\r\n"


def _send_for_ever(connection: socket.socket) -> None:
    while True:
        connection.sendall(_chunk(bytes(10_000)))


def test_who_reads_no_answer_before_all_is_sent_reads_why_it_was_refused(strict: Served) -> None:
    """The body goes on for longer than the service waits for a head."""
    with closing(connected(strict)) as connection:
        connection.sendall(_head(1_000_001))
        for _ in range(10):
            time.sleep(0.2)
            connection.sendall(bytes(100_000))
        connection.sendall(b"x")
        assert connection.recv(1000).startswith(b"HTTP/1.1 413")


def test_pixels_are_capped_before_they_are_decoded(strict: Served) -> None:
    said = "claims more than 6 megapixels"
    assert f"photo: {said}" in detail(_bombed(strict), 413)
    bomb = {"style_image": _bomb(30_000, 30_000)}
    assert said in detail(strict.client.post("/pictures", files={"photo": SMALL, **bomb}), 413)
    files = {"photo": SMALL, "region_mask": _bomb(30_000, 30_000)}
    answer = strict.client.post("/pictures", files=files, data={"style": "mural", "region_style": "kiss"})
    assert said in detail(answer, 413)
    bomb = {"painting": _bomb(30_000, 30_000)}
    for path in ("/styles/predict", "/styles"):
        assert said in detail(strict.client.post(path, files=bomb, data={"slug": "mine"}), 413)


def test_pictures_are_capped_before_they_are_painted(strict: Served) -> None:
    answer = strict.client.post("/pictures", files={"photo": SMALL}, data={"style": "mural", "size": "100000"})
    assert "size 100000: would get more than 6 megapixels" in detail(answer, 413)


def test_other_bodies_are_capped(strict: Served) -> None:
    assert "larger than 64 KB" in detail(strict.client.patch("/styles/mine", content=b" " * 70_000), 413)


def test_slow_bodies_are_given_up(strict: Served) -> None:
    with closing(connected(strict)) as connection:
        connection.sendall(_head(1000) + b"--x")
        assert connection.recv(1000).startswith(b"HTTP/1.1 408")
        while connection.recv(1000):  # until it is closed
            pass


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: loc"])
def test_slow_heads_are_given_up(strict: Served, sent: bytes) -> None:
    with closing(connected(strict)) as connection:
        connection.sendall(sent)
        assert connection.recv(1000) == b""


def test_a_second_slow_head_is_given_up(strict: Served) -> None:
    with closing(connected(strict)) as connection:
        connection.sendall(f"GET {PREFIX}/health HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        answer = b""
        while b"ok" not in answer:  # head and body may come one after the other
            answer += (part := connection.recv(5000))
            assert part
        connection.sendall(b"GET / HTTP")
        assert connection.recv(1000) == b""


def test_answers_that_nobody_reads_are_given_up(strict: Served) -> None:
    before = strict.leaves()
    with closing(socket.socket()) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", strict.port))
        painted = strict.count(path="/pictures", status="200")
        form = _form(size="1600", format="bmp")  # 6 MB
        connection.sendall(_head(len(form)) + form)
        until(lambda: strict.count(path="/pictures", status="200") == painted + 1)
        until(lambda: strict.leaves() == before)


def test_work_is_dropped_when_the_client_goes_away(strict: Served) -> None:
    before = strict.count(path="/pictures", status="499")
    with closing(connected(strict)) as connection:
        connection.sendall(_head(len(_form())) + _form())
        until(lambda: strict.places() == 1)
    until(lambda: strict.count(path="/pictures", status="499") == before + 1)
    assert strict.places() == 0


def test_places_are_bounded(strict: Served) -> None:
    waiting = [connected(strict) for _ in range(2)]
    try:
        for taken, connection in enumerate(waiting):
            connection.sendall(_head(len(_form())) + _form())
            until(lambda taken=taken: strict.places() > taken or strict.count(status="429"))
        answer = strict.client.post("/pictures", files={"photo": SMALL}, data={"style": "mural"})
        assert "places" in detail(answer, answer.status_code)
        assert answer.status_code in (429, 503)
        assert int(answer.headers["retry-after"]) > 0
    finally:
        for connection in waiting:
            connection.close()
    until(lambda: strict.places() == 0)


def test_requests_at_once_get_their_own_pictures(served: Served) -> None:
    """Pictures of 12 sizes at once: none is mixed up with another, none is lost."""
    found: dict[int, tuple[int, int]] = {}

    def paint(width: int) -> None:
        with httpx.Client(base_url=served.client.base_url, timeout=60) as client:
            answer = client.post("/pictures", files={"photo": noise_png(width, 40)}, data={"style": "mural"})
            found[width] = Image.open(io.BytesIO(answer.content)).size

    threads = [threading.Thread(target=paint, args=(40 + width,)) for width in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {40 + width: (40 + width, 40) for width in range(12)}
