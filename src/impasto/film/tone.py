"""HDR to what every screen shows: PQ and HLG in BT.2020 become BT.709, with highlights rolled off."""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from impasto.images.arrays import Array

PQ, HLG = 16, 18
"""FFmpeg's numbers of the two transfer functions of HDR films: SMPTE ST 2084, and ARIB STD-B67."""
_WHITE = 203.0
"""The luminance of paper white in HDR films, in nits (ITU-R BT.2408)."""
_PEAK = 1000.0
"""The luminance of the brightest HLG pixel, in nits."""
_KNEE = 0.7
"""Linear light above this share of white is rolled off, so that highlights keep their drawing."""
_TO_709 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32)
"""Linear RGB of BT.2020 to that of BT.709 (ITU-R BT.2087)."""


def tone_mapped(rgb: npt.NDArray[np.uint16], transfer: int) -> Array:
    """A frame of an HDR film, (H,W,3) uint16 of BT.2020, as (H,W,3) uint8 of BT.709.

    Args:
        rgb: the frame.
        transfer: :data:`PQ` or :data:`HLG`.
    """
    light = _linear(transfer)[rgb]
    if transfer == HLG:  # a screen is brighter where the scene is bright
        luminance = light @ np.array([0.2627, 0.678, 0.0593], np.float32)
        light *= (_PEAK / _WHITE) * np.maximum(luminance, 1e-6)[..., None] ** np.float32(0.2)
    light = light @ _TO_709.T
    most = np.maximum(light.max(axis=2, keepdims=True), 1e-6)
    light *= np.where(most > _KNEE, _rolled_off(most) / most, 1)
    return _levels()[np.clip(light * 4095, 0, 4095).astype(np.uint16)]


def _rolled_off(light: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Linear light above the knee: it meets the line there with its slope, and never passes 1."""
    return _KNEE + (1 - _KNEE) * (1 - np.exp(-(light - _KNEE) / (1 - _KNEE)))


@functools.lru_cache(maxsize=2)
def _linear(transfer: int) -> npt.NDArray[np.float32]:
    """(65536,): linear light for each level; 1 is paper white for PQ, and the brightest pixel for HLG."""
    signal = np.linspace(0, 1, 65536)
    if transfer == HLG:
        bright = (np.exp((signal - 0.55991073) / 0.17883277) + 0.28466892) / 12
        return np.where(signal <= 0.5, signal**2 / 3, bright).astype(np.float32)
    root = signal ** (1 / 78.84375)
    nits = 10000 * (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)
    return (nits / _WHITE).astype(np.float32)


@functools.lru_cache(maxsize=1)
def _levels() -> Array:
    """(4096,): the level of sRGB for linear light from 0 to 1."""
    light = np.linspace(0, 1, 4096)
    curve = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.rint(255 * curve).astype(np.uint8)
