"""The container's files are strict; `make lint` checks that they are well-formed, and nothing here starts one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from ruamel.yaml import YAML
from tests.server.conftest import Served

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
