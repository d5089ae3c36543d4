"""A film that is painted while it is made: style, blend and strength change at any moment."""

from __future__ import annotations

import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from PIL import Image

from impasto.errors import ImpastoError
from impasto.film.frames import Frame
from impasto.images.arrays import Array, scaled
from impasto.images.writing import write_image
from impasto.stylize.motion import watch
from impasto.stylize.resolve import StyleLike
from impasto.stylize.stylizer import Stylizer
from impasto.stylize.timeline import timeline
from impasto.stylize.video import FilmPainter, State

_STEP = 0.25
"""By how much a key changes the strength."""


class Live:
    """Paints one frame after the other, in what was last asked for.

    Args:
        stylizer: paints.
        styles: to change between.
        size: the long side of pictures, in pixels.
    """

    def __init__(self, stylizer: Stylizer, styles: Sequence[StyleLike], size: int) -> None:
        self._stylizer, self._styles, self._size = stylizer, styles, size
        self._index, self._blended, self._strength = 0, False, 1.0
        self._began = time.monotonic()
        self._state: State | None = None
        self._picture: Array | None = None
        self._painter = self._planned()

    @property
    def title(self) -> str:
        """What is painted, in a few words."""
        shown = [self._styles[self._index], *([self._next()] if self._blended else [])]
        names = ["+".join(map(str, style)) if isinstance(style, dict) else str(style) for style in shown]
        return f"{' + '.join(names)}, strength {self._strength:g}"

    def press(self, key: str) -> None:
        """Change what is painted: n and p the style, b whether it is blended, + and - the strength."""
        if key in ("n", "p"):
            self._index = (self._index + (1 if key == "n" else -1)) % len(self._styles)
        elif key == "b":
            self._blended = not self._blended
        elif key in ("+", "-"):
            self._strength = min(1.5, max(0.0, self._strength + (_STEP if key == "+" else -_STEP)))
        else:
            return
        self._painter, self._state = self._planned(), None

    def _next(self) -> StyleLike:
        return self._styles[(self._index + 1) % len(self._styles)]

    def _planned(self) -> FilmPainter:
        style = self._styles[self._index]
        if self._blended:
            style = _halves(style, self._next())
        return FilmPainter(timeline(self._stylizer.plan, style, (), {"strength": self._strength}))

    def paint(self, frame: Array) -> Array:
        """The picture of a frame (H,W,3) uint8."""
        now = Frame(scaled(frame, longer=self._size), Fraction(time.monotonic() - self._began).limit_denominator(1000))
        before = self._state.seen if self._state else None
        for seen in watch([now], flow=False, before=before):
            self._state = self._painter.paint(seen, self._state)
        assert self._state is not None
        self._picture = self._state.picture
        return self._picture

    def save(self, folder: Path) -> Path:
        """Write the last picture under a name that is free, and return its path.

        Raises:
            ImpastoError: there is none yet, or it cannot be written.
        """
        if self._picture is None:
            raise ImpastoError("there is no picture yet; save in a moment")
        number = 1
        while (path := folder / f"webcam-{number:03d}.png").exists():
            number += 1
        write_image(Image.fromarray(self._picture), path)
        return path


def _halves(first: StyleLike, second: StyleLike) -> StyleLike:
    """Two styles or blends, half of each."""
    mixed: dict[object, float] = {}
    for style in (first, second):
        parts = style if isinstance(style, dict) else {style: 1.0}
        total = sum(parts.values())
        for name, weight in parts.items():
            mixed[name] = mixed.get(name, 0.0) + weight / total
    return mixed
