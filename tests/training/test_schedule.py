"""The learning rate."""

from __future__ import annotations

import pytest

from impasto.training import TrainingOptions
from impasto.training.schedule import learning_rate


def test_learning_rate_rises_holds_and_falls() -> None:
    options = TrainingOptions(steps=100, learning_rate=1.0, warmup=10, decay=0.5)
    rates = [learning_rate(step, options) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[10:50] == [1.0] * 40
    assert rates[75] == pytest.approx(0.5)
    assert 0 < rates[-1] < 0.01
