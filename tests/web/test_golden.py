"""Python and JavaScript compute the same: both are compared with tests/web/golden.json."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.browsing import REQUIRED

from impasto.images.noise import _SEED

HERE = Path(__file__).parent
TOOL = HERE.parents[1] / "tools" / "golden.py"


def read(value: Any) -> Any:
    if isinstance(value, dict) and "dtype" in value:
        return np.frombuffer(base64.b64decode(value["data"]), value["dtype"]).reshape(value["shape"])
    if isinstance(value, dict):
        return {name: read(each) for name, each in value.items()}
    return [read(each) for each in value] if isinstance(value, list) else value


def same(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, np.ndarray):
        # Other versions of Pillow and NumPy round otherwise here and there.
        most = 1 if wanted.dtype == np.uint8 else 1e-4
        return found.shape == wanted.shape and np.abs(found.astype(float) - wanted).max() <= most
    if isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(same(found[name], each) for name, each in wanted.items())
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(same, found, wanted))
    return bool(found == wanted)


def test_python_computes_what_the_golden_file_says(tmp_path: Path) -> None:
    """If it changed on purpose: python tools/golden.py."""
    subprocess.run([sys.executable, TOOL, tmp_path / "golden.json"], check=True, timeout=120)
    made, kept = (read(json.loads((folder / "golden.json").read_text())) for folder in (tmp_path, HERE))
    assert made.keys() == kept.keys()
    assert [name for name in kept if not same(made[name], kept[name])] == []


def test_javascript_computes_what_the_golden_file_says() -> None:
    node = shutil.which("node")
    if node is None:
        assert REQUIRED not in os.environ
        pytest.skip("needs Node.js: apt-get install nodejs")
    done = subprocess.run([node, "--test", HERE], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout
    assert "# pass 2" in done.stdout  # twenty and more


def test_the_state_of_the_noise_is_the_seeds() -> None:
    state = np.random.PCG64(_SEED).state["state"]
    cells = (HERE.parents[1] / "src" / "impasto" / "web" / "images" / "cells.js").read_text()
    assert f"STATE = {state['state']}n" in cells
    assert f"INCREMENT = {state['inc']}n" in cells
