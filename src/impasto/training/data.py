"""Training crops. Crop number ``i`` depends on the seed and ``i`` alone: not on workers, processes or resumes."""

from __future__ import annotations

import functools
import logging
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from impasto.errors import ImpastoError
from impasto.noise import noise
from impasto.training.config import TrainingOptions

logger = logging.getLogger(__name__)

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"}

Crop = tuple[Tensor, Tensor, int]


def find_photos(folder: str | Path) -> list[Path]:
    """Every picture below ``folder``, sorted.

    Raises:
        ImpastoError: there is no such folder, or no picture in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ImpastoError(f"content {folder}: not a folder; --content takes a folder of photographs")
    photos = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not photos:
        raise ImpastoError(f"content {folder}: no photographs ({', '.join(sorted(SUFFIXES))}) in it")
    return photos


@functools.lru_cache(maxsize=2)
def _order(seed: int, epoch: int, count: int) -> np.ndarray:
    return np.random.default_rng((seed, epoch, 0xE90C)).permutation(count)


class Crops(Dataset[Crop]):
    """Endless crops by number: (photo, input, slot).

    ``photo`` is (3,crop,crop) uint8, the content target; ``input`` the same with noise, what the network sees;
    ``slot`` the style drawn for this crop. For the slot ``silent``, that of the identity style, there is no noise.
    """

    def __init__(
        self, photos: list[Path], slots: list[int], options: TrainingOptions, silent: int | None = None
    ) -> None:
        self.photos = photos
        self.slots = slots
        self.options = options
        self.silent = silent

    def __getitem__(self, number: int) -> Crop:
        options = self.options
        rng = np.random.default_rng((options.seed, number))
        slot = self.slots[rng.integers(len(self.slots))]
        photo = self._photo(number, rng)
        if rng.random() < options.flat:
            photo = with_sky(rng, photo)
        if slot == self.silent:
            return _tensor(photo), _tensor(photo), slot
        grain = noise(options.crop, options.crop, *rng.integers(2**20, size=2)).transpose(1, 2, 0)
        noisy = np.clip(np.rint(photo + grain * rng.uniform(*options.noise)), 0, 255).astype(np.uint8)
        return _tensor(photo), _tensor(noisy), slot

    def photo(self, number: int) -> Tensor:
        """Crop ``number`` as it is in the photo, (3,crop,crop) uint8, never a synthetic sky.

        These are what losses are measured by: the style loss of one bright flat colour is a hundred times a photo's,
        nearly all of it at relu1_2, and swamps the mean.
        """
        rng = np.random.default_rng((self.options.seed, number))
        rng.integers(len(self.slots))
        return _tensor(self._photo(number, rng))

    def _photo(self, number: int, rng: np.random.Generator) -> np.ndarray:
        """A crop of photo ``number`` of the shuffled photos; of the next one that can be read, should it be broken."""
        for attempt in range(len(self.photos)):
            epoch, index = divmod(number + attempt, len(self.photos))
            path = self.photos[_order(self.options.seed, epoch, len(self.photos))[index]]
            try:
                with Image.open(path) as image:
                    return random_crop(image, rng, self.options.crop, self.options.least_scale)
            except (OSError, ValueError, Image.DecompressionBombError) as error:
                logger.warning("content %s: left out, it cannot be read (%s)", path, error)
        raise ImpastoError("content: none of the photographs can be read")


def random_crop(image: Image.Image, rng: np.random.Generator, crop: int, least_scale: float) -> np.ndarray:
    """A random square of ``image`` at (crop,crop,3) uint8, maybe flipped.

    Its side is drawn log-uniformly between ``crop * least_scale`` and the shorter side of the image.
    """
    longest = min(image.size)
    shortest = min(longest, crop * least_scale)
    side = max(1, round(np.exp(rng.uniform(np.log(shortest), np.log(longest)))))
    left, top = (rng.integers(0, length - side + 1) for length in image.size)
    square = image.convert("RGB").resize(
        (crop, crop), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side), reducing_gap=3
    )
    pixels = np.asarray(square)
    return pixels[:, ::-1] if rng.random() < 0.5 else pixels


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


def _tensor(pixels: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))


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
