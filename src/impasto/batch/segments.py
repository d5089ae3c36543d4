"""What is kept of a film while it is painted: finished segments, in a folder beside the film.

A segment is a file of encoded frames and what painting had come to at its end. So a run that was stopped, or killed, is
taken up at the frame after the last finished segment, and ends in the same film.
"""

from __future__ import annotations

import io
import logging
import shutil
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from impasto.batch.lock import LOCK, HeldError, alone_in
from impasto.errors import ImpastoError
from impasto.files import sync, write_file
from impasto.film.frames import Frame
from impasto.film.writing import cannot_write
from impasto.stylize.video import Reference, State

logger = logging.getLogger(__name__)
_SETTINGS = "settings"


@dataclass(frozen=True)
class Kept:
    """The folder of a film's segments.

    Attributes:
        folder: where they are.
        settings: says what the film is painted from and how, as a digest; segments of others are no use.
    """

    folder: Path
    settings: str

    @classmethod
    @contextmanager
    def beside(cls, out: Path, settings: str) -> Iterator[Kept]:
        """The folder beside a film, for this process alone; if no segment was finished, it is removed in the end.

        Segments with other settings are removed, and the log says so.

        Raises:
            ImpastoError: the folder cannot be made, or another process paints the film.
        """
        kept = cls(out.with_name(f".{out.name}.impasto"), settings)
        with ExitStack() as held:
            try:
                held.enter_context(alone_in(kept.folder))
                held.callback(kept._remove_if_empty)
                kept._begin(out)
            except HeldError as error:
                which = f"process {error.process}" if error.process else "another process"
                raise ImpastoError(f"{out}: {which} is painting it; wait for it, or give another -o") from None
            except OSError as error:
                raise cannot_write(out, error) from None
            yield kept

    def _remove_if_empty(self) -> None:
        if not self.segments():
            self.remove()

    def _begin(self, out: Path) -> None:
        note = self.folder / _SETTINGS
        if note.is_file() and note.read_text("utf-8") != self.settings:
            logger.warning("%s: was started with other settings; it is painted from the start", out)
            self._empty()
        write_file(note, self.settings.encode())

    def _empty(self) -> None:
        """Remove all but the lock."""
        for path in self.folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != LOCK:
                path.unlink()

    def segments(self) -> list[Path]:
        """The files of all finished segments, in order."""
        numbers = range(len(list(self.folder.glob("*.npz"))))
        return [path for path in map(self.file, numbers) if path.with_suffix(".npz").is_file()]

    def file(self, number: int) -> Path:
        """The file of a segment."""
        return self.folder / f"{number:06d}.mov"

    def finish(self, number: int, state: State, frames: int) -> None:
        """Note that a segment is finished, how many frames it has, and what painting had come to.

        The segment is on the disk before the note is: a note without it would leave a hole after a power cut.

        Raises:
            ImpastoError: the disk is full.
        """
        buffer = io.BytesIO()
        times = [str(state.source.time), *(str(each.since) for each in state.references)]
        arrays: dict[str, Any] = {f"reference{index}": each.array for index, each in enumerate(state.references)}
        arrays |= {"source": state.source.array, "picture": state.picture, "times": np.array(times), "frames": frames}
        np.savez(buffer, **arrays)
        try:
            if self.file(number).is_file():
                sync(self.file(number))
            write_file(self.file(number).with_suffix(".npz"), buffer.getvalue(), durable=True)
            if number:
                self._forget(number - 1)
        except OSError as error:
            raise cannot_write(self.file(number), error) from None

    def _forget(self, number: int) -> None:
        """Keep only the number of frames of a segment: what is painted goes on from the last one."""
        buffer = io.BytesIO()
        np.savez(buffer, frames=_read(self.file(number))["frames"])
        write_file(self.file(number).with_suffix(".npz"), buffer.getvalue())

    def frames(self) -> int:
        """How many frames the finished segments have."""
        return sum(int(_read(path)["frames"]) for path in self.segments())

    def state(self) -> State | None:
        """What painting had come to at the end of the last finished segment; None if there is none."""
        segments = self.segments()
        if not segments:
            return None
        kept = _read(segments[-1])
        time, *since = kept["times"]
        references = tuple(Reference(kept[f"reference{index}"], float(each)) for index, each in enumerate(since))
        return State(references, Frame(kept["source"], Fraction(str(time))), kept["picture"])

    def remove(self) -> None:
        """Remove all segments."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _read(segment: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(segment.with_suffix(".npz"), allow_pickle=False) as kept:
            return dict(kept)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error) as error:
        raise ImpastoError(f"{segment.parent}: is damaged ({error}); remove this folder to start over") from None
