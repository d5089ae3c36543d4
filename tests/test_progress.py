"""Progress goes to a function; on a terminal that function draws a bar."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest

from impasto.progress import bar, reported, silent, write


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_every_item_is_reported() -> None:
    reports: list[tuple[int, int, str]] = []
    assert list(reported("ab", lambda *report: reports.append(report), "letters")) == ["a", "b"]
    assert reports == [(0, 2, "letters"), (1, 2, "letters"), (2, 2, "letters")]
    assert list(reported(iter("a"), silent, total=1)) == ["a"]


def test_what_is_done_is_reported_also_where_it_ends_early() -> None:
    reports = []
    for item in reported("abc", lambda done, *_: reports.append(done)):
        if item == "b":
            break
    assert reports == [0, 1]


def test_no_bar_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with bar("tile") as progress:
        assert progress is silent
        progress(1, 2, "")
    assert capsys.readouterr().err == ""


def test_a_bar_on_a_terminal_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    with bar("tile") as progress:
        assert sys.stderr.getvalue() == ""  # type: ignore[attr-defined]
        for total in (2, 5, 5):
            for _ in reported(range(total), progress, f"{total} tiles"):
                write("said")
    shown = sys.stderr.getvalue()  # type: ignore[attr-defined]
    for words in ("2 tiles:   0%", "0/2", "5 tiles", "0/5", "5/5"):
        assert words in shown


def test_without_a_bar_tqdm_is_not_imported() -> None:
    code = """
import sys
from impasto.progress import bar, write
with bar("tile") as progress:
    progress(1, 1, "")
    write("said")
assert "tqdm" not in sys.modules
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (result.returncode, result.stdout) == (0, "said\n"), result.stderr
