"""What ``impasto batch`` says, and that nothing is imported for it before it is called."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from impasto.cli.main import main


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two photos in photos/."""
    (tmp_path / "photos").mkdir()
    for number in range(2):
        Image.linear_gradient("L").resize((48, 32)).rotate(90 * number).save(tmp_path / f"photos/photo{number}.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_a_run_says(folder: Path, trained: Path) -> None:
    (folder / "photos" / "bad.jpg").write_text("no photo")
    command = ["batch", "photos", "-s", "mural", "-o", "out", "--model", trained]
    first = invoke(*command)
    assert (first.exit_code, first.stdout.count("\n")) == (1, 1)
    assert re.fullmatch(r".*/out: 2 painted in \d+ s, [\d.]+ a second\n", first.stdout)
    assert first.stderr.splitlines()[0] == "impasto: 1 failed; `impasto batch status` lists them:"
    assert "bad.jpg: " in first.stderr.splitlines()[1]
    again = invoke(*command, "--json")
    assert {name: json.loads(again.stdout)[name] for name in ("painted", "there", "failed")} == {
        "painted": 0, "there": 2, "failed": 1
    }  # fmt: skip
    status = invoke("batch", "status", "out")
    assert "out: 2 pictures, 0.0 MB; the last one at 20" in status.stdout
    assert re.search(r"  2 by .*@[0-9a-f]{12} mural@[0-9a-f]{12}\n1 failed:\n  .*bad.jpg: ", status.stdout)
    assert json.loads(invoke("batch", "status", "out", "--json").stdout)["painted"] == 2
    assert invoke("batch", "status", "out", "--failed").stdout == f"{folder}/photos/bad.jpg\n"


def test_a_record_that_is_not_there_is_named(folder: Path) -> None:
    result = invoke("batch", "status", "photos")
    assert (result.exit_code, result.stderr) == (
        2, "impasto: photos: has no record of a batch; give the --out of a batch\n"
    )  # fmt: skip


def test_help_says_where_the_status_is(folder: Path) -> None:
    assert "impasto batch status TARGET" in invoke("batch", "--help").stdout
    assert "--failed" in invoke("batch", "status", "--help").stdout


@pytest.mark.parametrize("code", ["import impasto", "from impasto.cli.main import main; main(['batch', '--help'])"])
def test_starting_imports_no_engine(code: str) -> None:
    heavy = "{'ray', 'pyarrow', 'pandas', 'numpy'}"
    check = f"import sys, atexit; atexit.register(lambda: print(sorted({heavy} & set(sys.modules)))); {code}"
    ended = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, timeout=120)
    assert ended.stdout.splitlines()[-1] == "[]", ended.stderr
