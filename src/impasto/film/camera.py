"""A camera: always its newest frame, mirrored, however long the last one takes to paint."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing

import numpy as np

from impasto.errors import ImpastoError, pip_install
from impasto.images.arrays import Array

try:
    import cv2
except ModuleNotFoundError:
    raise ImpastoError(f"cameras need OpenCV: {pip_install('video')}") from None

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)  # else a missing camera is three lines, not one


class Camera:
    """A camera, or a film in its place, which a thread reads. What nobody asked for in time is dropped.

    Args:
        source: the number of a camera, or the path of a film.
        mirrored: whether left and right change places, as in a mirror.
    """

    def __init__(self, source: int | str, *, mirrored: bool = True) -> None:
        """Open the camera.

        Raises:
            ImpastoError: there is none, or it gives no picture.
        """
        try:
            self._capture = cv2.VideoCapture(source)
        except cv2.error:  # a number of many digits
            self._capture = cv2.VideoCapture()
        self._mirrored = mirrored
        self._changed = threading.Condition()
        self._frame: Array | None = None
        self._open = self._capture.isOpened()
        # A film gives its frames when they are due, as a camera does.
        self._each = 0.0 if isinstance(source, int) else 1 / (self._capture.get(cv2.CAP_PROP_FPS) or 25)
        if not self._open:
            what = f"camera {source}: there is none" if isinstance(source, int) else f"{source}: cannot be opened"
            raise ImpastoError(f"{what}; connect one, or give --camera a number or a film")
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        due = time.monotonic()
        while self._open:
            found, frame = self._capture.read()
            due += self._each
            time.sleep(max(0.0, due - time.monotonic()) if self._each else 0)
            with self._changed:
                self._frame = frame if found else None  # type: ignore[assignment]
                self._open = self._open and found
                self._changed.notify_all()

    def newest(self) -> Array | None:
        """The newest frame (H,W,3) uint8, RGB, that was not given yet; None once the camera gives no more."""
        with self._changed:
            while self._frame is None and self._open:
                self._changed.wait(1)
            frame, self._frame = self._frame, None
        if frame is None:
            return None
        rgb = frame[..., ::-1]
        return np.ascontiguousarray(rgb[:, ::-1] if self._mirrored else rgb)

    def frames(self) -> Iterator[Array]:
        """Newest frames, one after the other."""
        with closing(self):
            while (frame := self.newest()) is not None:
                yield frame

    def close(self) -> None:
        """Let the camera go."""
        self._open = False
        self._thread.join(2)
        self._capture.release()
