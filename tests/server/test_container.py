"""The container's files are strict and well-formed, and what it runs works as it runs there; nothing starts one."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from ruamel.yaml import YAML
from tests.film.films import make_film, moving
from tests.server.conftest import Served, noise_png, serving, until

from impasto.assets import examples

pytestmark = pytest.mark.xdist_group("server")

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ").splitlines()


def _last(instruction: str) -> str:
    return next(line.strip() for line in reversed(DOCKERFILE) if line.strip().startswith(instruction))


@pytest.fixture
def service() -> dict[str, Any]:
    """The service of the compose file."""
    return YAML(typ="safe").load(ROOT / "compose.yaml")["services"]["impasto"]


def test_it_may_do_little(service: dict[str, Any]) -> None:
    assert _last("USER") == "USER 1000"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["ports"] == ["127.0.0.1:8000:8000"]


@pytest.mark.parametrize(
    "command",
    [
        ["hadolint", "Dockerfile"],
        ["check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"],
    ],
    ids=lambda command: command[0],
)
def test_the_linters_find_nothing(command: list[str]) -> None:
    program = Path(sys.executable).with_name(command[0])
    if not program.exists():
        pytest.skip(f"needs {command[0]}: pip install '.[dev]'")
    done = subprocess.run([program, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


READ_ONLY = """
mount --make-rprivate / && mount --rbind / / && mount -o remount,bind,ro /
for folder in "$1" "$2"; do mount -t tmpfs tmpfs "$folder"; done
! touch "$1.new" 2> /dev/null || exit 1
shift 2; exec "$@"
"""
"""Runs a command where nothing can be written but in two folders, as in the container."""


@pytest.mark.slow
def test_it_works_where_only_data_and_temporary_files_can_be_written(tmp_path: Path) -> None:
    apart = ["unshare", "--map-root-user", "--mount", "bash", "-ec", READ_ONLY, "bash"]
    folders = [tmp_path / "data", tmp_path / "temporary"]
    for folder in folders:
        folder.mkdir()
    within = [*apart, *map(str, folders)]
    if not shutil.which("unshare") or subprocess.run([*within, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system lets nobody have file systems of their own")
    film = make_film(tmp_path / "film.mp4", moving(4)).read_bytes()
    data = folders[0]
    places = {"XDG_DATA_HOME": str(data), "XDG_CACHE_HOME": str(data / "cache")}  # as in the Dockerfile
    assert {f"{name}={place.replace(str(data), '/data')}" for name, place in places.items()} <= set(
        _last("ENV").split()
    )
    with serving(folders[1], "--input", str(examples()), within=within, **places) as service:
        client, fields = service.client, {"style": "mural", "size": "64"}
        client.post("/pictures", files={"photo": noise_png(64, 48)}, data=fields).raise_for_status()
        style = client.post("/styles/predict", files={"painting": noise_png(80, 64)}).raise_for_status().content
        client.put("/styles/mine.safetensors", content=style).raise_for_status()
        assert "mine" in [each["slug"] for each in client.get("/styles").json()["styles"]]
        job = client.post("/films", files={"film": film}, data={"style": "mural"}).raise_for_status().json()["id"]
        until(lambda: client.get(f"/jobs/{job}").json()["state"] not in ("queued", "running"))
        client.get(f"/films/{job}").raise_for_status()


def test_what_is_installed_is_there() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    assert kept >= {"LICENSE", "NOTICE", "README.md", "constraints.txt", "pyproject.toml", "src"}
    assert all((ROOT / name).exists() for name in kept)


def test_the_health_check_works(served: Served) -> None:
    command = msgspec.json.decode(_last("HEALTHCHECK").partition("CMD ")[2])
    assert command[0] == "python"
    for port, code in ((served.port, 0), (1, 1)):
        script = command[2].replace(":8000", f":{port}")
        assert subprocess.run([sys.executable, "-c", script], capture_output=True, check=False).returncode == code
