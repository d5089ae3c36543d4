"""Batches by number, read ahead by processes."""

from __future__ import annotations

import dataclasses
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch.utils.data import DataLoader, Dataset, Sampler

from impasto.data.batch import Batch
from impasto.data.crops import Crop
from impasto.data.paintings import Part


@dataclass(frozen=True)
class ShareOfSteps(Sampler[list[int]]):
    """The crop ids of each step, as far as they are for one process.

    Attributes:
        steps: the steps.
        batch_size: the number of crops in a step, over all processes.
        process: the number of this process, from 0.
        processes: how many processes share each step.
    """

    steps: range
    batch_size: int
    process: int = 0
    processes: int = 1

    @property
    def share(self) -> slice:
        """This process's places in each batch."""
        size = self.batch_size // self.processes
        return slice(self.process * size, (self.process + 1) * size)

    def of(self, batch_size: int) -> ShareOfSteps:
        """The same share of the same steps, for another batch size."""
        return dataclasses.replace(self, batch_size=batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        for step in self.steps:
            yield list(range(step * self.batch_size, (step + 1) * self.batch_size))[self.share]

    def __len__(self) -> int:
        return len(self.steps)


def batches(
    crops: Dataset[Crop],
    share: ShareOfSteps,
    *,
    paintings: Dataset[Part] | None = None,
    predicted: int = 0,
    workers: int = 0,
    pin_memory: bool = False,
) -> Iterator[Batch]:
    """The batch of each step, pictures as uint8.

    Args:
        crops: photos by number.
        share: which of them each step takes.
        paintings: parts of paintings by number, for the predictor; without them, all photos are for named styles.
        predicted: how many photos of a step are for the predictor, over all processes.
        workers: how many processes read ahead, for crops and for paintings each.
        pin_memory: copy batches into memory that a GPU can read from directly.
    """
    photos = _loader(crops, share, workers, pin_memory)
    if paintings is None:
        for crop in photos:
            yield Batch.of(*crop)
        return
    for crop, part in zip(photos, _loader(paintings, share.of(predicted), workers, pin_memory), strict=True):
        yield Batch.of(*crop, *part)


def _loader(dataset: Dataset[Any], share: ShareOfSteps, workers: int, pin_memory: bool) -> DataLoader[Any]:
    """Batches of what ``dataset`` gives by number, each of its parts stacked."""
    return DataLoader(
        dataset,
        batch_sampler=share,
        num_workers=workers,
        prefetch_factor=4 if workers else None,
        pin_memory=pin_memory,
        worker_init_fn=_ignore_interrupts,
    )


def _ignore_interrupts(_: int) -> None:
    """Ctrl-C in a terminal reaches every process; the main one finishes its step, and needs its crops for that."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
