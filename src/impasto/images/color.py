"""Colour in perceptual spaces: Oklab, in which a photo's colours are kept, and CIE Lab, in which pictures are measured.

Oklab: Björn Ottosson, *A perceptual color space for image processing*, 2020, https://bottosson.github.io/posts/oklab/.
CIE Lab: *Colorimetry*, CIE 15:2004.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from impasto.images.arrays import Pixels

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    dtype=np.float32,
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ],
    dtype=np.float32,
)
_FROM_LMS, _FROM_LAB = np.linalg.inv(_TO_LMS), np.linalg.inv(_TO_LAB)
"""Matrices from Oklab to cube roots of cone responses, and from cone responses to linear RGB."""
_TO_XYZ = np.array(
    [
        [0.4123908, 0.3575843, 0.1804808],
        [0.2126390, 0.7151687, 0.0721923],
        [0.0193308, 0.1191948, 0.9505322],
    ],
    dtype=np.float32,
)
"""Linear RGB to CIE XYZ, with the white of sRGB (D65) at Y = 1 (IEC 61966-2-1)."""
_FROM_XYZ = np.array([[0, 116, 0], [500, -500, 0], [0, 200, -200]], dtype=np.float32)
"""XYZ, each divided by that of white and compressed, to CIE Lab; 16 is taken from L afterwards."""
_DARK = (6 / 29) ** 3
"""The share of white's XYZ below which CIE Lab goes on in a straight line."""
_HALVINGS = 8
"""The number of bisection steps that find how much of a colour a screen can show; the share is exact to 1/256."""


def to_oklab(pixels: Pixels) -> Pixels:
    """sRGB (…,3,H,W) in [0,1] -> Oklab, the same shape: lightness in [0,1], then the two colour axes around 0."""
    return _mix(_TO_LAB, np.cbrt(_mix(_TO_LMS, _linear(pixels))))


def to_cielab(pixels: Pixels) -> Pixels:
    """sRGB (…,3,H,W) in [0,1] -> CIE Lab (D65), the same shape: L in [0,100], then a and b around 0."""
    xyz = _mix(_TO_XYZ / _TO_XYZ.sum(axis=1, keepdims=True), _linear(pixels))
    compressed = np.where(xyz > _DARK, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    lab = _mix(_FROM_XYZ, compressed)
    lab[..., 0, :, :] -= 16
    return lab


def _linear(pixels: Pixels) -> Pixels:
    """sRGB -> linear RGB, both in [0,1]."""
    return np.where(pixels <= 0.04045, pixels / 12.92, ((np.maximum(pixels, 0) + 0.055) / 1.055) ** 2.4)


def from_oklab(lab: Pixels) -> Pixels:
    """The inverse of :func:`to_oklab`; colours that no screen shows come out beyond [0,1]."""
    linear = _mix(_FROM_LMS, _mix(_FROM_LAB, lab) ** 3)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * np.maximum(linear, 0) ** (1 / 2.4) - 0.055)


def shown(lightness: Pixels, color: Pixels) -> Pixels:
    """What a screen shows of Oklab: lightness (N,1,H,W) in [0,1] and colour axes (N,2,H,W) -> sRGB (N,3,H,W) in [0,1].

    A colour too strong for its lightness is greyed just as far as a screen needs, at the same lightness and hue. So no
    halo of clipped colour stands around a stroke.
    """
    least: Pixels = np.zeros_like(lightness)
    most: Pixels = np.ones_like(lightness)
    whole = _outside(lightness, color, most)
    for _ in range(_HALVINGS if whole.any() else 0):
        middle = np.float32(0.5) * (least + most)
        outside = _outside(lightness, color, middle)
        least, most = np.where(outside, least, middle), np.where(outside, middle, most)
    share = np.where(whole, least, np.float32(1))
    return np.clip(from_oklab(np.concatenate([lightness, color * share], axis=1)), 0, 1).astype(np.float32)


def _outside(lightness: Pixels, color: Pixels, share: Pixels) -> npt.NDArray[np.bool_]:
    """(N,1,H,W), true where this share of a colour is more than a screen can show at this lightness."""
    rgb = from_oklab(np.concatenate([lightness, color * share], axis=1))
    slack = 1e-3
    beyond: npt.NDArray[np.bool_] = (rgb < -slack) | (rgb > 1 + slack)
    return np.any(beyond, axis=1, keepdims=True)


def _mix(matrix: np.ndarray, channels: Pixels) -> Pixels:
    """``matrix`` times the channels of every pixel."""
    return np.einsum("ij,...jhw->...ihw", matrix, channels).astype(np.float32)
