"""Bodies and queries as values: fields of structs, whose types, ranges and descriptions OpenAPI gets, too."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from impasto.errors import ImpastoError, plain_types, shown, unknown
from impasto.server.problems import RefusedError

S = TypeVar("S", bound=msgspec.Struct)

_MOST_PARTS = 64
"""The most files, and the most other fields, of a form."""
_LONGEST_FIELD = 64 * 1024
"""The most bytes of a field that is no file."""
_SWITCH = {"true": True, "1": True, "on": True, "yes": True, "false": False, "0": False, "off": False, "no": False}


class File(msgspec.Struct, frozen=True):
    """A file in a form.

    Attributes:
        name: what its sender calls it; it is never taken for a path.
        content: its bytes.
    """

    name: str
    content: bytes


class _InMemory(MultiPartParser):
    """Keeps files in memory: bodies are capped, and nothing is to be left on a disk."""

    spool_max_size = 1 << 40


async def read_form(request: Request, structs: Sequence[type[msgspec.Struct]]) -> list[Any]:
    """The values of the ``structs`` that a multipart body has the fields of.

    Raises:
        RefusedError: the body is of another kind, or damaged.
        ImpastoError: a field is unknown, missing, given twice, of another kind or out of range.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise RefusedError(415, f"body: is {shown(kind)}; send multipart/form-data")
    parser = _InMemory(
        request.headers,
        request.stream(),
        max_files=_MOST_PARTS,
        max_fields=_MOST_PARTS,
        max_part_size=_LONGEST_FIELD,
    )
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError) as error:
        raise RefusedError(400, f"body: is damaged ({getattr(error, 'message', error)}); send it anew") from None
    fields: dict[str, list[str | File]] = defaultdict(list)
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            fields[name].append(File(value.filename or "", await value.read()))
        else:
            fields[name].append(value)
    await form.close()
    return values_of(fields, structs)


def values_of(fields: Mapping[str, list[Any]], structs: Sequence[type[msgspec.Struct]]) -> list[Any]:
    """The values of the ``structs`` with these ``fields``: name -> what was given for it, texts and files.

    Raises:
        ImpastoError: a field is unknown, missing, given twice, of another kind or out of range.
    """
    known = [name for struct in structs for name in struct.__struct_fields__]
    for name in fields:
        if name not in known:
            raise unknown("field", name, known)
    return [_value(struct, fields) for struct in structs]


def _value(struct: type[S], fields: Mapping[str, list[Any]]) -> S:
    """A struct from those of its fields that were given; one that was left empty counts as not given."""
    given = {}
    for field in msgspec.structs.fields(struct):
        values = [each for each in fields.get(field.name, []) if each not in ("", File("", b""))]
        if values:
            given[field.name] = _read(field, values)
        elif field.required:
            raise ImpastoError(f"{field.name}: is missing")
    return struct(**given)


def _read(field: msgspec.structs.FieldInfo, values: list[Any]) -> Any:
    kinds = plain_types(field.type)
    for value in values:
        if isinstance(value, File) is not (File in kinds):
            raise ImpastoError(f"{field.name}: is {'a file' if isinstance(value, File) else 'no file'}")
    if Ellipsis in kinds:  # a tuple of any length
        return tuple(values)
    if len(values) > 1:
        raise ImpastoError(f"{field.name}: is given {len(values)} times; give it once")
    return values[0] if File in kinds else _number_or_text(values[0], kinds)


def _number_or_text(text: str, kinds: set[Any]) -> Any:
    """A text as the first of the ``kinds`` that it can be; one that is none is left for the struct to refuse."""
    if bool in kinds:
        return _SWITCH.get(text.lower(), text)
    for kind in (int, float):
        if kind in kinds:
            try:
                return kind(text)
            except ValueError:
                continue
    return text
