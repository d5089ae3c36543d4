"""What is released: a wheel and a source archive that hold what they should, and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import impasto

ROOT = Path(__file__).parents[1]
MOST = 25e6
"""Bytes of a release, at most."""


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", out], cwd=ROOT, check=True, capture_output=True)
    return out


def tracked(folder: str) -> set[str]:
    """What git has, or would take."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        pytest.skip("this is no git checkout")
    return set(listed.stdout.split("\0")) - {""}


def test_the_version_is_everywhere_that_of_the_package() -> None:
    """It is written in the package; what is read without the package repeats it."""
    repeats = {
        "CITATION.cff": r"^version: (\S+)$",
        "CHANGELOG.md": r"^## (\S+)",
        "docs/explanation/research.md": r"version = \{(\S+)\}",
    }
    for page, pattern in repeats.items():
        first = re.search(pattern, (ROOT / page).read_text("utf-8"), re.MULTILINE)
        assert first
        assert first[1] == impasto.__version__, page


def test_the_wheel_has_the_package_and_nothing_else(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    assert wheel.stat().st_size < MOST
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == {name.removeprefix("src/") for name in tracked("src")}
    assert "impasto/py.typed" in names


def test_the_source_archive_has_what_the_package_is_made_of(dist: Path) -> None:
    (archive,) = dist.glob("*.tar.gz")
    assert archive.stat().st_size < MOST
    with tarfile.open(archive) as opened:
        names = {name.split("/", 1)[1] for name in opened.getnames()}
    top = {"CHANGELOG.md", "CITATION.cff", "LICENSE", "NOTICE", "PKG-INFO", "README.md", "pyproject.toml", ".gitignore"}
    assert names == tracked("src") | tracked("recipes") | top
