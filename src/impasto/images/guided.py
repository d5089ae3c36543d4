"""The guided filter: smooths a map, and keeps the edges that a second map, the guide, has.

Kaiming He, Jian Sun & Xiaoou Tang, *Guided Image Filtering*, TPAMI 2013. On a small copy of a large picture: Kaiming He
& Jian Sun, *Fast Guided Filter*, 2015, https://arxiv.org/abs/1505.00996.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Map = npt.NDArray[np.float32]
"""(H,W) float32: one value a pixel."""


def guided_filter(guide: Map, target: Map, radius: int, epsilon: float) -> tuple[Map, Map]:
    """Find how the smoothed ``target`` follows from ``guide`` at each pixel: it is slope × guide + offset.

    Slope and offset are smooth. So they may be found on a small copy of a picture and enlarged; with the guide at full
    size, edges are sharp.

    Args:
        guide: (H,W) float32, has the edges.
        target: (H,W) float32, is smoothed.
        radius: of the square in which it is smoothed, in pixels.
        epsilon: the variance of the guide, in a square, above which there is an edge.

    Returns:
        slope and offset, both (H,W) float32.
    """
    mean, aim = box_mean(guide, radius), box_mean(target, radius)
    variance = box_mean(guide * guide, radius) - mean * mean
    covariance = box_mean(guide * target, radius) - mean * aim
    slope: Map = np.divide(covariance, np.maximum(variance, 0) + np.float32(epsilon))
    return box_mean(slope, radius), box_mean(aim - slope * mean, radius)


def box_mean(values: Map, radius: int) -> Map:
    """The mean of the square of 2 ``radius`` + 1 pixels around each, as far as it lies in the map: (H,W) -> (H,W)."""
    for axis in range(2):
        length = values.shape[axis]
        sums = np.insert(np.cumsum(values, axis=axis, dtype=np.float64), 0, 0, axis=axis)
        first = np.maximum(0, np.arange(length) - radius)
        last = np.minimum(length, np.arange(length) + radius + 1)
        count = np.expand_dims(last - first, 1 - axis)
        values = ((sums.take(last, axis) - sums.take(first, axis)) / count).astype(np.float32)
    return values
