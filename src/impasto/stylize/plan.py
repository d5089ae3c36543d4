"""What is to be painted and how, ready for any number of photos."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, TypeVar, overload

import numpy as np
from PIL import Image

from impasto.errors import ImpastoError, shown
from impasto.images.arrays import Array, Levels, in_depth_of, mixed, resize
from impasto.images.deep import DEEP
from impasto.images.photo import DeepImage, Photo, Picture
from impasto.images.reading import MAX_PIXELS, check_pixels
from impasto.progress import Progress, reported, silent
from impasto.styles.style import Row
from impasto.stylize.controls import Controls
from impasto.stylize.finish import finish
from impasto.stylize.inputs import Batch, ImageLike, PhotoLike, batch_of, photo_of, pixels_allowed, source_of
from impasto.stylize.regions import Mask, Regions
from impasto.stylize.resolve import Point
from impasto.stylize.strokes import paint_in_strokes
from impasto.stylize.tiles import TiledPainter

ImageT = TypeVar("ImageT", bound=ImageLike)
PhotoT = TypeVar("PhotoT", bound=PhotoLike)


@dataclass(frozen=True, eq=False)
class Plan:
    """What is to be painted and how, ready for any number of photos.

    Threads may share one. It can be sent to another process (by ``multiprocessing``, or a cluster's engine), which
    loads the model anew, once for all plans.

    Attributes:
        model: the name of the model.
        painter: runs the network.
        points: the style's, then one for each mask.
        controls: strength, detail, and so on.
        masks: where the styles after the first one are.
    """

    model: str
    painter: TiledPainter
    points: tuple[Point, ...]
    controls: Controls
    masks: tuple[Mask, ...] = ()

    @overload
    def paint(self, photo: Array, progress: Progress = ..., *, max_megapixels: float = ...) -> Array: ...

    @overload
    def paint(self, photo: ImageLike, progress: Progress = ..., *, max_megapixels: float = ...) -> Image.Image: ...

    @overload
    def paint(self, photo: Batch[Array], progress: Progress = ..., *, max_megapixels: float = ...) -> list[Array]: ...

    @overload
    def paint(
        self, photo: Batch[ImageT], progress: Progress = ..., *, max_megapixels: float = ...
    ) -> list[Image.Image]: ...

    @overload
    def paint(
        self, photo: Batch[PhotoT], progress: Progress = ..., *, max_megapixels: float = ...
    ) -> list[Picture]: ...

    def paint(
        self,
        photo: PhotoLike | Batch[Any],
        progress: Progress = silent,
        *,
        max_megapixels: float = MAX_PIXELS / 1e6,
    ) -> Picture | list[Any]:
        """Repaint a photo, or the photos of a batch, one after the other.

        The arguments, the result and the errors are those of :meth:`Stylizer.__call__`.
        """
        if not callable(progress):
            raise ImpastoError("progress: give a function of (done, total, note), such as impasto.progress.bar yields")
        most, photos = pixels_allowed(max_megapixels), batch_of(photo)
        if photos is None:
            return self._picture(photo, "photo", progress, most)
        # What is no photo is named before any is painted.
        sources = [(source_of(each, name), name) for each, name in photos]
        pictures = [self._picture(source, name, silent, most) for source, name in reported(sources, progress)]
        return np.stack(list(map(np.asarray, pictures))) if isinstance(photo, np.ndarray) else pictures

    def paint_deep(self, photo: Photo, progress: Progress = silent, *, max_megapixels: float) -> DeepImage:
        """:meth:`paint` a photo in 16 bits: what the network paints, in floating point, is rounded to them."""
        deep = dataclasses.replace(self, painter=dataclasses.replace(self.painter, depth=np.uint16))
        photo = deep._sized(photo, "photo", pixels_allowed(max_megapixels))
        return photo.origin.deep_picture(deep.painted(photo.array, progress).astype(np.uint16, copy=False))

    def paint_for(
        self, photo: Photo, file_format: str, progress: Progress = silent, *, max_megapixels: float
    ) -> Image.Image | DeepImage:
        """:meth:`paint` a photo for a file: in 16 bits, if the photo has more than 8 and the format can hold them.

        Args:
            photo: the photo.
            file_format: Pillow's name of the format.
            progress: see :meth:`impasto.stylize.stylizer.Stylizer.__call__`.
            max_megapixels: see there.
        """
        if photo.origin.deep and file_format in DEEP:
            return self.paint_deep(photo, progress, max_megapixels=max_megapixels)
        return self.paint(photo, progress, max_megapixels=max_megapixels)

    def _picture(self, given: object, name: str, progress: Progress, max_pixels: int) -> Picture:
        """The picture of one photo, in the form that the photo has; ``name`` is that of its parameter."""
        photo = self._sized(given, name, max_pixels)
        return photo.origin.picture(self.painted(photo.array, progress).astype(np.uint8, copy=False))

    def _sized(self, given: object, name: str, max_pixels: int) -> Photo:
        """A photo as it was given, at the size of its picture."""
        size = self.controls.size
        photo = photo_of(given, name, max_pixels, size)
        if size is None:
            return photo
        height, width = photo.array.shape[:2]
        pixels = height * width * int(size) ** 2 // max(height, width) ** 2
        check_pixels(f"size {shown(size)}", pixels, max_pixels, does="would get")
        return photo.resized(size)

    def painted(self, photo: Array, progress: Progress) -> Levels:
        """The finished picture (H,W,3) of a photo (H,W,3) uint8."""
        regions = self._regions(photo, tuple(mask.at(*photo.shape[:2]) for mask in self.masks))
        if not self.controls.strength or min(regions.identity, default=0) == 1:
            # Whatever is painted, the whole photo would be laid over it.
            return in_depth_of(np.empty(0, self.painter.depth), photo)

        def paint_once(draft: Levels, size: tuple[int, int]) -> Levels:
            return self.painter.paint(draft, self._regions(draft, regions.masks), size, progress)

        def paint(draft: Levels, size: tuple[int, int]) -> Levels:
            picture = paint_once(draft, size)
            if draft is not photo or not self.controls.again:
                return picture
            # Strokes on strokes are more strokes, in the same colours. A row beyond the style's gives coloured noise.
            again = paint_once(mixed(resize(photo, *size), picture, self.controls.again), size)
            return mixed(picture, again, self.controls.over)

        fold = self.points[0].fold
        painted = paint_in_strokes(paint, photo, self.controls.stroke)
        picture = np.require(painted, requirements="W")
        finish(picture, photo, regions, self.controls, fold)
        return picture

    def _regions(self, photo: Levels, masks: tuple[Array, ...]) -> Regions:
        """The styles in the colours of a photo (h,w,3) uint8, with masks of any size."""
        rows: Row = np.stack([point.row(photo) for point in self.points])
        known = self.points[0].identity is not None
        return Regions(rows, masks, tuple(point.share for point in self.points) if known else ())
