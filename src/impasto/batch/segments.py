"""What is kept of a film while it is painted: finished segments, in a folder beside the film.

A segment is a file of encoded frames and what painting had come to at its end. So a run that was stopped, or killed, is
taken up at the frame after the last finished segment, and ends in the same film.
"""

from __future__ import annotations

import io
import logging
import shutil
import zlib
from collections.abc import Iterator, Mapping
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
from impasto.stylize.motion import Seen, thumbnail
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
        """Note that a segment is finished, how many frames there are up to its end, and what painting had come to.

        The segment is on the disk before the note is: a note without it would leave a hole after a power cut.

        Raises:
            ImpastoError: the disk is full.
        """
        buffer = io.BytesIO()
        np.savez(buffer, frames=frames, **_arrays(state))
        try:
            if self.file(number).is_file():
                sync(self.file(number))
            write_file(self.file(number).with_suffix(".npz"), buffer.getvalue(), durable=True)
            if number:  # what is painted goes on from the last one
                write_file(self.file(number - 1).with_suffix(".npz"), b"")
        except OSError as error:
            raise cannot_write(self.file(number), error) from None

    def done(self) -> tuple[int, State | None]:
        """How many frames the finished segments have, and what painting had come to; 0 and None if there is none."""
        segments = self.segments()
        if not segments:
            return 0, None
        with _reading(segments[-1]) as note:
            return int(note["frames"]), _state(note)

    def remove(self) -> None:
        """Remove all segments."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _arrays(state: State) -> dict[str, Any]:
    """A state as arrays by name; :func:`_state` reads them."""
    seen = state.seen
    times = [str(seen.frame.time), *(str(each.since) for each in state.references)]
    references = {f"reference{index}": each.array for index, each in enumerate(state.references)}
    film = {"source": seen.frame.array, "painted": seen.painted, "changes": np.array(seen.changes)}
    return {**references, **film, "picture": state.picture, "times": np.array(times)}


def _state(kept: Mapping[str, Any]) -> State:
    time, *since = kept["times"]
    references = tuple(Reference(kept[f"reference{index}"], float(each)) for index, each in enumerate(since))
    source, changes = kept["source"], tuple(map(float, kept["changes"]))
    frame = Frame(source, Fraction(str(time)))
    seen = Seen(frame, thumbnail(source), False, False, None, kept["painted"], changes)
    return State(references, seen, kept["picture"])


@contextmanager
def _reading(segment: Path) -> Iterator[Mapping[str, Any]]:
    """The arrays of a segment's note, each read when it is asked for."""
    try:
        with np.load(segment.with_suffix(".npz"), allow_pickle=False) as note:
            yield note
    except (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error) as error:
        raise ImpastoError(f"{segment.parent}: is damaged ({error}); remove this folder to start over") from None
