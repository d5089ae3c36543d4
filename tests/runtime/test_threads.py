"""Several threads may be the first that use a runtime."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import openvino
import pytest

from impasto.models.model import load_model
from impasto.runtime import load_runtime

CODE = """
import sys, threading
import openvino
import impasto.runtime.openvino

sys.setswitchinterval(1e-6)
gate = threading.Barrier(8)

def first():
    gate.wait()
    openvino.Type.f32.to_dtype()

threads = [threading.Thread(target=first) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_threads_that_begin_together_do_not_wait_for_each_other() -> None:
    """Each of these processes hung more often than not where OpenVINO made its table of dtypes in the threads."""
    processes = [subprocess.Popen([sys.executable, "-c", CODE]) for _ in range(4)]
    try:
        assert [process.wait(timeout=60) for process in processes] == [0] * 4
    finally:
        for process in processes:
            process.kill()


def test_threads_keep_their_networks_from_tile_to_tile(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of six threads that paint large pictures each has a network of its own, whoever gives memory back meanwhile."""
    model, image = load_model(trained), np.zeros((1, 3, 32, 32), np.float32)
    runtime, style = load_runtime("openvino", model, "f32", at_once=6), model.styles["mural"].row[None]
    statistics = runtime.measure(image, style)
    compiled = Mock(wraps=openvino.Core().compile_model)
    monkeypatch.setattr(openvino.Core, "compile_model", lambda _, *given: compiled(*given))
    first, second = ([runtime.run_frozen(image, style, statistics + each) for each in range(6)] for _ in range(2))
    runtime.release()
    third = [runtime.run_frozen(image, style, statistics + each) for each in range(6)]
    assert compiled.call_count == 6
    assert np.array_equal(first, second)
    assert np.array_equal(first, third)


@pytest.mark.parametrize(("at_once", "cores", "times"), [(1, None, 2), (1, 2, 2), (6, 1, 1)])
def test_one_thread_gives_its_networks_back(
    trained: Path, monkeypatch: pytest.MonkeyPatch, at_once: int, cores: int | None, times: int
) -> None:
    model, image = load_model(trained), np.zeros((1, 3, 32, 32), np.float32)
    runtime, style = load_runtime("openvino", model, "f32", at_once, cores), model.styles["mural"].row[None]
    statistics = runtime.measure(image, style)
    compiled = Mock(wraps=openvino.Core().compile_model)
    monkeypatch.setattr(openvino.Core, "compile_model", lambda _, *given: compiled(*given))
    runtime.run_frozen(image, style, statistics)
    runtime.release()
    runtime.run_frozen(image, style, statistics)
    assert compiled.call_count == times
