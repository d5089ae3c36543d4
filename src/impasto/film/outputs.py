"""What a film is written as: a film with sound, a picture that moves, or a folder of numbered frames.

All are written in segments, so that what is done survives a crash, and put together at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from impasto.film.animations import write_animation
from impasto.film.folders import NumberedFrames, move_frames
from impasto.film.formats import ANIMATIONS, CONTAINERS
from impasto.film.joining import Sound, frames_in_segments, join
from impasto.film.writing import Encoder, Encoding
from impasto.progress import Progress, reported

_FRAMES = "frames"


@dataclass(frozen=True)
class Output:
    """What a film becomes.

    Attributes:
        target: the file or folder; its name's ending says what is written.
        encoding: how frames are encoded.
        sound: what it sounds like; None is silence.
        metadata: title, date and the like.
    """

    target: Path
    encoding: Encoding
    sound: Sound | None = None
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def _ending(self) -> str:
        return self.target.suffix.lower()

    def begin(self, segment: Path, size: tuple[int, int], done: int) -> Encoder | NumberedFrames:
        """What the frames of a segment are written to.

        Args:
            segment: its file.
            size: height and width of the frames.
            done: how many frames the segments before have.

        Raises:
            ImpastoError: it cannot be written.
        """
        if not self._ending:
            return NumberedFrames(segment.with_name(_FRAMES), done)
        return Encoder(segment, self.encoding, size)

    def finish(self, segments: Sequence[Path], count: int, progress: Progress) -> None:
        """Write the film, which appears whole or not at all.

        Args:
            segments: all of them, in order.
            count: how many frames they have.
            progress: is told of every frame that is encoded again.

        Raises:
            ImpastoError: the film cannot be written.
        """
        if not self._ending:
            move_frames(segments[0].with_name(_FRAMES), self.target, count)
        elif self._ending in ANIMATIONS:
            frames = reported(frames_in_segments(segments), progress, "writing", count)
            write_animation(frames, self.target, self.encoding.crf)
        else:
            assert self._ending in CONTAINERS
            join(segments, self.target, self.encoding, self.sound, self.metadata)
