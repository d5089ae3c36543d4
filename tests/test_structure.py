"""The house keeps its order: short files and functions, one name for one thing, one reader."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "impasto"
FILES = sorted(PACKAGE.rglob("*.py"))
SCRIPTS = [path for folder in ("benchmarks", "tools", "tests") for path in sorted((ROOT / folder).rglob("*.py"))]
MOST_LINES, MOST_CODE = 400, 40
"""Lines of a file, and lines of code of a function: without its signature, docstring, comments and blank lines."""


def _functions(path: Path) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)]


def _code_lines(function: ast.FunctionDef, lines: list[str]) -> int:
    body = function.body
    documented = ast.get_docstring(function) is not None
    if documented and len(body) == 1:
        return 0
    first = body[1 if documented else 0].lineno - 1
    code = (line.strip() for line in lines[first : function.end_lineno])
    return sum(bool(line) and not line.startswith("#") for line in code)


@pytest.mark.parametrize("path", [*FILES, *SCRIPTS], ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_are_short(path: Path) -> None:
    lines = path.read_text("utf-8").split("\n")
    assert len(lines) <= MOST_LINES
    long = {each.name: count for each in _functions(path) if (count := _code_lines(each, lines)) > MOST_CODE}
    assert not long


def test_a_long_function_is_seen() -> None:
    source = 'def f():\n    """Doc.\n\n    More.\n    """\n' + "    # why\n    x = 1\n\n" * 41
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    assert _code_lines(function, source.split("\n")) == 41


def test_no_class_name_twice() -> None:
    names = Counter(
        node.name
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_nothing_at_the_root_but_what_everything_needs() -> None:
    files = {path.name for path in PACKAGE.glob("*.py")}
    assert files == {"__init__.py", "__main__.py", "errors.py", "files.py", "progress.py"}


def test_tests_have_the_folders_of_the_package() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    folders = {path.name for path in (ROOT / "tests").iterdir() if any(path.glob("test_*.py"))}
    assert folders - rooms == {"tools", "web"}
    assert rooms - folders <= {"assets", "server"}


def test_pictures_are_opened_in_one_place() -> None:
    """Nothing but images/ opens, turns upright, encodes or lists pictures."""
    words = ("Image.open(", "exif_transpose(", "MAX_IMAGE_PIXELS =", '.glob("*.jpg', ".rglob(", "quality=9")
    found = {
        str(path.relative_to(PACKAGE)): word
        for path in FILES
        for word in words
        if word in path.read_text("utf-8") and path.parent != PACKAGE / "images"
    }
    assert found == {}
