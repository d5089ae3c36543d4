"""Pages in Traditional Chinese: none is behind its English one, and commands are the same in both."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.snippets import blocks_of

from impasto.files import digest

ROOT = Path(__file__).parents[1]
TRANSLATED = [ROOT / "README.zh-Hant.md", *sorted((ROOT / "docs" / "zh-Hant").rglob("*.md"))]
SOURCE = re.compile(r"<!-- This is (\S+) of the SHA-256 that begins with: (\w{16}) -->")


def source_of(page: Path) -> tuple[Path, str]:
    found = SOURCE.search(page.read_text("utf-8"))
    assert found, f"{page.name}: does not say which page it translates"
    return ROOT / found[1], found[2]


def code_of(page: Path) -> list[str]:
    """The code of a page without its comments."""
    return [re.sub(r"\s*# .*", "", block.code) for block in blocks_of(page.relative_to(ROOT).as_posix())]


@pytest.mark.parametrize("page", TRANSLATED, ids=lambda page: page.name)
def test_a_translation_is_of_the_present_page(page: Path) -> None:
    english, known = source_of(page)
    now = digest(english.read_bytes())[:16]
    assert known == now, f"{english.name} has changed: bring {page.name} up to date, then write {now} at its end"


@pytest.mark.parametrize("page", TRANSLATED, ids=lambda page: page.name)
def test_commands_are_those_of_the_english_page(page: Path) -> None:
    assert code_of(page) == code_of(source_of(page)[0])
