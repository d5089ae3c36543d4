"""Styles over HTTP: those of models, and the user's own."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image
from tests.server.conftest import Served, detail, noise_png, until

from impasto.models import library
from impasto.models.model import load_model
from impasto.styles.style import IDENTITY, Style

pytestmark = pytest.mark.xdist_group("server")


@pytest.fixture
def mine(served: Served) -> bytes:
    """The file of a style that was predicted, and is nobody's yet."""
    answer = served.client.post(
        "/styles/predict", files={"painting": noise_png(80, 64)}, data={"slug": "mine", "name": "My own", "artist": "I"}
    )
    assert answer.status_code == 200, answer.text
    return answer.content


def _own(served: Served) -> dict[str, str]:
    return {each["slug"]: each["name"] for each in served.client.get("/styles").json()["styles"] if each["own"]}


def test_lists_styles_with_their_pictures(served: Served) -> None:
    for name in ("fast", "paper"):
        answer = served.client.get("/styles", params={"model": name}).json()
        model = load_model(name)
        assert answer["model"] == name
        assert [each["slug"] for each in answer["styles"]] == [slug for slug in model.styles if slug != IDENTITY]
        first = answer["styles"][0]
        origin = f"http://127.0.0.1:{served.port}"
        picture = served.client.get(origin + first["thumbnail"])
        assert picture.headers["content-type"] == "image/jpeg"
        assert Image.open(io.BytesIO(picture.content)).width > 50
        assert served.client.get(origin + first["file"]).content == model.styles[first["slug"]].content


def test_a_predicted_style_is_not_kept(served: Served, mine: bytes) -> None:
    info = Style.decode(mine, "mine").info
    assert (info.slug, info.name, info.artist) == ("mine", "My own", "I")
    assert _own(served) == {}


def test_put_change_and_delete(served: Served, mine: bytes) -> None:
    put = served.client.put("/styles/a-style.safetensors", content=mine)
    assert (put.status_code, put.json()["own"]) == (200, True)
    assert _own(served) == {"a-style": "My own"}
    assert served.client.put("/styles/a-style.safetensors", content=mine).status_code == 200  # replaces it
    changed = served.client.patch("/styles/a-style", json={"slug": "other", "name": "Another"})
    assert changed.json()["slug"] == "other"
    assert _own(served) == {"other": "Another"}
    data = {"style": "other:.5,mural:.5"}
    assert served.client.post("/pictures", files={"photo": noise_png(40, 40)}, data=data).status_code == 200
    assert served.client.delete("/styles/other").status_code == 204
    assert _own(served) == {}
    assert "no style 'other'" in detail(served.client.delete("/styles/other"), 404)


def test_what_is_changed_elsewhere_is_seen(served: Served, mine: bytes) -> None:
    model = load_model()
    library.keep(Style.decode(mine, "mine"), model)
    assert _own(served) == {"mine": "My own"}
    library.remove("mine", model)
    assert _own(served) == {}


def test_only_ones_own_can_be_changed(served: Served, mine: bytes) -> None:
    before = sorted(library.root().rglob("*"))
    for answer, said in [
        (served.client.delete("/styles/mural"), "comes with fast"),
        (served.client.patch("/styles/mural", json={"name": "Mine"}), "comes with fast"),
        (served.client.put("/styles/mural.safetensors", content=mine), "has a style of that name"),
        (served.client.put("/styles/Bad%20name.safetensors", content=mine), "use lower-case letters"),
        (served.client.put("/styles/mine.safetensors", content=b"nothing"), "damaged"),
        (served.client.put("/styles/mine.safetensors?model=paper", content=mine), "another network"),
    ]:
        assert said in detail(answer, 422)
    assert sorted(library.root().rglob("*")) == before


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"{", 400, "body: is not JSON"),
        (b'{"slug": 5}', 422, "Expected `str | null`"),
        (b'{"row": [1]}', 422, "unknown field `row`"),
        (b'{"slug": "../up"}', 422, "use lower-case letters"),
        (b'{"slug": "mural"}', 422, "has a style of that name"),
    ],
)
def test_wrong_changes(served: Served, mine: bytes, body: bytes, status: int, said: str) -> None:
    assert served.client.put("/styles/mine.safetensors", content=mine).status_code == 200
    try:
        assert said in detail(served.client.patch("/styles/mine", content=body), status)
        assert _own(served) == {"mine": "My own"}
    finally:
        served.client.delete("/styles/mine")


def test_a_thumbnail_that_is_no_picture_is_not_served(served: Served, mine: bytes) -> None:
    style = Style.decode(mine, "mine")
    script = Style(style.info, style.row, b"<script>alert(1)</script>")
    assert served.client.put("/styles/mine.safetensors", content=script.content).json()["thumbnail"] == ""
    assert served.client.get("/styles/mine/thumbnail").status_code == 404
    served.client.delete("/styles/mine")


@pytest.mark.slow
def test_a_fit_is_a_job(served: Served) -> None:
    files = {"painting": noise_png(120, 90)}
    answer = served.client.post("/styles", files=files, data={"slug": "fitted", "name": "Fitted", "minutes": "0.001"})
    assert answer.status_code == 202, answer.text
    path = answer.headers["location"]
    with served.client.stream("GET", f"/jobs/{answer.json()['id']}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        events = [line for line in stream.iter_lines() if line.startswith("data: ")]
    assert '"state":"running"' in events[-2]
    job = served.client.get(f"http://127.0.0.1:{served.port}{path}").json()
    assert (job["state"], job["kind"], job["error"]) == ("done", "style", "")
    assert job["done"] == job["total"] > 0
    assert Style.decode(served.client.get(f"http://127.0.0.1:{served.port}{job['result']}").content, "x").info.losses
    assert _own(served) == {"fitted": "Fitted"}
    assert "--replace it" in detail(served.client.post("/styles", files=files, data={"slug": "fitted"}), 422)
    served.client.delete("/styles/fitted")


def test_a_fit_that_is_cancelled_leaves_nothing(served: Served) -> None:
    before = served.leaves()[:2]
    files, gone = {"painting": noise_png(120, 90)}, []
    for slug in ("first", "second"):  # the second one waits
        answer = served.client.post("/styles", files=files, data={"slug": slug, "minutes": "30"})
        gone.append(answer.json()["id"])
    until(lambda: served.client.get(f"/jobs/{gone[0]}").json()["state"] == "running")
    for job in reversed(gone):
        assert served.client.delete(f"/jobs/{job}").status_code == 204
        until(lambda job=job: served.client.get(f"/jobs/{job}").json()["state"] == "cancelled")
    assert _own(served) == {}
    assert served.leaves()[:2] == before
    assert served.client.delete(f"/jobs/{gone[0]}").status_code == 204  # forgotten
    assert "no job" in detail(served.client.get(f"/jobs/{gone[0]}"), 404)


def test_a_painting_that_cannot_be_read_is_no_job(served: Served) -> None:
    before = served.client.get("/jobs").json()
    sent = {"files": {"painting": b"<svg/>"}, "data": {"slug": "fitted"}}
    assert "painting: is not a picture" in detail(served.client.post("/styles", **sent), 415)
    assert served.client.get("/jobs").json() == before


def test_photos_of_the_folder(served: Served, tmp_path: Path) -> None:
    photos = served.client.get("/photos").json()["photos"]
    assert [each["name"] for each in photos][:2] == ["cat.jpg", "colosseum.jpg"]
    assert str(Path.cwd()) not in str(photos)
    origin = f"http://127.0.0.1:{served.port}"
    assert Image.open(io.BytesIO(served.client.get(origin + photos[0]["file"]).content)).size == (1024, 768)
    small = served.client.get(origin + photos[0]["thumbnail"]).content
    assert max(Image.open(io.BytesIO(small)).size) == 192
    assert served.client.get("/photos/..%2f..%2fetc%2fpasswd").status_code == 404
    assert "no photo" in detail(served.client.get("/photos/cat.jpg"), 404)
