"""The one error that users see, and the checks that raise it wherever they are needed."""

from __future__ import annotations

import difflib
import functools
import math
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from numbers import Integral, Real
from typing import Any, Literal, get_args, get_origin

import msgspec

_LONGEST = 80
"""How much of a text messages show, in characters."""
_LONGEST_PATH = 4096
"""No system has longer paths, in characters."""
_FEW = 12
"""How many names a message lists where a command can list them."""
_NEAR = 0.7
"""How similar a name must be to be suggested, from 0 to 1: what is less similar was hardly meant."""


class ImpastoError(Exception):
    """Something the user can put right.

    The message is one line that says what is wrong, with which file or value, and what to do about it. The command
    line prints it and exits with 2; Python callers catch it.
    """


class TooLargeError(ImpastoError):
    """More pixels or bytes were given than are allowed."""


class UnreadableError(ImpastoError):
    """A file is of no kind that is read."""


class StoppedError(ImpastoError):
    """The user pressed Ctrl-C. The message says what is kept; the command line exits with 130."""


def pip_install(extra: str) -> str:
    """The command that installs an extra of this package, wherever the package itself came from.

    impasto is not on the package index, so ``pip install 'impasto[train]'`` would find nothing. What an extra needs is
    there, and this is what the command names. The quotes are double ones: Windows' command prompt knows no others.
    """
    import importlib.metadata  # takes longer than all else in this module

    try:
        required = importlib.metadata.requires("impasto") or []
    except importlib.metadata.PackageNotFoundError:
        return f'pip install ".[{extra}]" in impasto\'s folder'
    split = (requirement.partition(";") for requirement in required)
    names = [name.strip() for name, _, marker in split if _is_needed(marker, extra)]
    return " ".join(["pip install", *(f'"{name}"' for name in names)])


def _is_needed(marker: str, extra: str) -> bool:
    """Whether a requirement with this marker belongs to ``extra`` and is needed by this version of Python."""
    if not re.search(rf"extra == ['\"]{extra}['\"]", marker):
        return False
    before = re.search(r"python_version < ['\"](\d+)\.(\d+)['\"]", marker)
    return not before or sys.version_info < (int(before[1]), int(before[2]))


@contextmanager
def needs_extra(extra: str) -> Iterator[None]:
    """A context for imports that need an extra of this package.

    Raises:
        ImpastoError: the extra is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise ImpastoError(f"this needs {error.name}: {pip_install(extra)}") from None


def shown(value: object) -> str:
    """A value as messages show it, whatever it is: numbers and short text as they are, of all else only the kind.

    What people give may be a file of many megabytes, and messages end up in logs.
    """
    if not isinstance(value, str | Real):
        return kind_of(value)
    try:
        text = repr(value)
    except ValueError:  # Python prints no whole numbers of thousands of digits
        return kind_of(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text):,} characters)"


def kind_of(value: object) -> str:
    """What kind of thing a value is, with its article: ``an int``, ``a list``, ``bytes``, ``None``."""
    name = type(value).__name__
    if value is None or name == "bytes":
        return "None" if value is None else name
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def checked_path(given: object, name: str, kinds: str = "a path") -> str:
    """A path or address that was given, as text.

    Args:
        given: anything.
        name: of the parameter.
        kinds: what the parameter takes, in words.

    Raises:
        ImpastoError: it is neither a str nor a path, it is empty, or no file can be called so.
    """
    if not isinstance(given, str | os.PathLike):
        raise ImpastoError(f"{name}: is {kind_of(given)}; give {kinds}")
    text = os.fsdecode(given)
    if not text:
        raise ImpastoError(f"{name}: is empty; give {kinds}")
    if len(text) > _LONGEST_PATH or "\0" in text:
        advice = "the content of a file as bytes" if "bytes" in kinds else kinds
        raise ImpastoError(f"{name}: a str is a path, and this one can be none; give {advice}")
    return text


def unknown(kind: str, value: str, known: Iterable[str], listed_by: str = "") -> ImpastoError:
    """The error for a ``value`` that is not among the ``known`` ones: it suggests similar names, or lists them all.

    Args:
        kind: what the value should be.
        value: what was given.
        known: the names that there are.
        listed_by: a command that lists them. The message names it in place of more than twelve names.
    """
    known = sorted(known)
    near = difflib.get_close_matches(value, known, n=3, cutoff=_NEAR) if isinstance(value, str) else []
    all_of_them = f"known names are {', '.join(known)}" if known else "there are none"
    if listed_by and len(known) > _FEW:
        all_of_them = f"`{listed_by}` lists all {len(known)}"
    hint = f"did you mean {' or '.join(near)}?" if near else all_of_them
    return ImpastoError(f"no {kind} {shown(value)}: {hint}")


def with_points(text: str) -> str:
    """A text with points in its decimals, as messages suggest it: ``scream:0,4`` -> ``scream:0.4``."""
    return re.sub(r"(?<=\d),(?=\d)", ".", text)


def check_ranges(values: msgspec.Struct) -> None:
    """Check every number of a struct against the range that its annotation gives, and that switches are switches, texts
    are texts and choices are among those that there are.

    A range is written once, in the annotation: ``Annotated[float, msgspec.Meta(ge=0, le=1)]``. msgspec itself checks it
    only when it decodes a file; called from ``__post_init__``, this function checks it wherever a value is made.

    Raises:
        ImpastoError: a field with a range is not a number or lies outside; or a bool field is not a bool; or a str
            field is not a str; or a field of a few words has another one. NaN and infinity lie outside every range;
            None is accepted where the annotation says ``| None``.
    """
    for name, choices in _choices(type(values)):
        if (value := getattr(values, name)) not in choices:
            raise unknown(name, value, choices)
    for name in _switches(type(values)):
        if type(value := getattr(values, name)).__name__ not in ("bool", "bool_"):  # NumPy has a type of its own
            raise ImpastoError(f"{name} {shown(value)}: must be True or False")
    for name in _texts(type(values)):
        if not isinstance(value := getattr(values, name), str):
            raise ImpastoError(f"{name} {shown(value)}: must be a text")
    for name, meta, kind, optional in _ranges(type(values)):
        value = getattr(values, name)
        if value is None and optional:
            continue
        if isinstance(value, bool) or not isinstance(value, Real) or not isinstance(value, kind):
            number, words = ("whole number" if kind is Integral else "number"), range_in_words(meta)
            comma = "" if words.startswith("between") else ","
            raise ImpastoError(f"{name} {shown(value)}: must be a {number}{comma} {words}")
        if not _lies_within(value, meta):
            raise ImpastoError(f"{name} {_in_digits(value)}: must be {range_in_words(meta)}")


def meta_of(annotation: Any) -> msgspec.Meta:
    """The :class:`msgspec.Meta` in a type annotation, also inside of a union; an empty one if there is none."""
    for each in getattr(annotation, "__metadata__", ()):
        if isinstance(each, msgspec.Meta):
            return each
    found = (meta_of(part) for part in get_args(annotation))
    return next((meta for meta in found if meta != msgspec.Meta()), msgspec.Meta())


def range_in_words(meta: msgspec.Meta) -> str:
    """What a range allows: ``between 0 and 1.5``, ``at least 1 byte``; empty if it allows everything.

    The unit comes from ``Meta(extra={"unit": ...})``.
    """
    unit = f" {meta.extra['unit']}" if meta.extra and "unit" in meta.extra else ""
    if meta.ge is not None and meta.le is not None:
        return f"between {meta.ge:g} and {meta.le:g}{unit}"
    bounds = {
        "a multiple of": meta.multiple_of,
        "at least": meta.ge,
        "above": meta.gt,
        "at most": meta.le,
        "below": meta.lt,
    }
    return " and ".join(f"{words} {bound:g}{unit}" for words, bound in bounds.items() if bound is not None)


@functools.cache
def _ranges(struct: type[msgspec.Struct]) -> list[tuple[str, msgspec.Meta, type, bool]]:
    """The fields that have a range: name, range, Integral or Real, and whether they may be None."""
    fields = [(field.name, field.type, meta_of(field.type)) for field in msgspec.structs.fields(struct)]
    return [
        (name, meta, Integral if int in plain_types(of) else Real, type(None) in plain_types(of))
        for name, of, meta in fields
        if range_in_words(meta) and {int, float} & plain_types(of)
    ]


@functools.cache
def _choices(struct: type[msgspec.Struct]) -> list[tuple[str, list[str]]]:
    """The fields that are one of a few words, and these words."""
    fields = [(field.name, field.type) for field in msgspec.structs.fields(struct)]
    return [(name, list(get_args(of))) for name, of in fields if get_origin(of) is Literal]


@functools.cache
def _switches(struct: type[msgspec.Struct]) -> list[str]:
    """The fields that are True or False."""
    return [field.name for field in msgspec.structs.fields(struct) if plain_types(field.type) == {bool}]


@functools.cache
def _texts(struct: type[msgspec.Struct]) -> list[str]:
    """The fields that are a text."""
    return [field.name for field in msgspec.structs.fields(struct) if plain_types(field.type) == {str}]


def plain_types(annotation: Any) -> set[Any]:
    """All types in an annotation: float and None's for ``Annotated[float, ...] | None``."""
    parts = [plain_types(part) for part in get_args(annotation) if not isinstance(part, msgspec.Meta)]
    return set().union(*parts) if parts else {annotation}


def _in_digits(value: Any) -> str:
    """A number as short as ``%g`` writes it; a whole number that no float can hold, by its kind."""
    try:
        return f"{float(value):g}"
    except OverflowError:
        return shown(value)


def _lies_within(value: Any, meta: msgspec.Meta) -> bool:
    return (
        abs(value) < math.inf
        and (meta.multiple_of is None or value % meta.multiple_of == 0)
        and (meta.ge is None or value >= meta.ge)
        and (meta.gt is None or value > meta.gt)
        and (meta.le is None or value <= meta.le)
        and (meta.lt is None or value < meta.lt)
    )
