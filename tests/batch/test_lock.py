"""One process at a time works in a folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from impasto.batch.lock import LOCK, HeldError, alone_in


def test_the_second_is_told_of_the_first(tmp_path: Path) -> None:
    with alone_in(tmp_path / "work"):
        assert (tmp_path / "work" / LOCK).read_text() == str(os.getpid())
        with pytest.raises(HeldError, match=f"process {os.getpid()}"), alone_in(tmp_path / "work"):
            pass
    with alone_in(tmp_path / "work"):
        pass


def test_disks_that_number_files_anew_keep_nobody_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os.path, "samestat", lambda first, second: False)
    with alone_in(tmp_path / "work"), pytest.raises(HeldError), alone_in(tmp_path / "work"):
        pass
