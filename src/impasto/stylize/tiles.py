"""Pictures of any size in bounded memory: small ones are painted whole, large ones in tiles with frozen statistics.

A tile is painted as a part of the whole picture. Its statistics come from a thumbnail of the whole. The network is
given as much of the photo around the tile as its pixels depend on. So tiles agree where they meet.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from impasto.images import windows
from impasto.images.arrays import Levels, resize, resized_part
from impasto.images.noise import noise, noise_of_field
from impasto.images.windows import Window
from impasto.models.model import Model
from impasto.progress import Progress, reported, silent
from impasto.runtime.base import Runtime, View
from impasto.styles.style import Row
from impasto.stylize.regions import Regions

WHOLE = 1_600_000
"""The largest number of pixels at which a picture is painted whole: with the paper's network that takes 1.3 GB of
memory. Tiles are quicker from here on, although statistics are measured and a network is compiled for them."""
LARGE = 6_400_000
"""From this number of pixels on, memory that is kept from picture to picture is given back before and after."""
THUMBNAIL = 480_000
"""The largest number of pixels of the thumbnail on which statistics are measured."""
TILE = 512
"""Side, in pixels, of the square that bounds the memory of a tile. No tile, with its halo, has more pixels than such a
square with its own halo."""

# Photos of a folder, and frames of a video, mostly have one size, upright or not, and each is painted at two sizes.
_whole_noise = functools.lru_cache(maxsize=4)(noise)


@dataclass(frozen=True)
class TiledPainter:
    """A network, ready for pictures of any size.

    Attributes:
        runtime: the network.
        deviation: standard deviation of the noise added to photos, on the 0..255 scale. Instance normalization blows a
            noise-free ramp up to unit variance, into hard bands, and leaves a flat area flat. A little noise breaks
            that symmetry, and the network paints strokes there.
        halo: how far around a pixel the network looks, in pixels; a multiple of 4.
        whole: most pixels of a picture that is painted whole (:data:`WHOLE`).
        thumbnail: most pixels of the thumbnail for statistics (:data:`THUMBNAIL`).
        tile: side of the square that bounds a tile, in pixels (:data:`TILE`).
        depth: what it paints: pictures of 8 or of 16 bits.
        fold: whether networks may be compiled for frozen statistics; see :meth:`impasto.runtime.base.Runtime.paint`.
    """

    runtime: Runtime
    deviation: float
    halo: int
    whole: int = WHOLE
    thumbnail: int = THUMBNAIL
    tile: int = TILE
    depth: type[np.uint8 | np.uint16] = np.uint8
    fold: bool = True

    @classmethod
    def of(cls, model: Model, runtime: Runtime) -> TiledPainter:
        """The painter of a model. A network that folds pixels needs less memory for each, and so gets larger tiles."""
        return cls(runtime, model.info.input_noise, model.info.halo, tile=TILE * model.info.fold)

    def paint(
        self, photo: Levels, regions: Regions, size: tuple[int, int] | None = None, progress: Progress = silent
    ) -> Levels:
        """Paint a photo, whole or in tiles.

        Args:
            photo: (h,w,3), of 8 or 16 bits.
            regions: styles and masks.
            size: height and width of the picture, to which the photo is scaled; None is the photo's size.
            progress: is told of every tile.

        Returns:
            (H,W,3), of :attr:`depth`.
        """
        size = size or (photo.shape[0], photo.shape[1])
        photo = _shrunk(photo, size)
        if not self.at_once(size):
            return self.paint_tiles(photo, regions, self.measure(photo, regions, size), size, progress)
        return self.paint_whole(photo, regions, None, size)

    def at_once(self, size: tuple[int, int]) -> bool:
        """Whether a picture of (height, width) ``size`` is painted whole."""
        everything = windows.frame(*size)
        return everything.height * everything.width <= self.whole

    def paint_whole(self, photo: Levels, regions: Regions, statistics: Row | None, size: tuple[int, int]) -> Levels:
        """Paint a photo at ``size`` in one go, normalised by ``statistics`` (1,P), or by its own."""
        picture, everything = np.empty((*size, 3), self.depth), windows.frame(*size)
        regions = regions.resized(*size)
        view = self._view(_shrunk(photo, size), regions, size, everything)
        _put(picture, everything, self._run(view, regions, everything, statistics))
        return picture

    def measure(self, photo: Levels, regions: Regions, size: tuple[int, int]) -> Row:
        """Statistics (1,P) float32 of the maps of a photo at ``size``, measured on a thumbnail if that is large."""
        scale = min(1, (self.thumbnail / (size[0] * size[1])) ** 0.5)
        small = max(1, int(size[0] * scale)), max(1, int(size[1] * scale))
        photo, regions = _shrunk(photo, small), regions.resized(*small)
        everything = windows.frame(*small)
        view = self._view(photo, regions, small, everything)
        self._make_room(size)
        return self.runtime.measure_view(view, regions.styles, regions.shares(everything) if regions.masks else None)

    def paint_tiles(
        self, photo: Levels, regions: Regions, statistics: Row, size: tuple[int, int], progress: Progress = silent
    ) -> Levels:
        """Do what :meth:`paint` does tile by tile, normalised by ``statistics`` (1,P)."""
        picture = np.empty((*size, 3), self.depth)
        regions = regions.resized(*size)
        everything = windows.frame(*size)
        tiles = windows.tiles(everything, Window(0, 0, *size), self.tile, self.halo)
        self._make_room(size)
        views = _ahead(lambda seen: self._view(photo, regions, size, seen), [seen for _, seen in tiles])
        for tile, seen in reported(tiles, progress, f"{size[1]} × {size[0]} pixels"):
            painted = self._run(next(views), regions, seen, statistics)
            _put(picture, tile, tile.within(seen).cut(painted))
        # What comes next, encoding the picture as a file, takes as much memory as painting it.
        self._make_room(size)
        return picture

    def _make_room(self, size: tuple[int, int]) -> None:
        """Give back the memory that is kept from picture to picture, if a large picture needs it."""
        if size[0] * size[1] >= LARGE:
            self.runtime.release()
            _whole_noise.cache_clear()

    def _view(self, photo: Levels, regions: Regions, size: tuple[int, int], window: Window) -> View:
        """A window of the photo scaled to ``size``, with noise. Beyond its edges the photo is mirrored."""
        inside = window.clipped(Window(0, 0, *size))
        part = windows.read(resized_part(photo, size, inside), window.within(inside))
        amount = (1 - regions.identity_in(window) ** 2) * np.float32(self.deviation / 255)
        if not amount.any():
            return View(part, np.zeros((1, 3, 1, 1), np.float32), amount)
        field = _whole_noise if window == windows.frame(*size) else noise_of_field
        return View(part, field(*window[2:], *window[:2])[None], amount)

    def _run(self, view: View, regions: Regions, window: Window, statistics: Row | None = None) -> Levels:
        shares = regions.shares(window) if regions.masks else None
        return self.runtime.paint(view, regions.styles, shares, statistics, self.depth, fold=self.fold)


def _ahead(make: Callable[[Window], View], items: Iterable[Window]) -> Iterator[View]:
    """What ``make`` returns for each item. It is made in a thread while the caller is busy with the one before."""
    with ThreadPoolExecutor(1) as pool:
        coming: Future[View] | None = None
        for item in items:
            ready, coming = coming, pool.submit(make, item)
            if ready is not None:
                yield ready.result()
        if coming is not None:
            yield coming.result()


def _shrunk(photo: Levels, size: tuple[int, int]) -> Levels:
    """The photo at ``size`` if that is smaller, else the photo itself, which is then enlarged part by part."""
    return resize(photo, *size) if photo.size > 3 * size[0] * size[1] else photo


def _put(picture: Levels, window: Window, painted: Levels) -> None:
    """Write ``painted`` (h,w,3) to its window, as far as that lies in the picture (H,W,3)."""
    inside = Window(0, 0, *picture.shape[:2])
    common = window.clipped(inside)
    common.cut(picture)[:] = common.within(window).cut(painted)
