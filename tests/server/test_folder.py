"""The folder of ``--input`` is not walked for every picture of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from impasto.assets import examples
from impasto.server import folder as module
from impasto.server.folder import Folder


def test_a_listing_is_kept_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "first.jpg", tmp_path / "second.jpg"
    shutil.copy(examples() / "cat.jpg", first)
    folder = Folder(tmp_path)
    (photo,) = folder.listed()
    assert folder.find(photo) == first
    shutil.copy(first, second)
    assert list(folder.listed().values()) == [first]  # it is believed
    assert folder.find("nothing") is None
    monkeypatch.setattr(module, "_FRESH", 0.0)
    assert list(folder.listed().values()) == [first, second]
    first.unlink()
    assert folder.find(photo) is None
