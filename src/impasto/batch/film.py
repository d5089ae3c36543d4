"""A film from its file to another: decoding, painting and encoding overlap, and what is done survives a crash."""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from impasto.batch.interrupt import noted_interrupt
from impasto.batch.segments import Kept
from impasto.errors import ImpastoError, StoppedError
from impasto.film.animations import write_animation
from impasto.film.folders import write_folder
from impasto.film.formats import ANIMATIONS, CONTAINERS, codec_for
from impasto.film.frames import Frame, ahead, at_rate
from impasto.film.joining import Sound, check_space, join
from impasto.film.reading import FilmInfo
from impasto.film.sources import look, read
from impasto.film.writing import Encoder, Encoding
from impasto.images.reading import check_pixels
from impasto.progress import Progress, silent
from impasto.stylize.sources import span_of
from impasto.stylize.timeline import Timeline, checked_steady
from impasto.stylize.video import STEADY, State, paint_frames

if TYPE_CHECKING:
    from typing_extensions import Unpack

_SECONDS = 8.0
"""How long a segment is worked on, in seconds: what is lost at most when the process is killed."""
_FRAMES = 24
"""The least number of frames of a segment: each begins with a frame that takes as much room as ten others."""
_AHEAD = 3
"""How many painted frames may wait to be encoded."""


@dataclass(frozen=True)
class FilmJob:
    """A film, the film that it becomes, and how it is painted.

    Attributes:
        info: the film.
        target: the file that is written.
        timeline: how it is painted.
        encoding: how it is encoded.
        settings: the digest of all that decides what the film becomes.
        steady: from 0 to 1.
        start, end: seconds: the part that is painted.
        fps: frames a second; None are the film's own.
        longer: the long side of frames in pixels; None is the film's own.
        sound: whether to keep the sound.
    """

    info: FilmInfo
    target: Path
    timeline: Timeline
    encoding: Encoding
    settings: str
    steady: float
    start: Fraction = Fraction(0)
    end: Fraction | None = None
    fps: Fraction | None = None
    longer: int | None = None
    sound: bool = True

    @property
    def count(self) -> int:
        """About how many frames there are to paint; 0 if unknown."""
        end = self.info.duration if self.end is None else min(self.end, self.info.duration or self.end)
        return max(0, round((end - self.start) * (self.fps or self.info.rate)))

    def frames(self, after: Fraction | None = None) -> Iterator[Frame]:
        """The frames to paint, or those after a time."""
        start = self.start if self.fps or after is None else after
        frames = read(self.info, start=start, end=self.end, longer=self.longer)
        if self.fps:
            frames = at_rate(frames, self.fps)
        return frames if after is None else (frame for frame in frames if frame.time > after)


class FilmOptions(TypedDict, total=False):
    """What is asked of a film, beside its styles and controls; :class:`FilmJob` says what each is.

    Attributes:
        codec: one of :data:`impasto.film.formats.CODECS`; without it, the container's first.
        crf: the quality; without it, the codec's.
        longer: the long side of frames, in pixels.
    """

    steady: float
    start: float
    end: float | None
    fps: float | None
    codec: str | None
    crf: int | None
    longer: int | None
    sound: bool


def film_job(
    film: Path,
    target: Path,
    timeline: Callable[[], Timeline],
    settings: Callable[[Timeline], str] = lambda timeline: "",
    max_pixels: int | None = None,
    **asked: Unpack[FilmOptions],
) -> FilmJob:
    """What is to be done, once all that can be wrong was checked.

    Args:
        film: a film, a picture that moves, or a folder of frames.
        target: what it becomes; its ending says of what kind.
        timeline: makes it; it is called last, as it may load a model.
        settings: makes the digest of all that decides what the film becomes.
        max_pixels: the most pixels of frames, read or painted; None is what photos may have.
        asked: all else.

    Raises:
        ImpastoError: the film cannot be read, or something is out of its range or cannot be written.
    """
    steady = checked_steady(asked.get("steady", STEADY))
    start, end, fps = span_of(asked.get("start", 0.0), asked.get("end"), asked.get("fps"))
    moves = not target.suffix or target.suffix.lower() in ANIMATIONS
    codec = "" if moves else codec_for(target, asked.get("codec"))
    check_space(target)
    info, longer = look(film), asked.get("longer")
    check_pixels(f"{film}: a frame", info.height * info.width, max_pixels, does="has")
    check_pixels(f"size {longer}", math.prod(info.size_at(longer)), max_pixels, "would get", "give a smaller one")
    made = timeline()
    encoding = Encoding(codec, asked.get("crf"), fps or info.rate, info.time_base)
    sound = asked.get("sound", True)
    return FilmJob(info, target, made, encoding, settings(made), steady, start, end, fps, longer, sound)


def prepared(*given: Any, **asked: Any) -> Callable[[Progress], int]:
    """What paints a film and returns its number of frames; arguments and errors are those of :func:`film_job`."""
    return functools.partial(paint, film_job(*given, **asked))


def paint(job: FilmJob, progress: Progress = silent) -> int:
    """Paint a film as what its target's name says, and return the number of frames.

    Raises:
        ImpastoError: see :func:`paint_film` and :func:`paint_pictures`.
    """
    films = job.target.suffix.lower() in CONTAINERS
    return paint_film(job, progress) if films else paint_pictures(job, progress)


def paint_pictures(job: FilmJob, progress: Progress = silent) -> int:
    """Paint a film as a picture that moves, or as a folder of frames, and return the number of frames.

    Raises:
        ImpastoError: the film has no frames in that part, or the file cannot be written.
    """
    count = 0

    def told(frames: Iterator[tuple[Frame, State]]) -> Iterator[Frame]:
        nonlocal count
        progress(0, job.count, "")
        for count, (frame, _) in enumerate(frames, 1):
            yield Frame(frame.array, frame.time - job.start, frame.duration)
            progress(count, max(job.count, count), "")

    with closing(ahead(paint_frames(job.frames(), job.timeline, job.steady), _AHEAD)) as frames:
        if job.target.suffix.lower() in ANIMATIONS:
            write_animation(told(frames), job.target, job.encoding.crf)
        else:
            write_folder(told(frames), job.target)
    if not count:
        raise _empty(job)
    return count


def _empty(job: FilmJob) -> ImpastoError:
    return ImpastoError(f"{job.info.path}: has no frames in the part that is asked for; change --start and --end")


def paint_film(job: FilmJob, progress: Progress = silent) -> int:
    """Paint a film, or what is left of it, and write it with its sound.

    Args:
        job: what is to be done.
        progress: is told of every frame.

    Returns:
        The number of frames.

    Raises:
        StoppedError: Ctrl-C; finished segments are kept, and the same job goes on from there.
        ImpastoError: the film has no frames in that part, or the disk is full; what was done is kept.
    """
    kept = Kept.beside(job.target, job.settings)
    try:
        count = _paint_rest(job, kept, progress)
    finally:
        if not kept.segments():
            kept.remove()
    if not count:
        raise _empty(job)
    sound = Sound(job.info, job.start, job.end) if job.sound else None
    join(kept.segments(), job.target, job.encoding, sound, job.info.metadata)
    kept.remove()
    return count


def _paint_rest(job: FilmJob, kept: Kept, progress: Progress) -> int:
    """Paint what no finished segment has, and return the number of all frames."""
    state, done = kept.state(), kept.frames()
    left = max(0, job.count - done)
    painted = paint_frames(job.frames(state.source.time if state else None), job.timeline, job.steady, state)
    progress(0, left, "")
    count, number = 0, len(kept.segments())
    with noted_interrupt() as stop, closing(ahead(painted, _AHEAD)) as frames:

        def report() -> None:
            nonlocal count
            count += 1
            progress(count, max(left, count), f"from frame {done}" if done else "")

        while _segment(frames, job, kept, number, report, stop.is_set):
            number += 1
        if stop.is_set():
            what = f"{done + count} frames are kept, and the same command goes on from there"
            raise StoppedError(f"stopped; {what}")
    return done + count


def _segment(
    frames: Iterator[tuple[Frame, State]],
    job: FilmJob,
    kept: Kept,
    number: int,
    report: Callable[[], None],
    stopped: Callable[[], bool],
) -> bool:
    """Encode frames to one segment until it is long enough; whether there may be more of them."""
    begun, encoder, state = time.monotonic(), None, None
    for frame, state in frames:  # noqa: B007  # the last one is used
        shifted = Frame(frame.array, frame.time - job.start, frame.duration)
        encoder = encoder or Encoder(kept.file(number), job.encoding, (frame.array.shape[0], frame.array.shape[1]))
        encoder.write(shifted)
        report()
        long = encoder.frames >= _FRAMES and time.monotonic() - begun > _SECONDS
        if long or stopped():
            break
    else:
        long = False
    if encoder is None or state is None:
        return False
    encoder.close()
    kept.finish(number, state, encoder.frames)
    return long and not stopped()
