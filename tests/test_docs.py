"""The documentation: links lead somewhere, every page is in the navigation, and the site builds."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
DOCS = sorted((ROOT / "docs").rglob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS]
LINK = re.compile(r'(?:\]\(|src=")([^)"\s]+)[)"]')
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


def links(page: Path) -> list[str]:
    """The relative links of a page, in its text, not in its code."""
    found = LINK.findall(CODE.sub("", page.read_text("utf-8")))
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(
        r"^#+ (.*)$", CODE.sub(lambda code: code[0].strip("`"), page.read_text("utf-8")), re.MULTILINE
    )
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), link


@pytest.mark.parametrize("page", DOCS, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_link_leaves_the_docs(page: Path) -> None:
    """The site holds nothing else; pages name other files as code, `recipes/paper.toml`."""
    for link in links(page):
        assert (page.parent / link.partition("#")[0]).resolve().is_relative_to(ROOT / "docs"), link


def test_every_page_is_in_the_navigation() -> None:
    def pages(entries: list[dict[str, Any]]) -> list[str]:
        values = [value for entry in entries for value in entry.values()]
        return [name for each in values for name in (pages(each) if isinstance(each, list) else [each])]

    config = tomllib.loads((ROOT / "zensical.toml").read_text("utf-8"))
    assert sorted(pages(config["project"]["nav"])) == sorted(
        page.relative_to(ROOT / "docs").as_posix() for page in DOCS
    )


class Loaded(HTMLParser):
    """What a page makes a browser load: scripts, styles, fonts, icons and pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        loads = tag != "link" or given.get("rel") not in ("canonical", "next", "prev", "alternate")
        names = {"link": ["href"], "a": []}.get(tag, ["src", "srcset", "poster", "data"])
        self.sources += [value for name in names if loads and (value := given.get(name))]


def test_the_site_builds_without_warnings_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    shutil.copy(ROOT / "zensical.toml", tmp_path)
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    command = [sys.executable, "-m", "zensical", "build", "--strict"]
    built = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert built.returncode == 0, built.stdout + built.stderr
    made = sorted((tmp_path / "site").rglob("*.html"))
    assert len(made) == len(DOCS) + 2  # and 404.html, and what stands for the page that npm is needed for
    for page in made:
        loaded = Loaded()
        loaded.feed(page.read_text("utf-8"))
        assert loaded.sources
        assert [source for source in loaded.sources if re.match("(https?:)?//", source)] == [], page
    for sheet in (tmp_path / "site").rglob("*.css"):
        assert not re.search(r"(@import|url\()\s*['\"]?(https?:)?//", sheet.read_text("utf-8")), sheet


def test_files_that_the_readme_and_the_guides_name_exist() -> None:
    for page in PAGES:
        for name in re.findall(
            r"(?<![\w/.-])(?:benchmarks|tools|recipes|docs|src)/[\w./-]+\.(?:py|toml|json|md)", page.read_text("utf-8")
        ):
            if not name.startswith("recipes/history/"):  # the report says in which commit these are
                assert (ROOT / name).exists(), f"{page}: {name}"
