"""Many photos: what is to be done with each, and what is reported of it."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import msgspec

from impasto.batch.targets import STREAM
from impasto.files import printable
from impasto.images.formats import FORMATS, image_format
from impasto.stylize.plan import Plan


class Job(msgspec.Struct, frozen=True):
    """A photo, the picture that it becomes, and how it is painted."""

    source: Path | io.BytesIO
    """The photo's file, or what came from standard input."""
    target: Path
    plan: Plan
    format: str | None = None
    """Pillow's name of the format on standard output; None is the photo's. A file has the format of its name."""
    quality: int | None = None
    """The quality of formats in :data:`impasto.images.formats.LOSSY`, from 1 to 100; None is so high that no loss is
    visible."""
    strip_metadata: bool = False
    """Whether the picture's file says nothing of what the photo's says about it: when, where, by whom, with what."""

    @property
    def names(self) -> tuple[str, str]:
        """What reports call the photo and the picture."""
        return printable(STREAM if isinstance(self.source, io.BytesIO) else self.source), printable(self.target)

    def format_for(self, photo: str | None) -> str:
        """Pillow's name of the picture's format, which may depend on the photo's."""
        if self.target != STREAM:
            return image_format(self.target)
        wanted = self.format or photo or "PNG"
        return wanted if wanted in FORMATS.values() else "PNG"


class Report(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a photo; one line of ``--json``."""

    photo: str
    picture: str
    status: str
    """``painted``, ``skipped`` (the picture was there already) or ``failed``."""
    error: str = ""
    width: int = 0
    """The width of the picture, in pixels."""
    height: int = 0
    """The height of the picture, in pixels."""
    model: str = ""
    """The name of the model that painted it."""
    seconds: float = 0.0
    """The time from opening the photo to having written the picture, in seconds."""


def opened(source: Path) -> Path | io.BytesIO:
    """What a photo is read from: its file, or all that comes from standard input, which can be read only once."""
    return io.BytesIO(sys.stdin.buffer.read()) if source == STREAM else source
