"""The scripts in benchmarks/ import each other by their names, and so do tests of them."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
