"""Ray paints the pictures that threads paint, whoever is killed meanwhile."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pytest
from buckets import Faulty, files_in, make
from PIL import Image

import impasto
from conftest import files_below
from impasto import ImpastoError
from impasto.batch.ray import OnRay, Paint, Pool, _blocks, pool_of

pytestmark = pytest.mark.xdist_group("ray")
KILLS = int(os.environ.get("IMPASTO_CLUSTER_KILLS", "0"))
"""How often a whole Ray and its driver are killed, each of which takes half a minute; CI does it once."""


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A folder of 120 photos."""
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(120):
        Image.effect_noise((64 + number, 48), 60).convert("RGB").save(folder / f"{number:03}.png")
    return folder


def test_pictures_are_those_of_threads(cluster: None, trained: Path, album: Path, tmp_path: Path) -> None:
    (album / "a.jpg").write_bytes(b"no photo")
    model = str(trained)
    told: list[int] = []
    Image.linear_gradient("L").save(tmp_path / "mask.png")
    options: dict[str, Any] = {"model": model, "region": f"{tmp_path}/mask.png=slot-2"}
    by_ray = impasto.batch(
        album, "mural", tmp_path / "ray", on="ray", progress=lambda done, *_: told.append(done), **options
    )
    by_threads = impasto.batch(album, "mural", tmp_path / "threads", **options)
    assert (by_ray.painted, by_ray.failed) == (by_threads.painted, by_threads.failed) == (5, 1)
    assert by_ray.failures == by_threads.failures
    assert files_below(tmp_path / "ray") == files_below(tmp_path / "threads")
    assert told == [*range(7)]
    assert impasto.batch(album, "mural", tmp_path / "ray", **options).there == 5  # who painted does not matter


@pytest.mark.skipif(not KILLS, reason="IMPASTO_CLUSTER_KILLS is 0")
def test_buckets_with_faults(cluster: None, faulty: Faulty, trained: Path, album: Path, tmp_path: Path) -> None:
    photos = {f"in/{number}/{name}": each for number in range(5) for name, each in files_below(album).items()}
    make("ray-in", photos)
    make("ray-out")
    faulty.share = 0.1
    done = impasto.batch("s3://ray-in/in", "mural", "s3://ray-out", on="ray", model=str(trained))
    faulty.share = 0.0
    assert (done.painted, done.failed) == (30, 0)
    pictures = {key: each for key, each in files_in("ray-out").items() if not key.startswith("_manifest")}
    impasto.batch(album, "mural", tmp_path / "out", model=str(trained))
    one = files_below(tmp_path / "out")
    assert pictures == {f"{number}/{name}": each for number in range(5) for name, each in one.items()}


def actors() -> list[psutil.Process]:
    """The processes that paint, which are below this one's Ray."""
    below = psutil.Process().children(recursive=True)
    return [each for each in below if "MapWorker" in each.name() or "MapWorker" in " ".join(each.cmdline())]


@pytest.mark.slow
def test_pictures_of_a_worker_that_is_killed_are_painted_by_another(
    cluster: None, trained: Path, many: Path, tmp_path: Path
) -> None:
    killed: list[int] = []
    rng = random.Random(1)

    def kill() -> None:
        for _ in range(max(1, KILLS)):
            pictures = len([*(tmp_path / "out").glob("[!._]*")]) + rng.randrange(1, 12)
            while len([*(tmp_path / "out").glob("[!._]*")]) < min(pictures, 100):
                time.sleep(0.005)
            for actor in actors():
                actor.kill()
                killed.append(actor.pid)

    killer = threading.Thread(target=kill)
    killer.start()
    done = impasto.batch(many, "mural", tmp_path / "out", on="ray", model=str(trained))
    killer.join()
    assert killed
    assert (done.painted, done.failed) == (120, 0)
    impasto.batch(many, "mural", tmp_path / "undisturbed", model=str(trained))
    assert files_below(tmp_path / "out") == files_below(tmp_path / "undisturbed")


@pytest.mark.skipif(not KILLS, reason="IMPASTO_CLUSTER_KILLS is 0")
@pytest.mark.parametrize("everything", [False, True])
def test_drivers_and_whole_clusters_that_are_killed_are_gone_on_with(
    trained: Path, many: Path, tmp_path: Path, everything: bool
) -> None:
    command = [
        sys.executable,
        "-m",
        "impasto",
        "batch",
        str(many),
        "-s",
        "mural",
        "--model",
        str(trained),
        "--on",
        "ray",
    ]
    out, rng = tmp_path / "out", random.Random(everything)
    for _ in range(KILLS):
        there = len([*out.glob("[!._]*")])
        process = subprocess.Popen([*command, "-o", str(out)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wanted = there + rng.randrange(0, 8)
        while process.poll() is None and len([*out.glob("[!._]*")]) < min(wanted, 110):
            time.sleep(0.005)
        below = psutil.Process(process.pid).children(recursive=True) if everything else []
        for each in (*below, process):
            each.kill()
        assert process.wait() == -signal.SIGKILL
        psutil.wait_procs(below, 30)
    subprocess.run([*command, "-o", str(out)], check=True, stdout=subprocess.DEVNULL)
    impasto.batch(many, "mural", tmp_path / "undisturbed", model=str(trained))
    assert files_below(out) == files_below(tmp_path / "undisturbed")


LOST = """
import sys, threading, time
from pathlib import Path
from impasto.batch.ray import OnRay
OnRay()
import impasto, ray
from ray.cluster_utils import Cluster
photos, out, model = sys.argv[1:]
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "object_store_memory": 80 * 2**20})
nodes = [cluster.add_node(num_cpus=1, object_store_memory=80 * 2**20) for _ in range(2)]
ray.init(cluster.address, log_to_driver=False)
def lose():
    while len([*Path(out).glob("[!._]*")]) < 10:
        time.sleep(0.01)
    cluster.remove_node(nodes[1], allow_graceful=False)
threading.Thread(target=lose).start()
done = impasto.batch(photos, "mural", out, on="ray", model=model)
assert (done.painted, done.failed) == (120, 0), done
assert sum(node["Alive"] for node in ray.nodes()) == 2
ray.shutdown()
cluster.shutdown()
"""


@pytest.mark.skipif(not KILLS, reason="IMPASTO_CLUSTER_KILLS is 0")
def test_pictures_of_a_node_that_is_lost_are_painted_by_others(trained: Path, many: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", LOST, str(many), str(tmp_path / "out"), str(trained)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    impasto.batch(many, "mural", tmp_path / "undisturbed", model=str(trained))
    assert files_below(tmp_path / "out") == files_below(tmp_path / "undisturbed")


def test_paint_is_a_step_of_other_pipelines(cluster: None, trained: Path, album: Path, tmp_path: Path) -> None:
    import ray.data

    rows = [
        {"source": str(album / name), "target": str(tmp_path / name)} for name in ("a.jpg", "deep/c.jpg", "none.jpg")
    ]
    painted = ray.data.from_items(rows).map_batches(
        Paint,
        fn_constructor_args=["mural"],
        fn_constructor_kwargs={"strength": 0.5, "model": str(trained)},
        batch_format="pyarrow",
        concurrency=1,
    )
    found = {Path(row["source"]).name: row for row in painted.take_all()}
    assert {name: row["status"] for name, row in found.items()} == {
        "a.jpg": "painted", "c.jpg": "painted", "none.jpg": "failed"
    }  # fmt: skip
    assert (tmp_path / "deep/c.jpg").stat().st_size == found["c.jpg"]["bytes"]


def node(cpus: float, gpus: int = 0, alive: bool = True) -> dict[str, Any]:
    return {"Alive": alive, "Resources": {"CPU": cpus, "GPU": gpus}}


@pytest.mark.parametrize(
    ("nodes", "runtime", "pool"),
    [
        ([node(2)], "openvino", Pool(1, 2)),
        ([node(16)], "openvino", Pool(4, 4)),
        ([node(8), node(2), node(0)], "openvino", Pool(5, 2)),
        ([node(8), node(8, alive=False)], "openvino", Pool(2, 4)),
        ([node(8, 2), node(8, 1)], "onnxruntime", Pool(3, 4, 1)),
        ([node(8, 2)], "openvino", Pool(2, 4)),
    ],
)
def test_as_many_actors_as_there_is_room_for(nodes: list[dict[str, Any]], runtime: str, pool: Pool) -> None:
    assert pool_of(nodes, runtime) == pool


def test_tasks_are_small_at_the_end_and_have_each_row_once() -> None:
    rows = pa.table({"row": range(1000)})
    blocks = [*_blocks(rows, 4)]
    assert pa.concat_tables(blocks) == rows
    sizes = [block.num_rows for block in blocks]
    assert sizes == sorted(sizes, reverse=True)
    assert (sizes[0], sizes[-1]) == (16, 1)


def test_many_rows_are_in_as_many_tasks_as_few() -> None:
    rows = pa.table({"row": range(1_000_000)})
    sizes = [block.num_rows for block in _blocks(rows, 4)]
    assert sum(sizes) == 1_000_000
    assert sizes[:8] == [16] * 8, "so that the first pictures show soon"
    assert (max(sizes), sizes[-1]) == (125, 1)
    assert len(sizes) < 8_100
    assert max(block.num_rows for block in _blocks(rows, 4_000)) == 16, "so that nobody waits long for a slow thread"


def failing(error: Exception) -> Callable[..., None]:
    def init(*_: object, **__: object) -> None:
        raise error

    return init


@pytest.mark.parametrize(
    ("address", "error", "words"),
    [
        ("10.0.0.1:6379", ConnectionError("no"), "address 10.0.0.1:6379: there is no Ray cluster that answers"),
        ("auto", RuntimeError("Version mismatch: Ray 1 and 2"), "address auto: the cluster has another version of Ray"),
        (None, OSError("no\nmemory"), r"Ray cannot be started on this machine \(no memory\)"),
    ],
)
def test_clusters_that_are_not_there_are_named(
    monkeypatch: pytest.MonkeyPatch,
    trained: Path,
    photo: Path,
    tmp_path: Path,
    address: str,
    error: Exception,
    words: str,
) -> None:
    import ray

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", failing(error))
    with pytest.raises(ImpastoError, match=words):
        impasto.batch(photo, "mural", tmp_path / "out", on="ray", address=address, model=str(trained))


def test_nodes_of_another_version_are_named(
    cluster: None, monkeypatch: pytest.MonkeyPatch, trained: Path, photo: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr(impasto, "__version__", "9.9")
    with pytest.raises(ImpastoError, match=r"node .*: has impasto [\w.]+, and this machine 9.9; install that there"):
        impasto.batch(photo, "mural", tmp_path / "out", on="ray", model=str(trained))


def test_without_the_extra_the_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray.data", None)
    with pytest.raises(ImpastoError, match=r"this needs ray.data: pip install"):
        OnRay()
