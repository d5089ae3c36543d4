"""Seeded noise on every scale, the same for everybody: what breaks the symmetry of flat areas."""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt
from PIL import Image

OCTAVES = 6
"""How many octaves are summed. Their cells are 1, 2, 4, 8, 16 and 32 pixels wide: from a photo's grain to the length of
a stroke."""
PERIOD = 256
"""The largest number of cells after which an octave repeats."""
FIELD = 2048
"""Number of pixels after which all octaves repeat, and so their sum."""
_SEED = 1610_07629
"""The seed of the cells: the number of the paper on arXiv, 1610.07629. Any other would do."""
_DEVIATION = np.float32(2.036)
"""Standard deviation of the sum of all octaves. It is not quite √6, since enlarged cells vary a little less than cells
of one pixel."""


@functools.lru_cache(maxsize=1)
def _field() -> npt.NDArray[np.float32]:
    """(3,FIELD,FIELD)."""
    return noise(FIELD, FIELD)


def noise_of_field(height: int, width: int, top: int = 0, left: int = 0) -> npt.NDArray[np.float32]:
    """The same as :func:`noise`, cut from the whole field. That is made once, so it suits large pictures."""
    y, x = np.arange(top, top + height) % FIELD, np.arange(left, left + width) % FIELD
    return _field().take(y, axis=1).take(x, axis=2)


def noise(height: int, width: int, top: int = 0, left: int = 0) -> npt.NDArray[np.float32]:
    """A window of a field of Gaussian noise whose octaves are about equally strong. It repeats after :data:`FIELD`.

    White noise drives a network at the finest scale only, and a flat area becomes a lattice of dots. With energy at the
    scale of strokes it becomes strokes.

    Args:
        height, width: the size of the window, in pixels.
        top, left: its place in the field, in pixels.

    Returns:
        (3,height,width) float32, mean 0, standard deviation 1. The same on every machine; windows of the field agree
        where they overlap.
    """
    field = _octaves(0, (top, height), (left, width))
    field /= _DEVIATION
    return field


def _octaves(octave: int, rows: tuple[int, int], columns: tuple[int, int]) -> npt.NDArray[np.float32]:
    """The sum of this octave and all coarser ones over the cells (first, count) × (first, count) of this octave."""
    (top, height), (left, width) = rows, columns
    period = min(PERIOD, FIELD >> octave)
    y, x = (np.arange(first, first + count) % period for first, count in (rows, columns))
    cells: npt.NDArray[np.float32] = _cells()[octave].take(x, axis=2).take(y, axis=1)  # rows are copied whole
    if octave + 1 < OCTAVES:
        coarse = _octaves(octave + 1, _around(top, height), _around(left, width))
        for plane, smaller in zip(cells, coarse, strict=True):
            plane += _enlarged(smaller)[top % 2 + 4 :, left % 2 + 4 :][:height, :width]
    return cells


@functools.lru_cache(maxsize=1)
def _cells() -> npt.NDArray[np.float32]:
    return np.random.default_rng(_SEED).standard_normal((OCTAVES, 3, PERIOD, PERIOD), dtype=np.float32)


def _around(first: int, count: int) -> tuple[int, int]:
    """First and count of the cells of twice the size that lie under these, with two more at each end for the filter."""
    return first // 2 - 2, (first + count - 1) // 2 - first // 2 + 5


def _enlarged(plane: np.ndarray) -> npt.NDArray[np.float32]:
    height, width = plane.shape
    return np.asarray(Image.fromarray(plane).resize((2 * width, 2 * height), Image.Resampling.BICUBIC))
