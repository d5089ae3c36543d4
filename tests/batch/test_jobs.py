"""How large a picture will be, whatever its photo is."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from impasto.batch import jobs
from impasto.images import reading


def test_pixels_are_those_of_the_picture(photo: Path) -> None:
    assert jobs.pixels_of(photo, None) == 75 * 50
    assert jobs.pixels_of(photo, 150) == 150 * 100
    assert jobs.pixels_of(io.BytesIO(photo.read_bytes()), None) == 75 * 50


def test_what_cannot_be_read_has_none(tmp_path: Path, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert jobs.pixels_of(tmp_path / "none.jpg", None) == 0
    assert jobs.pixels_of(photo, None, 100) == 0

    def broken(*_: object) -> None:
        raise KeyError("a reader's own mistake")

    monkeypatch.setattr(reading, "_opened", broken)
    assert jobs.pixels_of(photo, None) == 0
