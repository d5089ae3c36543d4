"""Batches by number."""

from __future__ import annotations

from impasto.data.loading import ShareOfSteps
from impasto.training import TrainingOptions


def test_processes_share_each_batch_without_overlap() -> None:
    options = TrainingOptions(steps=5, batch_size=6)
    shares = [list(ShareOfSteps(range(2, options.steps), options.batch_size, process, 3)) for process in range(3)]
    for step in range(3):
        numbers = sorted(number for share in shares for number in share[step])
        assert numbers == list(range((step + 2) * 6, (step + 3) * 6))
