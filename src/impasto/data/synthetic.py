"""Synthetic skies: flat colours and gradients, which photos seldom have as smooth."""

from __future__ import annotations

import numpy as np


def with_sky(rng: np.random.Generator, photo: np.ndarray) -> np.ndarray:
    """``photo`` (H,W,3) uint8 with a synthetic sky over all of it, or in one case of two on one side of an edge.

    The whole is as smooth as can be; a part is as weak beside the rest, to the norms, as skies in photos are.
    """
    sky = gradient(rng, len(photo))
    if rng.random() < 0.5:
        return sky
    return np.where(ramp(rng, len(photo))[..., None] < rng.uniform(0.3, 0.7), sky, photo)


def gradient(rng: np.random.Generator, crop: int) -> np.ndarray:
    """A synthetic sky, (crop,crop,3) uint8: a ramp between two colours, in one case of three no ramp at all."""
    first, last = rng.uniform(0, 255, (2, 3))
    last = first if rng.random() < 1 / 3 else first + (last - first) * rng.uniform(0.05, 1)
    return np.rint(first + ramp(rng, crop)[..., None] * (last - first)).astype(np.uint8)


def ramp(rng: np.random.Generator, crop: int) -> np.ndarray:
    """A plane in a random direction, (crop,crop) in [0,1]."""
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[0:crop, 0:crop]
    plane = x * np.cos(angle) + y * np.sin(angle)
    return np.asarray((plane - plane.min()) / np.ptp(plane))
