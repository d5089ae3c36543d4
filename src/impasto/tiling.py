"""Pictures of any size in bounded memory: whole where they are small, else in tiles with frozen statistics.

A tile is painted as a part of the whole: its statistics come from a thumbnail of the whole picture, and around it the
network sees as much of the photo as it looks at. So tiles agree where they meet.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from impasto import geometry
from impasto.geometry import Window
from impasto.images import Array, Pixels, resize, to_array, to_pixels
from impasto.noise import noise
from impasto.progress import progress
from impasto.regions import Regions
from impasto.runtime import Runtime
from impasto.styles import Row

WHOLE = 3_200_000
"""Pixels up to which a picture is painted whole."""
TILE = 1024
"""Side of a tile, in pixels; a multiple of 4."""


@dataclass(frozen=True)
class Painter:
    """A network, ready for pictures of any size.

    Attributes:
        runtime: the network.
        deviation: standard deviation of the noise added to photos, on the 0..255 scale. Instance normalization blows a
            noise-free ramp up to unit variance, into hard bands, and leaves a flat area flat; a little noise breaks
            that symmetry, and the network paints strokes there.
        halo: how far around a pixel the network looks; a multiple of 4.
        whole: pixels up to which a picture is painted whole.
        thumbnail: most pixels of the thumbnail that statistics are measured on.
        tile: see :data:`TILE`.
    """

    runtime: Runtime
    deviation: float
    halo: int
    whole: int = WHOLE
    thumbnail: int = WHOLE
    tile: int = TILE

    def paint(self, photo: Array, regions: Regions, *, show: bool = False) -> Array:
        """Paint a photo (H,W,3) uint8, whole or in tiles; ``show`` a progress bar for the latter."""
        everything = geometry.frame(*photo.shape[:2])
        if everything.height * everything.width > self.whole:
            return self.paint_tiles(photo, regions, self.measure(photo, regions), show=show)
        regions = regions.resized(*photo.shape[:2])
        picture = np.empty_like(photo)
        _put(picture, everything, self._run(self._read(photo, everything), regions, everything))
        return picture

    def measure(self, photo: Array, regions: Regions) -> Row:
        """Statistics (1,P) of a photo (H,W,3), of its thumbnail if it is large."""
        scale = min(1, (self.thumbnail / (photo.shape[0] * photo.shape[1])) ** 0.5)
        small = resize(photo, *(max(1, int(length * scale)) for length in photo.shape[:2]))
        everything = geometry.frame(*small.shape[:2])
        shares = regions.resized(*small.shape[:2]).shares(everything)
        return self.runtime.measure(self._read(small, everything), regions.styles, shares)

    def paint_tiles(self, photo: Array, regions: Regions, statistics: Row, *, show: bool = False) -> Array:
        """Paint a photo (H,W,3) uint8 tile by tile, normalised by ``statistics`` (1,P)."""
        picture = np.empty_like(photo)
        regions = regions.resized(*photo.shape[:2])
        everything = geometry.frame(*photo.shape[:2])
        tiles = list(geometry.tiles(everything, self.tile))
        for tile in progress(tiles, unit="tile", show=show):
            seen = tile.grown(self.halo, everything)
            painted = self._run(self._read(photo, seen), regions, seen, statistics)
            _put(picture, tile, tile.within(seen).cut(painted))
        return picture

    def _read(self, photo: Array, window: Window) -> Pixels:
        pixels = to_pixels(geometry.read(photo, window))
        return pixels + noise(*window[2:], *window[:2]) * np.float32(self.deviation / 255)

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


def _put(picture: Array, window: Window, painted: Array) -> None:
    """Write ``painted`` (h,w,3) to ``window``, as far as it lies in the picture (H,W,3)."""
    inside = Window(0, 0, *picture.shape[:2])
    common = window.grown(0, inside)
    common.cut(picture)[:] = common.within(window).cut(painted)
