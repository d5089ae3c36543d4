"""Nothing reports to others that somebody paints."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from impasto.models.model import Graph

PAINT = """
import sys, impasto
impasto.load({model!r}, precision="int8")({photo!r}, "mural")
print(sorted(name for name in sys.modules if "telemetry" in name and not name.startswith("nncf")))
"""
"""NNCF has a module of its own that imports the reporting one if there is one."""
CONVERT = """
import impasto
impasto.load({model!r})
import openvino
print(openvino.convert_model({network!r}).inputs)
"""

AFTER_OPENVINO = """
import openvino, sys
from impasto.runtime.private_import import private_imports
with private_imports():
    from impasto.runtime import quantization
from nncf.telemetry.wrapper import telemetry
print(type(telemetry).__name__, "openvino_telemetry" in sys.modules, "openvino.tools.ovc" in sys.modules)
"""
TOGETHER = """
import threading
from impasto.runtime.private_import import private_imports
first_in, first_out, second_in = (threading.Event() for _ in range(3))

def first():
    with private_imports():
        first_in.set()
        second_in.wait(0.5)
    first_out.set()

def second():
    first_in.wait()
    with private_imports():
        second_in.set()
        first_out.wait()
        try:
            import openvino_telemetry
        except ImportError:
            print("left out")

threads = [threading.Thread(target=each) for each in (first, second)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


def test_painting_imports_nothing_that_reports_it(trained: Path, photo: Path) -> None:
    assert run(PAINT.format(model=str(trained), photo=str(photo))).splitlines()[-1] == "[]"


def test_whoever_wants_the_converter_of_models_has_it(trained: Path) -> None:
    assert "image" in run(CONVERT.format(model=str(trained), network=str(trained / Graph.WHOLE.value)))


def test_nncf_reports_nothing_where_openvino_was_imported_before() -> None:
    assert run(AFTER_OPENVINO).split() == ["MagicMock", "True", "True"]


def test_a_thread_that_is_done_does_not_show_another_what_that_leaves_out() -> None:
    assert run(TOGETHER) == "left out\n"
