"""Pictures for a virtual camera; a file poses as the device."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.film.films import bars

from impasto.errors import ImpastoError
from impasto.film.device import VirtualCamera


def test_pictures_are_written_as_cameras_give_them(tmp_path: Path) -> None:
    """In 4:2:0, BT.601 and the limited range, one after the other."""
    file = tmp_path / "device"
    with VirtualCamera(file, muxer="rawvideo") as device:
        for _ in range(3):
            device.write(bars(65, 129))
    frames = np.frombuffer(file.read_bytes(), np.uint8).reshape(3, -1)
    assert frames.shape[1] == 64 * 128 * 3 // 2
    luma = frames[:, : 64 * 128].reshape(3, 64, 128)
    red, green, blue = bars(65, 129)[32, 8:128:16].astype(float).T
    expected = 16 + (65.481 * red + 128.553 * green + 24.966 * blue) / 255
    assert np.abs(luma[:, 32, 8::16] - expected).max() <= 1


def test_what_is_no_device(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    for path in (tmp_path / "none", file):
        with pytest.raises(ImpastoError, match="no such device; sudo modprobe v4l2loopback"):
            VirtualCamera(path)
    assert file.read_text() == "mine"
    with pytest.raises(ImpastoError, match="takes no pictures"), VirtualCamera(Path("/dev/null")) as device:
        device.write(bars())  # a device, but no camera
