"""A film poses as the camera."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.film.films import make_film, moving

from impasto.errors import ImpastoError
from impasto.film.camera import Camera


def test_newest_frames_mirrored(tmp_path: Path) -> None:
    film = make_film(tmp_path / "film.mp4", moving(20))
    plain, mirrored = (list(Camera(str(film), mirrored=each).frames()) for each in (False, True))
    for frames in (plain, mirrored):
        assert 1 <= len(frames) <= 20  # what nobody asked for in time is dropped
        assert frames[0].shape == (48, 64, 3)
    slopes = [frames[-1][40].astype(float).mean(axis=1) for frames in (plain, mirrored)]
    assert slopes[0][-1] > slopes[0][0] + 50
    assert np.abs(slopes[1][::-1] - slopes[0]).max() < 8


def test_no_camera(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for number in (97, 99_999_999_999_999):
        with pytest.raises(ImpastoError, match=f"camera {number}: there is none"):
            Camera(number)
    with pytest.raises(ImpastoError, match="cannot be opened"):
        Camera(str(tmp_path / "none.mp4"))
    assert capfd.readouterr().err == "", "OpenCV says nothing of its own"
