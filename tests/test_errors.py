"""Ranges are read from annotations, and told in words."""

from __future__ import annotations

import importlib.metadata
import re
import shlex
import sys
from typing import Annotated, Literal

import msgspec
import numpy as np
import pytest
from msgspec import Meta

from impasto.errors import ImpastoError, check_ranges, kind_of, meta_of, pip_install, range_in_words, shown, unknown


class Options(msgspec.Struct):
    rate: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    steps: Annotated[int, Meta(ge=1, extra={"unit": "step"})] | None = None
    name: str = "any"


def test_values_are_checked_against_their_annotations() -> None:
    check_ranges(Options())
    check_ranges(Options(rate=0.999, steps=1))
    for options, message in (
        (Options(rate=0), "rate 0: must be above 0 and below 1"),
        (Options(rate=1), "rate 1: must be above 0 and below 1"),
        (Options(rate=None), "rate None: must be a number, above 0 and below 1"),
        (Options(steps=0), "steps 0: must be at least 1 step"),
    ):
        with pytest.raises(ImpastoError) as caught:
            check_ranges(options)
        assert str(caught.value) == message


class Counts(msgspec.Struct):
    """Numbers that must be whole."""

    count: Annotated[int, Meta(ge=1, multiple_of=4)] = 4
    share: Annotated[float, Meta(ge=0, le=1)] = 0.5
    all: bool = False
    kind: Literal["one", "other"] = "one"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"count": 4.0}, "count 4.0: must be a whole number"),
        ({"count": True}, "count True: must be a whole number"),
        ({"count": 6}, "count 6: must be a multiple of 4 and at least 1"),
        ({"share": "1"}, "share '1': must be a number between 0 and 1"),
        ({"share": float("nan")}, "share nan: must be between 0 and 1"),
        ({"share": 10**400}, "share 1000.*000… .401 characters.: must be between 0 and 1"),
        ({"all": "no"}, "all 'no': must be True or False"),
        ({"all": 1}, "all 1: must be True or False"),
        ({"kind": "others"}, "no kind 'others': did you mean other?"),
        ({"kind": 5}, "no kind 5: known names are one, other"),
    ],
)
def test_kinds_of_numbers_are_checked(values: dict[str, object], words: str) -> None:
    with pytest.raises(ImpastoError, match=words):
        check_ranges(Counts(**values))  # type: ignore[arg-type]
    check_ranges(Counts(count=8, share=1, all=True))
    check_ranges(Counts(all=np.bool_(True)))  # type: ignore[arg-type]


def test_ranges_in_words() -> None:
    assert range_in_words(Meta(ge=0.5, le=4)) == "between 0.5 and 4"
    assert range_in_words(Meta(le=3)) == "at most 3"
    assert range_in_words(Meta(description="anything")) == ""


def test_metadata_is_found_in_unions() -> None:
    assert meta_of(Annotated[int, Meta(ge=1)] | None) == Meta(ge=1)
    assert meta_of(int | None) == Meta()


def test_unknown_names_are_refused_with_near_ones() -> None:
    assert str(unknown("style", "murl", ["mural", "kiss"])) == "no style 'murl': did you mean mural?"
    assert str(unknown("style", "x", ["b", "a"])) == "no style 'x': known names are a, b"
    assert (
        str(unknown("style", "picasso", ["kiss"])) == "no style 'picasso': known names are kiss"
    )  # near by half of it only
    many = [f"a{number}" for number in range(40)]
    assert str(unknown("style", "x", many, "impasto styles")) == "no style 'x': `impasto styles` lists all 40"
    assert "known names are a, b" in str(unknown("style", "x", ["b", "a"], "impasto styles"))


@pytest.mark.parametrize(
    ("extra", "needs"), [("heif", ["pillow-heif"]), ("int8", ["nncf"]), ("train", ["accelerate", "onnx", "torch"])]
)
def test_a_hint_names_what_the_index_has(extra: str, needs: list[str]) -> None:
    command = shlex.split(pip_install(extra))
    names = [re.split(r"[<>=]", requirement)[0] for requirement in command[2:]]
    assert command[:2] == ["pip", "install"]
    assert {*needs} <= {*names}
    assert not any("impasto" in name or ";" in name for name in names)


def test_a_hint_leaves_out_what_python_has_built_in() -> None:
    assert ("tomli" in pip_install("train")) == (sys.version_info < (3, 11))


def test_a_hint_without_an_installation_names_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "requires", missing)
    assert pip_install("train") == 'pip install ".[train]" in impasto\'s folder'


def test_values_are_shown_in_short() -> None:
    assert [shown(value) for value in (1.5, True, "mural")] == ["1.5", "True", "'mural'"]
    assert shown("x" * 1000) == f"'{'x' * 79}… (1,002 characters)"
    for value, words in ((b"x" * 1000, "bytes"), ([1], "a list"), (None, "None"), (10**5000, "an int")):
        assert shown(value) == kind_of(value) == words
    assert len(str(unknown("style", "x" * 10**6, ["a"]))) < 200
