"""Bodies and queries as values: fields of structs, whose types, ranges and descriptions OpenAPI gets, too."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import msgspec
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from impasto.errors import ImpastoError, TooLargeError, plain_types, shown, unknown
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


class StoredFile(msgspec.Struct, frozen=True):
    """A file in a form that is too large for memory.

    Attributes:
        name: what its sender calls it; it is never taken for a path.
        path: where it is until the request has been answered; whoever wants to keep it moves it.
    """

    name: str
    path: str


_FILES = {File, StoredFile}


class _Parser(MultiPartParser):
    """Keeps files in memory, where bodies are capped, but for those that are to be stored.

    Args:
        stored: the names of fields whose files are stored.
        held: gets what removes them.
        most: bytes that all other files may have together.
    """

    spool_max_size = 1 << 40

    def __init__(self, request: Request, stored: Collection[str], held: ExitStack, most: int) -> None:
        limits = {"max_files": _MOST_PARTS, "max_fields": _MOST_PARTS, "max_part_size": _LONGEST_FIELD}
        super().__init__(request.headers, request.stream(), **limits)
        self._stored, self._held, self._left = stored, held, most

    def on_headers_finished(self) -> None:
        super().on_headers_finished()
        part = self._current_part
        if part.file is not None and part.field_name in self._stored:
            folder = Path(self._held.enter_context(TemporaryDirectory(prefix="impasto-")))
            part.file.file = self._held.enter_context((folder / "file").open("w+b"))

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._current_part.field_name not in self._stored:
            self._left -= end - start
            if self._left < 0:
                raise TooLargeError("body: has too many bytes beside the film; send less")
        super().on_part_data(data, start, end)


async def read_form(request: Request, structs: Sequence[type[msgspec.Struct]], held: ExitStack, most: int) -> list[Any]:
    """The values of the ``structs`` that a multipart body has the fields of.

    Args:
        request: has the body.
        structs: each field belongs to one of them.
        held: gets what removes the files that are stored.
        most: bytes that files have together which are not.

    Raises:
        RefusedError: the body is of another kind, or damaged; or the disk is full.
        ImpastoError: a field is unknown, missing, given twice, of another kind or out of range.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise RefusedError(415, f"body: is {shown(kind)}; send multipart/form-data")
    fields = [field for struct in structs for field in msgspec.structs.fields(struct)]
    stored = {field.name for field in fields if StoredFile in plain_types(field.type)}
    try:
        form = await _Parser(request, stored, held, most).parse()
    except (MultiPartException, KeyError, ValueError) as error:
        raise RefusedError(400, f"body: is damaged ({getattr(error, 'message', error)}); send it again") from None
    except OSError as error:
        raise RefusedError(507, f"body: cannot be stored ({error.strerror}); try again later, or send less") from None
    return values_of(await _read_fields(form, stored), structs)


async def _read_fields(form: FormData, stored: Collection[str]) -> dict[str, list[str | File | StoredFile]]:
    """Name -> what was given for it."""
    fields: dict[str, list[str | File | StoredFile]] = defaultdict(list)
    for name, value in form.multi_items():
        if not isinstance(value, UploadFile):
            fields[name].append(_encodable(value))
        elif name in stored:
            fields[name].append(StoredFile(_encodable(value.filename), value.file.name or ""))
        else:
            fields[name].append(File(_encodable(value.filename), await value.read()))
    await form.close()
    return fields


def _encodable(text: str | None) -> str:
    """A text of a form. One that says that it is UTF-7 may have halves of characters, which no answer can say."""
    return (text or "").encode(errors="replace").decode()


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
        if (is_file := isinstance(value, File | StoredFile)) is not bool(_FILES & kinds):
            raise ImpastoError(f"{field.name}: is {'a file' if is_file else 'not a file'}")
    if Ellipsis in kinds:  # a tuple of any length
        return tuple(values)
    if len(values) > 1:
        raise ImpastoError(f"{field.name}: is given {len(values)} times; give it once")
    return values[0] if _FILES & kinds else _number_or_text(values[0], kinds)


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
