"""The code of the documentation: which blocks there are, and how they run.

A page is run from its first block to its last, in a folder that holds what it names. A rule for each language says how;
a block or line without a rule is an error, so nobody can write one that is not tested. What cannot run where tests do
is in :data:`KEPT`, with its reason.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import click
from click.testing import CliRunner

from impasto.cli.batch import batch, status
from impasto.cli.main import main

ROOT = Path(__file__).parents[1]
PAGES = [
    page.relative_to(ROOT).as_posix()
    for folder in (".", "docs", "docs/guide", "docs/explanation")
    for page in sorted((ROOT / folder).glob("README.md" if folder == "." else "*.md"))
]
"""The pages with commands. The reference is written by code, and a test sees that translations have the same code."""
APART = {
    "docs/guide/cluster.md": "tests/batch/test_guide.py",
    "docs/guide/service.md": "tests/server/test_run.py",
    "docs/guide/web.md": "tests/web/test_guide.py",
}
"""Pages that need a bucket and a cluster, a service, or a browser -> the tests that run them."""
KEPT = {
    r"make (?P<target>demo|test)\b": "it takes minutes; CI runs both on a clean clone",
    r"(python3|py) -m venv|source ": "it makes a virtual environment, in which nothing is installed yet",
    r"(?P<pip>pip (install|wheel) .*)": "it fetches packages; CI installs from a clone and from a wheel",
    r"(?P<ray>ray (up|submit|down) .*)": "it needs machines to rent; other lines run on a Ray of this machine",
    r"docker ": "it needs Docker; tests/server/test_container.py has what can be checked without",
    r"accelerate launch (?P<launched>--multi_gpu .*)": "it needs GPUs; two processes train on a processor in "
    "tests/training/test_distributed.py",
    r"impasto (?P<impasto>webcam .*)": "it needs a camera and a screen; tests/server/test_preview.py has films for it",
}
"""Lines that no test can run -> why not. The parsers of the programs that are installed read them."""
UNRUN = {
    "bibtex": "it is a citation",
    "": "it is a drawing or the part of a file; tests of their own read those that can be wrong",
}
"""Languages of blocks that are no code -> why not."""
QUICK = {"add-style": ["--minutes", "0.001"], "refit": ["--seconds", "0.001"]}
"""Options that make commands take few steps: five for each style."""
SMALLER = [
    (r"(--size |\bsize ?= ?)\d{3,4}\b", r"\g<1>80"),
    (r"\bcrop = \d+", "crop = 64"),
    (r"\bsteps = \d+", "steps = 2"),
    (r"\bcompile = true", "compile = false"),
    (r'\bnetwork = "paper"', 'network = "fast"'),
    (r"--start paper", "--start fast"),
]
"""What makes commands and recipes take little time: small pictures, few steps, and the small network to train."""


class Block(NamedTuple):
    """A block of code: its page, the number of its first line, its language and what it says."""

    page: str
    line: int
    language: str
    code: str


def lines_of(block: Block) -> list[tuple[int, str]]:
    """The lines of a block that say something, with their numbers on the page."""
    lines = enumerate(block.code.splitlines(), block.line)
    return [(number, line) for number, line in lines if line and not line.startswith("#")]


Rule = Callable[[Block], None]


def blocks_of(page: str, text: str | None = None) -> list[Block]:
    """The blocks of a page, whatever their language, indented or not."""
    text = (ROOT / page).read_text("utf-8") if text is None else text
    found = re.finditer(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```$", text, re.DOTALL | re.MULTILINE)
    return [Block(page, text[: each.start()].count("\n") + 2, each[2], each[3]) for each in found]


def smaller(text: str) -> str:
    """A command, program or recipe that does the same in little time."""
    for pattern, replacement in SMALLER:
        text = re.sub(pattern, replacement, text)
    return text


def run_page(page: str, rules: Mapping[str, Rule] | None = None, text: str | None = None) -> dict[str, Any]:
    """Run the blocks of a page, in their order.

    Args:
        page: its path below the root.
        rules: language -> what runs its blocks, in place of the rules that all pages have.
        text: in place of the page's.

    Returns:
        The names that its Python has.
    """
    names: dict[str, Any] = {}
    common: dict[str, Rule] = {
        "bash": shell,
        "sh": shell,
        "python": lambda block: exec(smaller(block.code), names),
        "toml": lambda block: _write("recipe.toml", smaller(block.code)),
    }
    known: Mapping[str, Rule] = {**dict.fromkeys(UNRUN, lambda block: None), **common, **(rules or {})}
    for block in blocks_of(page, text):
        assert block.language in known, f"{page}:{block.line}: no rule runs {block.language}; see {__name__}"
        known[block.language](block)
    return names


def _write(name: str, text: str) -> None:
    Path(name).write_text(text, "utf-8")


def shell(block: Block, also: Mapping[str, Callable[[str], None]] | None = None) -> None:
    """Run the lines of a block.

    Args:
        block: the block.
        also: how a line begins -> what runs it, besides what is known to all pages.
    """
    subprocess.run(["bash", "-n"], input=block.code, text=True, check=True)
    for number, line in lines_of(block):
        if is_kept(line):
            read(line)
            continue
        ways = [way for start, way in {**(also or {}), "impasto ": run}.items() if line.startswith(start)]
        assert ways, f"{block.page}:{number}: no rule runs {line!r}; see {__name__}"
        ways[0](line)


def is_kept(line: str) -> bool:
    """Whether a line is among those that no test can run."""
    return any(re.match(pattern, line) for pattern in KEPT)


def run(line: str) -> None:
    """Run a command of ours: in this process, or, with a pipe or a service in it, in one of its own."""
    line = smaller(line)
    if line.startswith("impasto serve"):
        _serve(shlex.split(line, comments=True)[2:])
    elif re.search(" [<>] ", line):
        here = line.replace("impasto", f"{shlex.quote(sys.executable)} -m impasto", 1)
        subprocess.run(here, shell=True, check=True, timeout=120)
    else:
        name, *arguments = shlex.split(line, comments=True)[1:]
        result = CliRunner().invoke(main, [name, *arguments, *QUICK.get(name, [])])
        assert result.exit_code == 0, f"{line}: {result.output}"


def _serve(options: list[str]) -> None:
    """Start a service as a user does, and have its page; a program that notes down the address is the browser."""
    from tests.server.conftest import serving, until

    opened = Path("opened.txt").absolute()
    browser = Path("browser.sh").absolute()
    browser.write_text(f'#!/bin/sh\necho "$1" > {shlex.quote(str(opened))}\n')
    browser.chmod(0o755)
    with serving(Path.cwd(), *options, BROWSER=f"{browser} %s") as service:
        page = service.client.get(f"http://127.0.0.1:{service.port}/")
        assert "<title>impasto</title>" in page.text
        if "--open" in options:
            until(lambda: opened.exists() and opened.read_text().strip() == str(page.url))


def command(*names: str) -> click.Command:
    """A command of ours, or one below it."""
    found: click.Command = main
    for name in names:
        assert isinstance(found, click.Group)
        below = found.get_command(click.Context(found), name)
        assert below, name
        found = below
    return found


def parse(words: list[str], found: click.Command = main) -> None:
    """Let the real parser read the words of a command, without the program's name; nothing is run."""
    while isinstance(found, click.Group) and words and not words[0].startswith("-"):
        below = found.get_command(click.Context(found), words[0])
        assert below, words
        found, words = below, words[1:]
    if found is batch and words[:1] == ["status"]:
        found, words = status, words[1:]
    found.make_parser(click.Context(found)).parse_args(list(words))


def read(line: str) -> None:
    """Let the real parser of a program read a line that is not run."""
    kept = next(found for pattern in KEPT if (found := re.match(pattern, line)))
    groups = {name: shlex.split(text, comments=True) for name, text in kept.groupdict().items()}
    if words := groups.get("target"):
        assert f"\n{words[0]}:" in (ROOT / "Makefile").read_text("utf-8")
    elif words := groups.get("pip"):
        from pip._internal.commands import create_command

        create_command(words[1]).parse_args(words[2:])
    elif words := groups.get("ray"):
        from ray.scripts.scripts import cli

        parse(words[1:], cli)
    elif words := groups.get("launched"):
        from accelerate.commands.launch import launch_command_parser

        launched = launch_command_parser().parse_args(words)
        assert (launched.multi_gpu, launched.module, launched.training_script) == (True, True, "impasto")
        parse(launched.training_script_args)
    elif words := groups.get("impasto"):
        parse(words)
