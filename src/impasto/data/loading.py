"""Batches by number, read ahead by processes."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler


class ShareOfSteps(Sampler[list[int]]):
    """Crop numbers of each of ``steps``, this process's share of the batch only."""

    def __init__(self, steps: range, batch_size: int, process: int = 0, processes: int = 1) -> None:
        self.steps = steps
        self.batch_size = batch_size
        share = batch_size // processes
        self.share = range(process * share, (process + 1) * share)

    def __iter__(self) -> Iterator[list[int]]:
        for step in self.steps:
            yield [step * self.batch_size + place for place in self.share]

    def __len__(self) -> int:
        return len(self.steps)


def loader(
    crops: Dataset[Any], sampler: ShareOfSteps, workers: int, *, pin_memory: bool = False
) -> DataLoader[list[Tensor]]:
    """Batches of what ``crops`` gives by number, each part stacked, read ahead by ``workers`` processes."""
    return DataLoader(
        crops,
        batch_sampler=sampler,
        num_workers=workers,
        prefetch_factor=4 if workers else None,
        pin_memory=pin_memory,
        worker_init_fn=_ignore_interrupts,
    )


def _ignore_interrupts(_: int) -> None:
    """Ctrl-C in a terminal reaches every process; the main one finishes its step, and needs its crops for that."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
