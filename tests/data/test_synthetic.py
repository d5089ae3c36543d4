"""Synthetic skies."""

from __future__ import annotations

import numpy as np

from impasto.data.synthetic import gradient, with_sky


def test_gradients_are_ramps_or_flat() -> None:
    rng = np.random.default_rng(0)
    ramps = [gradient(rng, 64).astype(int) for _ in range(30)]
    steepest = [max(np.abs(np.diff(ramp, axis=axis)).max() for axis in (0, 1)) for ramp in ramps]
    assert max(steepest) <= 8
    assert 3 < sum(step == 0 for step in steepest) < 20


def test_skies_cover_a_photo_or_a_side_of_it() -> None:
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    kept = [(with_sky(rng, photo) == photo).all(axis=2).mean() for _ in range(40)]
    assert 10 < sum(share < 0.01 for share in kept) < 30
    assert all(share < 0.01 or 0.1 < share < 0.9 for share in kept)
