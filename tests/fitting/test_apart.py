"""A style is added in a process of its own: what it reports and refuses, and that stopping it leaves nothing."""

from __future__ import annotations

import io
import multiprocessing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto.errors import ImpastoError, StoppedError
from impasto.fitting.apart import add_style_apart
from impasto.models import library
from impasto.models.model import load_model
from impasto.progress import silent


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def painting() -> bytes:
    """The file of a picture of coloured blocks."""
    blocks = np.random.default_rng(3).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(blocks).resize((80, 60)).save(buffer, "PNG")
    return buffer.getvalue()


def _own(model: Path) -> list[str]:
    return [path.name for path in library.folder(load_model(model)).glob("*")]


def test_adds_the_style_and_reports(trained: Path, workshop, painting: bytes) -> None:
    told: list[tuple[int, int, str]] = []
    options = {
        "model": trained,
        "content": workshop.photos,
        "title": "Blocks",
        "steps": 4,
        "crop": 48,
        "check_every": 2,
    }
    add_style_apart([painting], "blocks", lambda *each: told.append(each), **options)
    assert told[0] == (0, 0, "starting")
    assert told[-1][:2] == (4, 4)
    assert _own(trained) == ["blocks.safetensors"]
    assert library.with_own_styles(load_model(trained)).styles["blocks"].info.name == "Blocks"


def test_says_what_is_wrong(trained: Path, painting: bytes) -> None:
    with pytest.raises(ImpastoError, match="name 'Bad': use lower-case letters"):
        add_style_apart([painting], "Bad", silent, model=trained)


def test_ends_when_a_report_raises(trained: Path, painting: bytes) -> None:
    def stopped(done: int, total: int, note: str) -> None:
        raise StoppedError("stopped")

    with pytest.raises(StoppedError):
        add_style_apart([painting], "blocks", stopped, model=trained)
    assert multiprocessing.active_children() == []
    assert _own(trained) == []
