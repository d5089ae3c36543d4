"""OpenVINO's cache of compiled networks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import impasto


def test_second_load_comes_from_the_cache_and_paints_the_same(
    trained: Path, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    first = np.asarray(impasto.load(trained)(photo, "mural"))
    (blob,) = (tmp_path / "cache" / "impasto" / "openvino").iterdir()
    assert (np.asarray(impasto.load(trained)(photo, "mural")) == first).all()
    blob.chmod(0o600)
    blob.write_bytes(b"damaged")
    assert (np.asarray(impasto.load(trained)(photo, "mural")) == first).all()


def test_no_room_for_a_cache_is_no_error(
    trained: Path, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert impasto.load(trained)(photo, "mural")
