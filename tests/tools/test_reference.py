"""The reference pages are those that the structs make."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_pages_are_up_to_date(tmp_path: Path) -> None:
    """If not: python tools/reference.py."""
    subprocess.run([sys.executable, ROOT / "tools" / "reference.py", tmp_path], check=True, timeout=120)
    made = {page.name: page.read_text("utf-8") for page in tmp_path.iterdir()}
    assert "controls.md" in made
    for name, text in made.items():
        assert (ROOT / "docs" / "reference" / name).read_text("utf-8") == text
