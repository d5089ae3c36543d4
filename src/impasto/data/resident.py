"""Photos and paintings that are kept on the device, and are cut and varied there.

A GPU paints faster than processes can read files. :mod:`impasto.data.crops` and :mod:`impasto.data.paintings` make one
crop or part after the other; this module makes those of a whole batch at once. The batch of a step depends on the seed
and the step alone, not on the number of processes or on resumes.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from impasto.data.batch import Batch, Named
from impasto.data.crops import CropOptions
from impasto.data.loading import ShareOfSteps
from impasto.data.paintings import DARKEST, LEAST_PART, SEAM, in_colors_of
from impasto.errors import ImpastoError
from impasto.images.arrays import Array
from impasto.images.noise import noise
from impasto.images.reading import read_photo
from impasto.progress import bar, reported
from impasto.styles.painting import PREDICTED_SIDE, read_painting

logger = logging.getLogger(__name__)

_KEPT = 1.5
"""The shorter side of the photos that are kept, as a multiple of the crop's side. Longer sides are cut to twice
that."""
_FIELD = 2048
"""The side of the field of noise, in pixels, from which the noise of each crop is cut."""
_TRIES = 3
"""How many parts of a painting are tried until one shows something."""
_GREY = (0.299, 0.587, 0.114)
"""The weights of red, green and blue in a grey level (ITU-R BT.601)."""
_CROP_DRAWS, _PART_DRAWS, _MIX_DRAWS = 20, 3 * _TRIES + 7, 3
"""The number of random draws for each crop, each part of a painting, and each mixture of two parts."""


class Pictures:
    """Pictures of any size, shrunk to what training needs of them.

    Args:
        paths: of the files; those that cannot be read are left out with a warning.
        read: gives a file's picture, (H,W,3) uint8.
        shorter: the largest shorter side that is kept, in pixels; larger pictures are shrunk to it.
        device: where they are kept.

    Attributes:
        pixels: (K,3,H,W) uint8, each in the upper left corner.
        sizes: (K,2) float32, their heights and widths.
        index: (K,), which of ``paths`` they are.

    Raises:
        ImpastoError: none can be read.
    """

    def __init__(
        self, paths: Sequence[Path], read: Callable[[Path], Array], shorter: int, device: torch.device
    ) -> None:
        with ThreadPoolExecutor(os.cpu_count()) as pool, bar("picture") as progress:
            found = pool.map(lambda path: _unless_broken(path, read, shorter), paths)
            arrays = list(reported(found, progress, total=len(paths)))
        good = [(number, pixels) for number, pixels in enumerate(arrays) if pixels is not None]
        if not good:
            raise ImpastoError(f"{paths[0].parent}: none of the pictures can be read")
        sizes = np.array([pixels.shape[:2] for _, pixels in good])
        padded = torch.zeros((len(good), 3, *sizes.max(axis=0).tolist()), dtype=torch.uint8)
        for place, (_, pixels) in zip(padded, good, strict=True):
            place[:, : pixels.shape[0], : pixels.shape[1]] = torch.from_numpy(pixels.copy()).permute(2, 0, 1)
        self.pixels = padded.to(device)
        self.sizes = torch.from_numpy(sizes).to(device, torch.float32)
        self.index = torch.tensor([number for number, _ in good], device=device)

    def squares(self, which: Tensor, side: Tensor, place: Tensor, mirrored: Tensor, size: int) -> Tensor:
        """Squares of pictures ``which`` (N,), at (N,3,size,size) float32, 0..255.

        Args:
            which: indices of pictures.
            side: (N,), the sides of the squares, in pixels.
            place: (N,2) in [0,1], where a square lies, from the top and from the left of the room that it has.
            mirrored: (N,) bool, which squares are mirrored.
            size: the side to which squares are scaled, in pixels.
        """
        height, width = self.pixels.shape[2:]
        corner = place * (self.sizes[which] - side[:, None]).clamp_min(0)
        steps = (torch.arange(size, device=side.device) + 0.5) / size
        y = corner[:, :1] + side[:, None] * steps
        x = corner[:, 1:] + side[:, None] * torch.where(mirrored[:, None], 1 - steps, steps)
        grid = torch.stack(torch.broadcast_tensors(2 * x[:, None] / width - 1, 2 * y[:, :, None] / height - 1), dim=-1)
        return F.grid_sample(self.pixels[which].float(), grid, "bilinear", "border", align_corners=False)


def _unless_broken(path: Path, read: Callable[[Path], Array], shorter: int) -> Array | None:
    """What is kept of a file's picture; None, and a warning, for a file that cannot be read."""
    try:
        return _kept(read(path), shorter)
    except ImpastoError as error:
        logger.warning("picture %s; left out", error)
        return None


def _kept(array: Array, shorter: int) -> Array:
    """A picture (H,W,3) uint8 with a shorter side of at most ``shorter`` pixels, and the middle of longer sides."""
    height, width = array.shape[:2]
    scale = min(1.0, shorter / min(height, width))
    size = [max(1, round(length * scale)) for length in (width, height)]
    pixels = np.asarray(Image.fromarray(array).resize(size, Image.Resampling.BICUBIC, reducing_gap=3))
    top, left = ((length - min(length, 2 * shorter)) // 2 for length in pixels.shape[:2])
    return pixels[top : top + 2 * shorter, left : left + 2 * shorter]


def _read_photo(path: Path) -> Array:
    return read_photo(path).array


def _read_painting(path: Path) -> Array:
    return read_painting(path, most=None).array


class ResidentCrops:
    """Crops as :class:`impasto.data.crops.Crops` makes them, a whole step at once.

    Args:
        photos: files.
        slots: the slots to draw from.
        options: how photos become crops.
        silent: the slot whose crops get no noise.
        size: the number of crops in a step, over all processes.
        device: where photos are kept and crops are made.
    """

    def __init__(
        self, photos: Sequence[Path], slots: Sequence[int], options: CropOptions, silent: int | None,
        size: int, device: torch.device,
    ) -> None:  # fmt: skip
        self.pictures = Pictures(photos, _read_photo, round(_KEPT * options.crop), device)
        self.slots = torch.tensor(slots, device=device)
        self.options = options
        self.silent = -1 if silent is None else silent
        self.size = size
        self.field = torch.from_numpy(noise(_FIELD, _FIELD)).to(device)

    def batch(self, step: int, share: slice) -> Named:
        """The photos at the places ``share`` of the step's batch, pictures as uint8."""
        options = self.options
        draws = _draws((options.seed, step), self.size, _CROP_DRAWS, self.slots.device)[share]
        which, side, top, left, mirrored, flat, amount, noise_y, noise_x, slot, *sky = draws.T
        photo = self._photos(which, side, torch.stack([top, left], dim=1), mirrored < 0.5)
        photo = torch.where((flat < options.flat)[:, None, None, None], _with_sky(photo, sky), photo)
        slot = self.slots[_index(slot, len(self.slots))]
        least, most = options.noise
        strength = (least + (most - least) * amount) * (slot != self.silent)
        noisy = photo + strength[:, None, None, None] * self._noise(noise_y, noise_x)
        return Named(_bytes(photo), _bytes(noisy), slot)

    def _photos(self, which: Tensor, side: Tensor, place: Tensor, mirrored: Tensor) -> Tensor:
        which = _index(which, len(self.pictures.index))
        longest = self.pictures.sizes[which].amin(dim=1)
        shortest = longest.clamp_max(self.options.crop * self.options.least_scale)
        return self.pictures.squares(which, shortest * (longest / shortest) ** side, place, mirrored, self.options.crop)

    def _noise(self, y: Tensor, x: Tensor) -> Tensor:
        inside = torch.arange(self.options.crop, device=y.device)
        rows, columns = ((_index(each, _FIELD - self.options.crop + 1)[:, None] + inside) for each in (y, x))
        return self.field[:, rows[:, :, None], columns[:, None, :]].transpose(0, 1)


def _with_sky(photo: Tensor, draws: Sequence[Tensor]) -> Tensor:
    """Photos (N,3,H,W) in 0..255 with skies as of :func:`impasto.data.synthetic.with_sky`, from ten ``draws`` (N,)."""
    first, last = (255 * torch.stack(list(draws[at : at + 3]), dim=1) for at in (0, 3))
    plain, angle, part, edge = draws[6:10]
    reach = torch.where(plain < 1 / 3, 0.0, 0.05 + 0.95 * (3 * plain - 1) / 2)
    sky = first[..., None, None] + _ramps(angle, photo.shape[2]) * ((last - first) * reach[:, None])[..., None, None]
    covered = (part < 0.5)[:, None, None, None] | (
        _ramps(edge, photo.shape[2]) < 0.3 + 0.8 * (part - 0.5).view(-1, 1, 1, 1)
    )
    return torch.where(covered, sky, photo)


def _ramps(angle: Tensor, crop: int) -> Tensor:
    """Planes (N,1,crop,crop) in [0,1] that rise in the directions ``angle`` (N,), given as shares of a full turn."""
    x, y = ((2 * math.pi * angle).cos()[:, None, None], (2 * math.pi * angle).sin()[:, None, None])
    places = torch.arange(crop, device=angle.device) / (crop - 1) - 0.5
    plane = x * places + y * places[:, None]
    return (plane / (x.abs() + y.abs()) + 0.5)[:, None]


class ResidentPaintings:
    """Parts of paintings as :class:`impasto.data.paintings.Paintings` makes them, a whole step at once.

    Args:
        folders: the files of each folder; each folder is drawn from as often as the others.
        seed: the seed of the run.
        size: the number of parts in a step, over all processes.
        device: where paintings are kept and parts are made.
        mixed: see :class:`impasto.data.paintings.Paintings`.

    Raises:
        ImpastoError: no picture of a folder can be read.
    """

    def __init__(
        self, folders: Sequence[Sequence[Path]], seed: int, size: int, device: torch.device, mixed: float = 0.0
    ) -> None:
        # The smallest part is cut as sharp as it is shown.
        shorter = math.ceil(PREDICTED_SIDE / LEAST_PART)
        self.pictures = Pictures([path for folder in folders for path in folder], _read_painting, shorter, device)
        ends = torch.tensor(np.cumsum([len(folder) for folder in folders]), device=device)
        self.folders = torch.bucketize(self.pictures.index, ends, right=True)
        self.starts = torch.searchsorted(self.folders, torch.arange(len(folders) + 1, device=device))
        if (empty := (self.starts.diff() == 0).nonzero()).numel():
            folder = folders[int(empty[0])][0].parent
            raise ImpastoError(f"paintings {folder}: none of the pictures can be read; leave the folder out")
        self.seed = seed
        self.size = size
        self.mixed = mixed

    def batch(self, step: int, share: slice) -> tuple[Tensor, Tensor]:
        """The parts (M,3,256,256) uint8 at the places ``share`` of the step's batch, and the indices (M,) of their
        paintings."""
        part, painting = self._draw(self._draws((step, 0xA27), _PART_DRAWS)[share])
        if self.mixed:
            other, _ = self._draw(self._draws((step, 0xA28), _PART_DRAWS)[share])
            part = self._mix(part, other, self._draws((step, 0xA29), _MIX_DRAWS)[share])
        return _bytes(part), self.pictures.index[painting]

    def _draws(self, seed: tuple[int, int], columns: int) -> Tensor:
        return _draws((self.seed, *seed), self.size, columns, self.starts.device)

    def _mix(self, part: Tensor, other: Tensor, draws: Tensor) -> Tensor:
        """A share of the parts in the colours of others, or beside them."""
        way, angle, place = (draw[:, None, None, None] for draw in draws.T)
        least, most = SEAM
        seam = _ramps(angle.flatten(), part.shape[2]) < least + (most - least) * place
        mixed = torch.where(way < self.mixed / 2, in_colors_of(part, other), torch.where(seam, part, other))
        return torch.where(way < self.mixed, mixed, part)

    def _draw(self, draws: Tensor) -> tuple[Tensor, Tensor]:
        """Parts (M,3,256,256) in 0..255, and which pictures they are of (M,)."""
        folder, index, mirrored, *colors = draws.T[3 * _TRIES :]
        folder = _index(folder, len(self.starts) - 1)
        first, end = self.starts[folder], self.starts[folder + 1]
        which = first + (index * (end - first)).long().clamp_max(end - first - 1)
        part = self._part(which, draws[:, : 3 * _TRIES].unflatten(1, (_TRIES, 3)), mirrored < 0.5)
        return _varied(part, *colors).clamp(0, 255), which

    def _part(self, which: Tensor, tries: Tensor, mirrored: Tensor) -> Tensor:
        """The first of several parts that shows something, or else the last."""
        found = None
        for side, top, left in tries.permute(1, 2, 0).flip(0):
            longest = self.pictures.sizes[which].amin(dim=1)
            place = torch.stack([top, left], dim=1)
            part = self.pictures.squares(which, longest * LEAST_PART**side, place, mirrored, PREDICTED_SIDE)
            shows = _grey(part).std(dim=(1, 2, 3), keepdim=True) > 255 * DARKEST
            found = part if found is None else torch.where(shows, part, found)
        assert found is not None
        return found


def resident_batches(
    crops: ResidentCrops, share: ShareOfSteps, paintings: ResidentPaintings | None = None
) -> Iterator[Batch]:
    """The batch of each step, on the device, pictures as uint8; see :func:`impasto.data.loading.batches`."""
    for step in share.steps:
        named = crops.batch(step, share.share)
        parts = paintings.batch(step, share.of(paintings.size).share) if paintings else ()
        yield Batch.of(named.photo, named.noisy, named.slot, *parts)


def _varied(part: Tensor, vary: Tensor, saturation: Tensor, light: Tensor, hue: Tensor) -> Tensor:
    """Parts (N,3,H,W) in 0..255, half of them in other colours. The other arguments are (N,), random draws in [0,1]."""
    angle = 2 * math.pi * hue
    grey = _grey(part)
    # Colours turn about the axis of greys; greys have a light and a contrast, for which vary's further digits do.
    turned = _turn(angle) @ (part - grey).flatten(2)
    spread = 0.6 + 0.9 * saturation[:, None, None, None]
    contrast, brightness = 0.6 + 0.9 * ((7 * vary) % 1), 0.6 + 0.9 * light
    mean = grey.mean(dim=(1, 2, 3), keepdim=True)
    other = brightness[:, None, None, None] * (mean + contrast[:, None, None, None] * (grey - mean))
    other = other + spread * turned.unflatten(2, part.shape[2:])
    return torch.where((vary < 0.5)[:, None, None, None], other, part)


def _turn(angle: Tensor) -> Tensor:
    """(N,) radians -> (N,3,3), rotations about the axis (1,1,1) (Rodrigues)."""
    one = torch.full((3, 3), 1 / 3, device=angle.device)
    cross = torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]], device=angle.device) / math.sqrt(3)
    cos, sin = angle.cos()[:, None, None], angle.sin()[:, None, None]
    return cos * torch.eye(3, device=angle.device) + (1 - cos) * one + sin * cross


def _grey(image: Tensor) -> Tensor:
    return torch.einsum("nchw,c->nhw", image, torch.tensor(_GREY, device=image.device))[:, None]


def _draws(seed: tuple[int, ...], rows: int, columns: int, device: torch.device) -> Tensor:
    """(rows,columns) in [0,1), the same for the same ``seed`` on devices of one kind."""
    state = int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0] >> np.uint64(1))
    return torch.rand(rows, columns, generator=torch.Generator(device).manual_seed(state), device=device)


def _index(number: Tensor, count: int) -> Tensor:
    return (number * count).long().clamp_max(count - 1)


def _bytes(image: Tensor) -> Tensor:
    return image.round().clamp(0, 255).to(torch.uint8)
