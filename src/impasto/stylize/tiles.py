"""Pictures of any size in bounded memory: whole where they are small, else in tiles with frozen statistics.

A tile is painted as a part of the whole: its statistics come from a thumbnail of the whole picture, and around it the
network sees as much of the photo as it looks at. So tiles agree where they meet.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from impasto.images import windows as geometry
from impasto.images.arrays import Array, Pixels, resize, resized_part, to_array, to_pixels
from impasto.images.noise import noise
from impasto.images.windows import Window
from impasto.models.model import Model
from impasto.progress import progress
from impasto.runtime.base import Runtime
from impasto.styles.style import Row
from impasto.stylize.regions import Regions

WHOLE = 1_600_000
"""Pixels up to which a picture is painted whole: with the paper's network that fills 1.3 GB."""
THUMBNAIL = 480_000
"""Most pixels of the thumbnail that statistics are measured on."""
TILE = 512
"""Side of a square, in pixels, that with its halo is as much as is painted at once of a large picture."""

# Photos of a folder, and frames of a video, mostly have one size, upright or not, and are painted at two.
_whole_noise = functools.lru_cache(maxsize=4)(noise)


@dataclass(frozen=True)
class TiledPainter:
    """A network, ready for pictures of any size.

    Attributes:
        runtime: the network.
        deviation: standard deviation of the noise added to photos, on the 0..255 scale. Instance normalization blows a
            noise-free ramp up to unit variance, into hard bands, and leaves a flat area flat; a little noise breaks
            that symmetry, and the network paints strokes there.
        halo: how far around a pixel the network looks; a multiple of 4.
        whole: see :data:`WHOLE`.
        thumbnail: see :data:`THUMBNAIL`.
        tile: see :data:`TILE`.
    """

    runtime: Runtime
    deviation: float
    halo: int
    whole: int = WHOLE
    thumbnail: int = THUMBNAIL
    tile: int = TILE

    @classmethod
    def of(cls, model: Model, runtime: Runtime) -> TiledPainter:
        """As large parts at once as memory allows: a network that folds pixels needs less of it for each."""
        info = model.info
        return cls(runtime, info.input_noise, info.halo, whole=WHOLE * info.fold**2, tile=TILE * info.fold)

    def paint(
        self, photo: Array, regions: Regions, size: tuple[int, int] | None = None, *, show: bool = False
    ) -> Array:
        """Paint a photo, whole or in tiles.

        Args:
            photo: (h,w,3) uint8.
            regions: styles and masks.
            size: height and width of the picture, to which the photo is scaled; None is its own.
            show: show a progress bar for tiles.

        Returns:
            (H,W,3) uint8.
        """
        size = size or (photo.shape[0], photo.shape[1])
        photo = _shrunk(photo, size)
        everything = geometry.frame(*size)
        if everything.height * everything.width > self.whole:
            return self.paint_tiles(photo, regions, self.measure(photo, regions, size), size, show=show)
        picture = np.empty((*size, 3), np.uint8)
        regions = regions.resized(*size)
        pixels = self._read(photo, regions, size, everything)
        _put(picture, everything, self._run(pixels, regions, everything))
        return picture

    def measure(self, photo: Array, regions: Regions, size: tuple[int, int]) -> Row:
        """Statistics (1,P) of a photo scaled to ``size``, of its thumbnail if that is large."""
        scale = min(1, (self.thumbnail / (size[0] * size[1])) ** 0.5)
        small = max(1, int(size[0] * scale)), max(1, int(size[1] * scale))
        photo, regions = _shrunk(photo, small), regions.resized(*small)
        everything = geometry.frame(*small)
        pixels = self._read(photo, regions, small, everything)
        self.runtime.release()
        if not regions.masks:
            return self.runtime.measure(pixels, regions.styles)
        return self.runtime.measure_regions(pixels, regions.styles, regions.shares(everything))

    def paint_tiles(
        self, photo: Array, regions: Regions, statistics: Row, size: tuple[int, int], *, show: bool = False
    ) -> Array:
        """:meth:`paint` tile by tile, normalised by ``statistics`` (1,P)."""
        picture = np.empty((*size, 3), np.uint8)
        regions = regions.resized(*size)
        everything = geometry.frame(*size)
        tiles = geometry.tiles(everything, Window(0, 0, *size), self.tile, self.halo)
        self._release()
        for tile, seen in progress(tiles, unit="tile", show=show):
            painted = self._run(self._read(photo, regions, size, seen), regions, seen, statistics)
            _put(picture, tile, tile.within(seen).cut(painted))
        # What comes next, turning the picture into a file, takes as much memory as painting it.
        self._release()
        return picture

    def _release(self) -> None:
        """Give back memory that is kept from picture to picture: a large one needs it."""
        self.runtime.release()
        _whole_noise.cache_clear()

    def _read(self, photo: Array, regions: Regions, size: tuple[int, int], window: Window) -> Pixels:
        """``window`` of the photo scaled to ``size``, with noise; beyond the edges, the photo mirrored."""
        inside = window.clipped(Window(0, 0, *size))
        pixels = to_pixels(geometry.read(resized_part(photo, size, inside), window.within(inside)))
        grain = (1 - regions.identity_in(window) ** 2) * np.float32(self.deviation / 255)
        if not grain.any():
            return pixels
        field = _whole_noise if window == geometry.frame(*size) else noise
        return pixels + field(*window[2:], *window[:2]) * grain

    def _run(self, pixels: Pixels, regions: Regions, window: Window, statistics: Row | None = None) -> Array:
        runtime, styles = self.runtime, regions.styles
        if not regions.masks:
            painted = (
                runtime.run(pixels, styles) if statistics is None else runtime.run_frozen(pixels, styles, statistics)
            )
        elif statistics is None:
            painted = runtime.run_regions(pixels, styles, regions.shares(window))
        else:
            painted = runtime.run_regions_frozen(pixels, styles, regions.shares(window), statistics)
        return to_array(painted)


def _shrunk(photo: Array, size: tuple[int, int]) -> Array:
    """The photo at ``size`` if that is smaller, else itself, to be enlarged part by part."""
    return resize(photo, *size) if photo.size > 3 * size[0] * size[1] else photo


def _put(picture: Array, window: Window, painted: Array) -> None:
    """Write ``painted`` (h,w,3) to ``window``, as far as it lies in the picture (H,W,3)."""
    inside = Window(0, 0, *picture.shape[:2])
    common = window.clipped(inside)
    common.cut(picture)[:] = common.within(window).cut(painted)
