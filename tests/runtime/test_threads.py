"""Several threads may be the first that use a runtime."""

from __future__ import annotations

import subprocess
import sys

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
