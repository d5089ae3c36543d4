"""Links between the pages of the documentation lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
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


def test_every_page_is_in_the_index() -> None:
    index = ROOT / "docs" / "index.md"
    linked = {(index.parent / link.partition("#")[0]).resolve() for link in links(index)}
    folders = {path for path in linked if path.is_dir()}
    for page in PAGES:
        if page.is_relative_to(ROOT / "docs") and page != index:
            assert page in linked or page.parent in folders, page


def test_files_that_the_readme_and_the_guides_name_exist() -> None:
    for page in PAGES:
        for name in re.findall(
            r"(?<![\w/.-])(?:benchmarks|tools|recipes|docs|src)/[\w./-]+\.(?:py|toml|json|md)", page.read_text("utf-8")
        ):
            if not name.startswith("recipes/history/"):  # the report says in which commit these are
                assert (ROOT / name).exists(), f"{page}: {name}"
