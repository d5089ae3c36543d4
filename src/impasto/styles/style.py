"""A style is a point: γ and β of all layers, in network order. One style, one safetensors file."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from impasto.errors import ImpastoError, check_ranges, checked_path, kind_of
from impasto.files import write_file

IDENTITY = "identity"
"""Slug of the style that paints the photo as it is."""
_KEY = "impasto.style"
"""The key in a style file's metadata under which :class:`StyleInfo` is stored, as JSON."""
Box = tuple[float, float, float, float]
"""A part of a picture: left, top, right and bottom, as shares of its width and height."""
Row = npt.NDArray[np.float32]
"""(P,): γ and β of layer 1, γ and β of layer 2, … in network order."""


class _Header(msgspec.Struct):
    """How a safetensors file begins: of its JSON, what matters here."""

    metadata: dict[str, str] = msgspec.field(name="__metadata__", default_factory=dict)


class StyleInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about a style; every field but ``slug`` may be empty."""

    slug: str
    """The style's name on the command line: lower-case letters, digits and hyphens."""
    name: str = ""
    """The title of the style image, in English."""
    name_zh: str = ""
    """The title in Traditional Chinese."""
    artist: str = ""
    """Who made the style image."""
    year: str = ""
    """When it was made, as text."""
    credit: str = ""
    """Where the image comes from."""
    licence: str = ""
    """The licence of the style image."""
    image: str = ""
    """The file name of the style image."""
    image_sha256: str = ""
    """The SHA-256 of that file, in hexadecimal."""
    image_box: Box | None = None
    """The part of the image that is the style: left, top, right and bottom, as shares of its width and height. None is
    the whole image."""
    image_size: int | None = None
    """The long side, in pixels, at which the image or its part was read. None is in files
    from before it was always written, and counts as the image's own size. That is right for styles that were trained;
    those that ``add-style`` made then had been read at 768 pixels at most."""
    network: str = ""
    """The fingerprint of the network that the style belongs to (:attr:`impasto.models.model.ModelInfo.network`)."""
    losses: dict[str, float] = {}
    """What was measured when the style was trained, such as ``style_gap_closed`` and ``content_distance``."""

    def __post_init__(self) -> None:
        check_ranges(self)
        if not self.slug:
            raise ImpastoError("slug: is empty; give a name such as my-style")


@dataclass(frozen=True)
class Style:
    """A style: a point in the space of γ and β, and what is known about it.

    Attributes:
        info: names, credit and provenance.
        row: (P,) float32: γ and β of layer 1, γ and β of layer 2, … in network order.
        thumbnail: a small JPEG of the style image, or empty.
    """

    info: StyleInfo
    row: Row = field(repr=False)
    thumbnail: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.info, StyleInfo):
            raise ImpastoError(f"info: is {kind_of(self.info)}; give StyleInfo(slug=..., network=...)")

    @property
    def slug(self) -> str:
        """The style's name on the command line."""
        return self.info.slug

    def renamed(self, slug: str) -> Style:
        """The same style under another slug."""
        return replace(self, info=msgspec.structs.replace(self.info, slug=slug))

    @property
    def content(self) -> bytes:
        """Its file, in the safetensors format: tensors ``row`` and ``thumbnail``, the rest as metadata."""
        tensors: dict[str, np.ndarray] = {"row": np.ascontiguousarray(self.row, dtype=np.float32)}
        if self.thumbnail:
            tensors["thumbnail"] = np.frombuffer(self.thumbnail, dtype=np.uint8)
        return save(tensors, {_KEY: msgspec.json.encode(self.info).decode()})

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write its file, whole or not at all.

        Raises:
            ImpastoError: its folder is missing or cannot be written, or the path is none.
        """
        called = checked_path(path, "path", "the style file to write, such as mine.safetensors")
        try:
            write_file(Path(called), self.content)
        except OSError as error:
            where = "give a file in a folder that is there"
            raise ImpastoError(f"style {called}: cannot be written ({error.strerror}); {where}") from None

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Style:
        """Read a style file.

        Raises:
            ImpastoError: the file is missing, damaged, or no style.
        """
        try:
            content = Path(checked_path(path, "path", "a style file")).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise ImpastoError(f"style {path}: there is no such file") from None
        except IsADirectoryError:
            raise ImpastoError(f"style {path}: is a folder; name a style file in it") from None
        except OSError as error:
            raise ImpastoError(f"style {path}: damaged ({error}); get a new copy of it") from None
        return cls.decode(content, str(path))

    @classmethod
    def decode(cls, content: bytes, called: str) -> Style:
        """The style in the ``content`` of a file, which messages call so.

        Raises:
            ImpastoError: it is damaged, or no style.
        """
        try:
            tensors, header = load(content), content[8 : 8 + int.from_bytes(content[:8], "little")]
            info = msgspec.json.decode(msgspec.json.decode(header, type=_Header).metadata[_KEY], type=StyleInfo)
            row = tensors["row"]
        except SafetensorError as error:
            raise ImpastoError(f"style {called}: damaged ({error}); get a new copy of it") from None
        except (KeyError, msgspec.MsgspecError):
            raise ImpastoError(f"style {called}: is a safetensors file, but not a style") from None
        if row.dtype != np.float32 or not np.isfinite(row).all():
            raise ImpastoError(f"style {called}: damaged (its numbers are not finite); get a new copy of it")
        return cls(info, row, tensors["thumbnail"].tobytes() if "thumbnail" in tensors else b"")
