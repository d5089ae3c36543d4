"""Films over HTTP: jobs whose files are there for as long as they are needed, and no longer."""

from __future__ import annotations

import io
import itertools
import json
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import av
import httpx
import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.routing import Route
from tests.film.films import make_film, moving
from tests.server.conftest import TOKEN, Served, detail, finished, noise_png, until
from tests.server.test_limits import connected

from impasto.server import jobs as module
from impasto.server.api import films
from impasto.server.endpoints import PREFIX
from impasto.server.jobs import Jobs
from impasto.server.problems import RefusedError

pytestmark = pytest.mark.xdist_group("server")


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A film of 12 frames (48 × 64) with sound."""
    return make_film(tmp_path_factory.mktemp("film") / "film.mp4", moving(12), sound="aac").read_bytes()


@pytest.fixture(scope="session")
def long_film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A film that takes minutes to paint."""
    return make_film(tmp_path_factory.mktemp("film") / "long.mp4", moving(600, 240, 320)).read_bytes()


def _send(served: Served, film: bytes, **fields: str) -> dict[str, str]:
    answer = served.client.post("/films", files={"film": ("My film.mp4", film)}, data={"style": "mural", **fields})
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"{PREFIX}/jobs/{answer.json()['id']}"
    return dict(answer.json())


def _events(served: Served, job: str) -> Iterator[dict[str, object]]:
    with served.client.stream("GET", f"/jobs/{job}/events") as stream:
        for line in stream.iter_lines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))


def _painted(served: Served, film: bytes, **fields: str) -> httpx.Response:
    """The answer with the film, after its job was followed to its end."""
    *_, last = _events(served, _send(served, film, **fields)["id"])
    assert last["state"] == "done", last
    return served.client.get(f"http://127.0.0.1:{served.port}{last['result']}")


def _frames(content: bytes) -> list[np.ndarray]:
    with av.open(io.BytesIO(content)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def test_a_film_is_painted_and_fetched_until_its_job_is_deleted(served: Served, film: bytes) -> None:
    before = served.leaves()[:2]
    states = list(_events(served, _send(served, film, style="0:mural, 0.4:scream", steady="0.5")["id"]))
    last = states[-1]
    assert (last["kind"], last["state"], last["done"], last["total"]) == ("film", "done", 12, 12)
    address = f"http://127.0.0.1:{served.port}{last['result']}"
    answer = served.client.get(address)
    assert answer.headers["content-type"] == "video/mp4"
    assert "attachment" in answer.headers["content-disposition"]
    frames = _frames(answer.content)
    assert len(frames) == 12
    assert np.abs(frames[0].astype(int) - moving(1)[0]).mean() > 10
    with av.open(io.BytesIO(answer.content)) as container:
        assert container.streams.audio
    part = served.client.get(address, headers={"Range": "bytes=4-7"})  # as a video player asks
    assert (part.status_code, part.content) == (206, answer.content[4:8])
    assert served.client.get(address).content == answer.content  # a page that was loaded anew
    served.client.delete(f"/jobs/{last['id']}").raise_for_status()
    until(lambda: served.leaves()[:2] == before)
    assert "forgotten" in detail(served.client.get(address), 404)


def test_a_full_queue_is_told_before_the_film_is_sent(served: Served, long_film: bytes) -> None:
    sent = [_send(served, long_film)["id"]]
    until(lambda: served.client.get(f"/jobs/{sent[0]}").json()["state"] == "running")
    sent += [_send(served, long_film)["id"] for _ in range(module._WAITING)]
    assert served.client.get(f"/jobs/{sent[-1]}").json()["ahead"] == module._WAITING
    with closing(connected(served)) as connection:  # nothing but the head is sent
        head = f"POST {PREFIX}/films HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        connection.sendall(f"{head}Content-Length: 500000000\r\n\r\n".encode())
        answer = connection.recv(4000).decode().lower()
    assert answer.startswith("http/1.1 503")
    assert "retry-after: 60" in answer
    for job in reversed(sent):
        served.client.delete(f"/jobs/{job}").raise_for_status()
    until(lambda: served.client.get(f"/jobs/{sent[0]}").json()["state"] == "cancelled")


def test_every_control_reaches_the_film(served: Served, film: bytes) -> None:
    asked = {"size": "32", "fps": "10", "end": "0.3", "format": "webm", "no_audio": "true", "strength": "0:0, 1:0"}
    answer = _painted(served, film, **asked)
    frames = _frames(answer.content)
    assert answer.headers["content-type"] == "video/webm"
    assert (len(frames), frames[0].shape) == (3, (24, 32, 3))
    with av.open(io.BytesIO(answer.content)) as container:
        assert not container.streams.audio
        assert container.streams.video[0].codec_context.name == "vp9"
    small = np.asarray(Image.fromarray(moving(1)[0]).resize((32, 24)), int)
    assert np.abs(frames[0] - small).mean() < 12  # with no strength at all it is the film


def test_a_film_in_styles_that_are_sent_along(served: Served, film: bytes) -> None:
    style = served.client.post("/styles/predict", files={"painting": noise_png(80, 64)}, data={"slug": "mine"}).content
    mask = Image.new("L", (64, 48))
    mask.paste(255, (0, 0, 32, 48))
    buffer = io.BytesIO()
    mask.save(buffer, "PNG")
    files = {
        "film": ("a.mp4", film),
        "style_file": ("mine.safetensors", style),
        "region_mask": ("mask.png", buffer.getvalue()),
    }
    data = {"style": "0:mine, 1:mural:.5+mine:.5", "region_style": "mural", "format": "gif", "size": "48", "end": ".1"}
    answer = served.client.post("/films", files=files, data=data)
    assert answer.status_code == 202, answer.text
    *_, last = _events(served, answer.json()["id"])
    content = served.client.get(f"http://127.0.0.1:{served.port}{last['result']}").content
    assert content.startswith(b"GIF89a")


def test_a_cancelled_film_leaves_nothing(served: Served, long_film: bytes) -> None:
    before = served.leaves()[:2]
    running, queued = _send(served, long_film), _send(served, long_film)
    until(lambda: served.client.get(f"/jobs/{running['id']}").json()["done"] > 0)
    assert served.leaves()[0] != before[0]
    for job in (queued, running):
        served.client.delete(f"/jobs/{job['id']}").raise_for_status()
        *_, last = _events(served, job["id"])
        assert last["state"] == "cancelled"
    until(lambda: served.leaves()[:2] == before)


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"style": "murl"}, 422, "no style 'murl'"),
        ({"style": "0:mural, 0:kiss"}, 422, "put keyframes in order"),
        ({"steady": "2"}, 422, "steady 2: must be between 0 and 1"),
        ({"strength": "much"}, 422, "strength 'much': is not a number"),
        ({"detail": "7"}, 422, "detail 7: must be between 0 and 1"),
        ({"codec": "vp9", "format": "mov"}, 422, "painted.mov: .mov cannot hold vp9"),
        ({"format": "exe"}, 422, "no format 'exe'"),
        ({"start": "2", "end": "1"}, 422, "must come after the start"),
        ({"size": "1.5"}, 422, "size '1.5': must be a whole number"),
        ({"size": "9" * 5000}, 422, "characters): must be a whole number"),
        ({"size": "large"}, 422, "size 'large': must be a whole number"),
        ({"keep_color": "perhaps"}, 422, "keep_color 'perhaps': must be True or False"),
        ({"size": "90000"}, 413, "size 90000: would get more than"),
        ({"model": "huge"}, 422, "no model 'huge'"),
        ({"region_style": "kiss"}, 422, "send a region_mask"),
    ],
)
def test_what_is_wrong_is_said_and_leaves_nothing(
    served: Served, film: bytes, fields: dict[str, str], status: int, said: str
) -> None:
    before = served.leaves()[:2]
    answer = served.client.post("/films", files={"film": film}, data={"style": "mural", **fields})
    assert said in (problem := detail(answer, status))
    assert "/" not in problem.replace("mural:.6", "")
    until(lambda: served.leaves()[:2] == before)


PLAYLIST = b"ffconcat version 1.0\nfile film.mp4\n"
DAMAGED = {
    "nothing": b"nothing",
    "cut off": b"\0\0\0\x20ftypisom",
    "a playlist": PLAYLIST,
    "a picture": noise_png(8, 8),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_what_is_no_film_is_refused(served: Served, content: bytes) -> None:
    """A playlist would make FFmpeg open other files, or addresses."""
    before = served.leaves()[:2]
    answer = served.client.post("/films", files={"film": ("x.m3u8", content)}, data={"style": "mural"})
    assert detail(answer, 415).startswith("film: cannot be read as a film")
    until(lambda: served.leaves()[:2] == before)


def test_a_film_without_frames_fails(served: Served, film: bytes) -> None:
    before = served.leaves()[:2]
    *_, last = _events(served, _send(served, film, start="9")["id"])
    assert last["state"] == "failed"
    assert str(last["error"]).startswith("film: has no frames")
    until(lambda: served.leaves()[:2] == before)


def test_films_are_capped_while_they_arrive(strict: Served) -> None:
    before = strict.leaves()[:2]
    part = b'--x\r\nContent-Disposition: form-data; name="%s"; filename="a"\r\n\r\n' + bytes(300_000)
    for name, sent in ((b"film", 8), (b"style_file", 4)):  # 2 MB for films, 1 MB for all else
        with closing(connected(strict)) as connection:
            connection.sendall(_head() + _chunk(part % name))
            for _ in range(sent):
                connection.sendall(_chunk(bytes(300_000)))
            assert connection.recv(1000).startswith(b"HTTP/1.1 413")
    with closing(connected(strict)) as connection:  # the client is killed in the middle
        connection.sendall(_head() + _chunk(part % b"film"))
        until(lambda: strict.leaves()[0] != before[0])
    until(lambda: strict.leaves()[:2] == before)


def _head() -> bytes:
    lines = [
        f"POST {PREFIX}/films HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {TOKEN}",
        "Content-Type: multipart/form-data; boundary=x",
        "Transfer-Encoding: chunked",
        "\r\n",
    ]
    return "\r\n".join(lines).encode()


def _chunk(part: bytes) -> bytes:
    return f"{len(part):x}\r\n".encode() + part + b"\r\n"


def test_files_of_jobs_are_bounded_and_expire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = Jobs()
    names = map(str, itertools.count())

    def done() -> Path:
        folder = tmp_path / next(names)
        folder.mkdir()
        job = jobs.start("film", lambda progress: "/there", folder=folder)
        until(lambda: jobs.get(job.id).ended)
        return folder

    folders = [done() for _ in range(module._KEPT)]
    with pytest.raises(RefusedError, match="wait to be fetched"):
        done()
    jobs.fetched(jobs.listed()[-3].id)
    folders.append(done())
    fetched = folders.pop(2)
    until(lambda: not fetched.exists())  # it makes room
    jobs.expire()
    assert all(folder.exists() for folder in folders)
    monkeypatch.setattr(module, "_KEPT_SECONDS", 0.0)
    time.sleep(0.01)
    jobs.expire()
    until(lambda: not any(folder.exists() for folder in folders))
    assert jobs.listed() == []
    kept = done()
    jobs.close()
    assert not kept.exists()


def test_a_film_is_fetched_once_one_answer_had_all_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as it is not, there is no room for another."""
    monkeypatch.setattr(module, "_KEPT", 1)
    (tmp_path / "painted.mp4").write_bytes(bytes(300_000))
    (endpoint,) = [each for each in films.ENDPOINTS if each.method == "GET"]
    app = Starlette(routes=[Route(endpoint.path, endpoint.answer_to)])
    app.state.service = SimpleNamespace(jobs=(jobs := Jobs()))
    job = jobs.start("film", lambda progress: "/there", folder=tmp_path)
    until(lambda: jobs.get(job.id).ended)

    async def fetch(method: str, **headers: str) -> int:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
            return len((await client.request(method, f"/films/{job.id}", headers=headers)).content)

    for method, part, size in (("HEAD", "", 0), ("GET", "bytes=0-99", 100), ("GET", "bytes=100000-", 200_000)):
        assert finished(fetch(method, **{"Range": part} if part else {})) == size
        with pytest.raises(RefusedError, match="wait to be fetched"):
            jobs.check_room("film")
    assert finished(fetch("GET", Range="bytes=0-")) == 300_000
    jobs.check_room("film")
    jobs.close()


def test_whoever_only_asks_about_a_film_is_answered_as_if_it_were_fetched(served: Served, film: bytes) -> None:
    *_, last = _events(served, _send(served, film, end="0.1")["id"])
    address = f"http://127.0.0.1:{served.port}{last['result']}"
    asked = served.client.head(address)
    assert (asked.status_code, asked.content) == (200, b"")
    fetched = served.client.get(address)
    assert fetched.headers["content-length"] == asked.headers["content-length"]
    assert len(_frames(fetched.content)) == 3
