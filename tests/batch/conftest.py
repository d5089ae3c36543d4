"""A bucket and a Ray cluster, each once for all tests of a process."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))

from buckets import Faulty, server


@pytest.fixture(scope="session")
def s3() -> Iterator[Faulty]:
    """A server of S3 without faults, which this process, and those that it starts, are told of."""
    with server() as application:
        yield application


@pytest.fixture
def faulty(s3: Faulty) -> Iterator[Faulty]:
    """The same, for tests that give it faults."""
    yield s3
    s3.share = s3.stall = 0.0


@pytest.fixture(scope="session")
def cluster(s3: Faulty) -> Iterator[None]:
    """Ray on this machine, of two cores. Tests that use it belong to the group "ray", as it takes long to start."""
    import ray

    from impasto.batch.ray import OnRay

    OnRay()  # tells Ray by the environment to be quiet
    ray.init("local", num_cpus=2, include_dashboard=False, object_store_memory=100 * 2**20, log_to_driver=False)
    yield
    ray.shutdown()


@pytest.fixture
def album(photo: Path, tmp_path: Path) -> Path:
    """A folder of six photos in a tree."""
    folder = tmp_path / "album"
    for number, name in enumerate(("a.jpg", "b.png", "b.gif", "deep/c.jpg", "deep/er/d.jpeg", "deep/er/e.webp")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.open(photo).convert("RGB").rotate(10 * number).save(folder / name)
    return folder


def files_below(folder: str | os.PathLike[str]) -> dict[str, bytes]:
    """Path below a folder -> content, hidden files too, without the record."""
    found = {str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}
    return {name: content for name, content in found.items() if not name.startswith("_manifest/")}
