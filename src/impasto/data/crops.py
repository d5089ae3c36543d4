"""Training crops. Crop number ``i`` depends on the seed and ``i`` alone: not on workers, processes or resumes."""

from __future__ import annotations

import functools
import logging
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
import numpy as np
import torch
from msgspec import Meta
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from impasto.data.synthetic import with_sky
from impasto.errors import ImpastoError
from impasto.images.arrays import Array
from impasto.images.noise import noise
from impasto.images.reading import read_photo

logger = logging.getLogger(__name__)


class Crop(NamedTuple):
    """A square part of a photo, as training sees it."""

    photo: Tensor
    """(3,crop,crop) uint8, RGB; the content target."""
    noisy: Tensor
    """(3,crop,crop) uint8, the same with noise; what the network sees."""
    slot: int
    """The slot of the style that is drawn for this crop."""


class CropOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How photos become crops; a part of the ``[training]`` table."""

    crop: Annotated[int, Meta(ge=32, multiple_of=4)] = 256
    """The side of the crops, in pixels."""
    least_scale: Annotated[float, Meta(gt=0)] = 0.6
    """The side of the smallest part of a photo that becomes a crop, as a multiple of ``crop``. Parts smaller than a
    crop are enlarged, so that the network also learns what large photos look like. The largest part is as wide as the
    shorter side of the photo."""
    noise: tuple[float, float] = (0.0, 0.0)
    """The least and the most noise (:mod:`impasto.images.noise`) in what the network sees, as standard deviations on
    the 0..255 scale. The content target has no noise. When the trained network paints, it gets half of the most."""
    flat: Annotated[float, Meta(ge=0, le=1)] = 0.0
    """The share of crops that get a synthetic sky, a flat colour or a gradient, over all or a part of the photo."""
    seed: int = 0
    """Every random draw of a training depends on this number: crops, styles, first weights."""


@functools.lru_cache(maxsize=2)
def _order(seed: int, epoch: int, count: int) -> np.ndarray:
    """The order in which an epoch shows ``count`` photos: a permutation of 0 .. count - 1."""
    return np.random.default_rng((seed, epoch, 0xE90C)).permutation(count)


class Crops(Dataset[Crop]):
    """Endless crops by number.

    Args:
        photos: files.
        slots: the slots to draw from; one that is there twice is drawn twice as often.
        options: how photos become crops.
        silent: the slot of the identity style, whose crops get no noise.
    """

    def __init__(self, photos: list[Path], slots: list[int], options: CropOptions, silent: int | None = None) -> None:
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
            return Crop(_tensor(photo), _tensor(photo), slot)
        grain = noise(options.crop, options.crop, *rng.integers(2**20, size=2)).transpose(1, 2, 0)
        noisy = np.clip(np.rint(photo + grain * rng.uniform(*options.noise)), 0, 255).astype(np.uint8)
        return Crop(_tensor(photo), _tensor(noisy), slot)

    def photo(self, number: int) -> Tensor:
        """Crop ``number`` as it is in the photo, (3,crop,crop) uint8, never a synthetic sky.

        These are what losses are measured by. The style loss of one bright flat colour is a hundred times a photo's,
        nearly all of it at relu1_2. It would swamp the mean.
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
                return random_crop(read_photo(path).array, rng, self.options.crop, self.options.least_scale)
            except ImpastoError as error:
                logger.warning("content %s; left out", error)
        raise ImpastoError("content: none of the photos can be read")


def random_crop(photo: Array, rng: np.random.Generator, crop: int, least_scale: float) -> Array:
    """A random square of a photo (H,W,3) uint8, scaled to (crop,crop,3) uint8; in half of the cases mirrored.

    The side of the square is drawn log-uniformly between ``crop * least_scale`` and the shorter side of the photo.
    """
    size = photo.shape[1::-1]
    longest = min(size)
    shortest = min(longest, crop * least_scale)
    side = max(1, round(np.exp(rng.uniform(np.log(shortest), np.log(longest)))))
    left, top = (rng.integers(0, length - side + 1) for length in size)
    square = Image.fromarray(photo).resize(
        (crop, crop), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side), reducing_gap=3
    )
    pixels = np.asarray(square)
    return pixels[:, ::-1] if rng.random() < 0.5 else pixels


def _tensor(pixels: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))
