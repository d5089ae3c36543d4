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


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


def test_painting_imports_nothing_that_reports_it(trained: Path, photo: Path) -> None:
    assert run(PAINT.format(model=str(trained), photo=str(photo))).splitlines()[-1] == "[]"


def test_whoever_wants_the_converter_of_models_has_it(trained: Path) -> None:
    assert "image" in run(CONVERT.format(model=str(trained), network=str(trained / Graph.WHOLE.value)))
