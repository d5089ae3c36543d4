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
from impasto.film.folders import NumberedFrames
from impasto.film.formats import check_codec, codec_for
from impasto.film.frames import Frame, ahead, at_rate, within
from impasto.film.joining import Sound, check_space
from impasto.film.outputs import Output
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

_UNIT = Fraction(1, 90_000)
"""The unit of time stamps where a rate is given, or where the film's own is coarse: it may be as long as a frame."""
_COARSE = Fraction(1, 500)

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
        output: what is written.
        timeline: how it is painted.
        settings: the digest of all that decides what the film becomes.
        steady: from 0 to 1.
        start, end: seconds: the part that is painted.
        fps: frames a second; None are the film's own.
        longer: the long side of frames in pixels; None is the film's own.
    """

    info: FilmInfo
    output: Output
    timeline: Timeline
    settings: str
    steady: float
    start: Fraction = Fraction(0)
    end: Fraction | None = None
    fps: Fraction | None = None
    longer: int | None = None

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
            frames = within(at_rate(frames, self.fps), self.start, self.end)
        return frames if after is None else (frame for frame in frames if frame.time > after)


class FilmOptions(TypedDict, total=False):
    """What is asked of a film, beside its styles and controls; :class:`FilmJob` says what each is.

    Attributes:
        codec: one of :data:`impasto.film.formats.CODECS`; without it, the container's first.
        crf: the quality; without it, the codec's.
        longer: the long side of frames, in pixels.
        sound: whether to keep the sound.
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
    timeline: Callable[[tuple[int, int]], Timeline],
    settings: Callable[[Timeline], str] = lambda timeline: "",
    max_pixels: int | None = None,
    **asked: Unpack[FilmOptions],
) -> FilmJob:
    """What is to be done, once all that can be wrong was checked.

    Args:
        film: a film, a picture that moves, or a folder of frames.
        target: what it becomes; its ending says of what kind.
        timeline: makes it for frames of a (height, width); it is called last, as it may load a model.
        settings: makes the digest of all that decides what the film becomes.
        max_pixels: the most pixels of frames, read or painted; None is what photos may have.
        asked: all else.

    Raises:
        ImpastoError: the film cannot be read, or something is out of its range or cannot be written.
    """
    steady = checked_steady(asked.get("steady", STEADY))
    start, end, fps = span_of(asked.get("start", 0.0), asked.get("end"), asked.get("fps"))
    target = target if target.name not in ("", "..") else target.resolve()
    codec = codec_for(target, asked.get("codec"))
    check_space(target)
    info, longer = look(film, max_pixels), asked.get("longer")
    check_pixels(f"{film}: a frame", info.height * info.width, max_pixels, does="has")
    check_pixels(f"size {longer}", math.prod(info.size_at(longer)), max_pixels, "would get", "give a smaller one")
    check_codec(codec, asked.get("crf"), info.size_at(longer))
    made = timeline(info.size_at(longer))
    unit = _UNIT if fps or info.time_base > _COARSE else info.time_base
    encoding = Encoding(codec, asked.get("crf"), fps or info.rate, unit)
    sound = Sound(info, start, end) if asked.get("sound", True) else None
    output = Output(target, encoding, sound, info.metadata)
    return FilmJob(info, output, made, settings(made), steady, start, end, fps, longer)


def prepared(*given: Any, **asked: Any) -> Callable[[Progress], int]:
    """What paints a film and returns its number of frames; arguments and errors are those of :func:`film_job`."""
    return functools.partial(paint_film, film_job(*given, **asked))


def _empty(job: FilmJob) -> ImpastoError:
    return ImpastoError(f"{job.info.path}: has no frames in the part that is asked for; change --start and --end")


def paint_film(job: FilmJob, progress: Progress = silent) -> int:
    """Paint a film, or what is left of it, and write it.

    Args:
        job: what is to be done.
        progress: is told of every frame.

    Returns:
        The number of frames.

    Raises:
        StoppedError: Ctrl-C; finished segments are kept, and the same job goes on from there.
        ImpastoError: the film has no frames in that part, or the disk is full; what was done is kept. Or another
            process is painting the same film.
    """
    with Kept.beside(job.output.target, job.settings) as kept:
        count = _paint_rest(job, kept, progress)
        if not count:
            raise _empty(job)
        job.output.finish(kept.segments(), count, progress)
        kept.remove()
    return count


def _paint_rest(job: FilmJob, kept: Kept, progress: Progress) -> int:
    """Paint what no finished segment has, and return the number of all frames."""
    done, state = kept.done()
    left = max(0, job.count - done)
    painted = paint_frames(job.frames(state.time if state else None), job.timeline, job.steady, state)
    progress(0, left, "")
    count = 0
    with noted_interrupt() as stop, closing(ahead(painted, _AHEAD)) as frames:

        def report() -> None:
            nonlocal count
            count += 1
            progress(count, max(left, count), f"from frame {done}" if done else "")

        while _segment(frames, job, kept, done + count, report, stop.is_set):
            pass
        if stop.is_set():
            what = f"{done + count} frames are kept, and the same command continues from there"
            raise StoppedError(f"stopped; {what}")
    return done + count


def _segment(
    frames: Iterator[tuple[Frame, State]],
    job: FilmJob,
    kept: Kept,
    done: int,
    report: Callable[[], None],
    stopped: Callable[[], bool],
) -> bool:
    """Write frames to one segment until it is long enough; whether there may be more of them.

    ``done`` is the number of frames of the segments before.
    """
    begun, number = time.monotonic(), len(kept.segments())
    segment: Encoder | NumberedFrames | None = None
    state, long = None, False
    for frame, state in frames:  # noqa: B007  # the last one is used
        shifted = Frame(frame.array, frame.time - job.start, frame.duration)
        segment = segment or job.output.begin(kept.file(number), (frame.array.shape[0], frame.array.shape[1]), done)
        segment.write(shifted)
        report()
        long = segment.frames >= _FRAMES and time.monotonic() - begun > _SECONDS
        if long or stopped():
            break
    if segment is None or state is None:
        return False
    segment.close()
    kept.finish(number, state, done + segment.frames)
    return long and not stopped()
