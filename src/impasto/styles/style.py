"""A style is a point: γ and β of all layers, in network order. One style, one safetensors file."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from impasto.errors import ImpastoError
from impasto.files import write_file

IDENTITY = "identity"
"""Slug of the style that paints the photo as it is."""
_KEY = "impasto.style"
"""The key in a style file's metadata under which :class:`StyleInfo` is stored, as JSON."""
Box = tuple[float, float, float, float]
"""A part of a picture: left, top, right and bottom, as shares of its width and height."""
Row = npt.NDArray[np.float32]
"""(P,): γ and β of layer 1, γ and β of layer 2, … in network order."""


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
    """The long side, in pixels, at which the image or its part was read. None, in files from before it was always
    written, means that it was read at its own size."""
    network: str = ""
    """The fingerprint of the network that the style belongs to (:attr:`impasto.models.model.ModelInfo.network`)."""
    losses: dict[str, float] = {}
    """What was measured when the style was trained, such as ``style_gap_closed`` and ``content_distance``."""


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

    @property
    def slug(self) -> str:
        """The style's name on the command line."""
        return self.info.slug

    def renamed(self, slug: str) -> Style:
        """The same style under another slug."""
        return replace(self, info=msgspec.structs.replace(self.info, slug=slug))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write one safetensors file, whole or not at all: tensors ``row`` and ``thumbnail``, the rest as metadata."""
        tensors: dict[str, np.ndarray] = {"row": np.ascontiguousarray(self.row, dtype=np.float32)}
        if self.thumbnail:
            tensors["thumbnail"] = np.frombuffer(self.thumbnail, dtype=np.uint8)
        write_file(Path(path), save(tensors, {_KEY: msgspec.json.encode(self.info).decode()}))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Style:
        """Read a style file.

        Raises:
            ImpastoError: the file is missing, damaged, or no style.
        """
        try:
            with safe_open(path, "numpy") as file:
                info = msgspec.json.decode((file.metadata() or {})[_KEY], type=StyleInfo)
                row = file.get_tensor("row")
                thumbnail = file.get_tensor("thumbnail").tobytes() if "thumbnail" in file.keys() else b""  # noqa: SIM118
        except FileNotFoundError:
            raise ImpastoError(f"style {path}: there is no such file") from None
        except (SafetensorError, OSError) as error:
            raise ImpastoError(f"style {path}: damaged ({error}); get the file anew") from None
        except (KeyError, msgspec.MsgspecError):
            raise ImpastoError(f"style {path}: is a safetensors file, but not of a style") from None
        return cls(info, row, thumbnail)
