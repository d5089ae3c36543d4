"""``impasto completion``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
from click.testing import CliRunner

from impasto.cli.main import main


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_one_for_the_shell(shell: str) -> None:
    result = CliRunner().invoke(main, ["completion", shell])
    assert result.exit_code == 0
    assert "_IMPASTO_COMPLETE" in result.output
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=result.output, text=True, check=True)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("impasto styl", {"plain,stylize", "plain,styles"}),
        ("impasto stylize a.jpg -s mur", {"plain,mural"}),
        ("impasto a.jpg --vers", {"plain,--version"}),  # whoever left out the command is told when it is called
    ],
)
def test_words_are_completed(words: str, expected: set[str]) -> None:
    asked = {"_IMPASTO_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    result = subprocess.run(
        [sys.executable, "-m", "impasto"], env=os.environ | asked, capture_output=True, text=True, check=True
    )
    assert set(result.stdout.split()) == expected
