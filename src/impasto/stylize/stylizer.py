"""Photo in, picture out: the one place where inference is put together."""

from __future__ import annotations

import copy
import dataclasses
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, overload

import numpy as np
from PIL import Image

from impasto.assets import BUNDLED
from impasto.errors import ImpastoError, kind_of, shown
from impasto.images.arrays import Array, Levels, in_depth_of, mixed, resize
from impasto.images.deep import DEEP
from impasto.images.photo import DeepImage, Photo, Picture
from impasto.images.reading import MAX_PIXELS, check_pixels
from impasto.models import library
from impasto.models.model import Model, load_model
from impasto.progress import Progress, reported, silent
from impasto.runtime import load_runtime
from impasto.runtime.base import Runtime
from impasto.styles.painting import read_painting, thumbnail
from impasto.styles.style import IDENTITY, Row, Style, StyleInfo
from impasto.stylize.controls import ControlOptions, Controls
from impasto.stylize.finish import finish
from impasto.stylize.inputs import (
    Batch,
    ImageLike,
    MaskLike,
    PhotoLike,
    batch_of,
    decoding,
    pairs_of,
    photo_of,
    pixels_allowed,
    source_of,
)
from impasto.stylize.predictor import Predictor
from impasto.stylize.regions import Mask, Regions
from impasto.stylize.resolve import Point, StyleLike, resolve
from impasto.stylize.strokes import paint_in_strokes
from impasto.stylize.tiles import TiledPainter

if TYPE_CHECKING:
    from typing_extensions import Unpack

ImageT = TypeVar("ImageT", bound=ImageLike)
PhotoT = TypeVar("PhotoT", bound=PhotoLike)


class CallOptions(ControlOptions, total=False):
    """What a call takes by name, for type checkers; :meth:`Stylizer.__call__` says what each is."""

    style_image: PhotoLike | None
    regions: Sequence[tuple[MaskLike, StyleLike]]
    progress: Progress
    max_megapixels: float


class Stylizer:
    """Repaints photos in the styles of a model. It holds no state between calls; threads may share one.

    Args:
        model: has the styles, and says how its network is to be used.
        runtime: has the model's network, ready to run.
        frozen: paint small pictures with frozen statistics too; runtimes that compute in 8 bits need them.

    Example:
        >>> from impasto.assets import examples
        >>> stylizer = load()
        >>> stylizer(examples() / "cat.jpg", style="mural").size
        (1024, 768)
    """

    def __init__(self, model: Model, runtime: Runtime, *, frozen: bool = False) -> None:
        self.model = model
        self._runtime = runtime
        self._predictor = Predictor(runtime)
        self._painter = TiledPainter.of(model, runtime)
        if frozen:
            self._painter = dataclasses.replace(self._painter, whole=0)

    def __repr__(self) -> str:
        runtime = self._runtime
        return f"<Stylizer {self.model.name}: {len(self.styles)} styles, {runtime.name}, {runtime.precision}>"

    @property
    def styles(self) -> Mapping[str, Style]:
        """Slug -> style: the model's styles, in slot order, then the user's own."""
        return self.model.styles

    def with_model(self, model: Model) -> Stylizer:
        """The same network with another model's styles; both models must have this network."""
        other = copy.copy(self)
        other.model = model
        return other

    @overload
    def __call__(self, photo: Array, style: StyleLike | None = ..., **options: Unpack[CallOptions]) -> Array: ...

    @overload
    def __call__(
        self, photo: ImageLike, style: StyleLike | None = ..., **options: Unpack[CallOptions]
    ) -> Image.Image: ...

    @overload
    def __call__(
        self, photo: Batch[Array], style: StyleLike | None = ..., **options: Unpack[CallOptions]
    ) -> list[Array]: ...

    @overload
    def __call__(
        self, photo: Batch[ImageT], style: StyleLike | None = ..., **options: Unpack[CallOptions]
    ) -> list[Image.Image]: ...

    @overload
    def __call__(
        self, photo: Batch[PhotoT], style: StyleLike | None = ..., **options: Unpack[CallOptions]
    ) -> list[Picture]: ...

    def __call__(
        self,
        photo: PhotoLike | Batch[Any],
        style: StyleLike | None = None,
        *,
        style_image: PhotoLike | None = None,
        regions: Sequence[tuple[MaskLike, StyleLike]] = (),
        progress: Progress = silent,
        max_megapixels: float = MAX_PIXELS / 1e6,
        **controls: Unpack[ControlOptions],
    ) -> Picture | list[Any]:
        """Repaint a photo, or several: :meth:`plan` and :meth:`Plan.paint` in one call.

        Args:
            photo: a path, the bytes of a file, a PIL image, or an array (H,W), (H,W,3) or (H,W,4) uint8, RGB or RGBA;
                or a batch: a list of these, or an array (N,H,W,3) or (N,H,W,4).
            style: a slug, or a blend; see :meth:`plan`, also for ``style_image`` and ``regions``.
            style_image: any painting, in place of ``style``.
            regions: pairs of a mask and a style.
            progress: is told of every tile of a large picture, and of every picture of a batch.
            max_megapixels: larger photos are refused before they are decoded, and larger pictures (``size``) before
                they are painted.
            controls: the fields of :class:`impasto.stylize.controls.Controls`: strength, detail, keep_color, stroke
                and size.

        Returns:
            A picture of exactly the photo's upright size, or of ``size``, with the photo's alpha: a uint8 array (H,W,3)
            or (H,W,4) for an array, else a PIL image. For a list, a list of them; for (N,H,W,…), such an array.

        Raises:
            ImpastoError: the photo or painting cannot be read; the style is unknown or belongs to another network; a
                parameter is of another kind or out of range; not exactly one of ``style`` and ``style_image`` is given;
                or the model predicts no styles. The message is one line that names the parameter, and holds no input.
        """
        plan = self.plan(style, Controls(**controls), regions, style_image=style_image)
        return plan.paint(photo, progress, max_megapixels=max_megapixels)

    def plan(
        self,
        style: StyleLike | None = None,
        controls: Controls = Controls(),  # noqa: B008  # a frozen value
        regions: Sequence[tuple[MaskLike, StyleLike]] = (),
        *,
        style_image: PhotoLike | None = None,
    ) -> Plan:
        """Find out, once for any number of photos, what is to be painted and how.

        Args:
            style: a slug of :attr:`styles`; the :class:`~pathlib.Path` of a style file, or of a painting, whose style
                is predicted; a style that was made for this network; or a blend, slug or Path -> weight, in which
                weights count in proportion to their sum. A blend of slugs may also be written as on the command line,
                ``"mural:0.6,scream:0.4"``.
            controls: strength, detail, and so on.
            regions: pairs of a mask and a style. Where a mask is white the picture has that style, where it is black
                ``style``, and where it is grey, or masks overlap, a blend. A mask is a path, the bytes of a file, a PIL
                image, or an array (H,W): bool, floating point from 0 to 1, whole numbers from 0 to 255, or 0 and 1. One
                of another size than the photo's is scaled to it, and the log says so.
            style_image: any painting, in place of ``style``: its style is predicted (:meth:`predict`).

        Raises:
            ImpastoError: a painting, style file or mask cannot be read; a style is unknown or belongs to another
                network; not exactly one of ``style`` and ``style_image`` is given; or the model predicts no styles.
        """
        if (style is None) == (style_image is None):
            raise ImpastoError("give either a style or a style image")
        if not isinstance(controls, Controls):
            raise ImpastoError(f"controls: is {kind_of(controls)}; give Controls(strength=0.8), for instance")
        first = style if style_image is None else self._of_image(style_image)
        assert first is not None
        pairs = pairs_of(regions)
        points = tuple(self._resolve(each, controls.strength) for each in (first, *(of for _, of in pairs)))
        masks = tuple(Mask.read(mask, f"regions[{number}]: the mask") for number, (mask, _) in enumerate(pairs))
        return Plan(self.model.name, self._painter, points, controls, masks)

    def reproduce(self, photo: Array) -> Array:
        """The photo (H,W,3) uint8 as the network's maps paint it in the identity style, without that style's skip.

        Raises:
            ImpastoError: the model has no identity style.
        """
        row = self._resolve(IDENTITY, 1.0).row(photo)
        return self._painter.paint(photo, Regions(row[None], identity=(1.0,)))

    def predict(self, painting: PhotoLike, slug: str = "predicted", *, size: int | None = None) -> Style:
        """The style of any painting, at once; it can be used, blended and saved like any other.

        Args:
            painting: a path, the bytes of a file, a PIL image, or an array (H,W,3) uint8.
            slug: the name that the style gets.
            size: the long side at which the painting is read, in pixels. Predicted strokes hardly depend on it.

        Raises:
            ImpastoError: the painting cannot be read or shows nothing, or the model predicts no styles.
        """
        source = source_of(painting, "painting")
        with decoding(source, "painting"):
            read = read_painting(source, size)
        row = self._predictor(read)
        info = read.described_in(StyleInfo(slug=slug, network=self.model.info.network))
        return Style(info, row, thumbnail(read.array))

    def _of_image(self, style_image: PhotoLike) -> StyleLike:
        """A style image as a style: a file stays a file, whose prediction is remembered."""
        source = source_of(style_image, "style_image")
        return Path(source) if isinstance(source, str | os.PathLike) else self.predict(source)

    def _resolve(self, style: StyleLike, strength: float) -> Point:
        return resolve(style, self.model, strength, self._predictor.of_file)


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
        return photo.origin.deep_picture(deep._painted(photo.array, progress).astype(np.uint16, copy=False))

    def paint_for(
        self, photo: Photo, file_format: str, progress: Progress = silent, *, max_megapixels: float
    ) -> Image.Image | DeepImage:
        """:meth:`paint` a photo for a file: in 16 bits, if the photo has more than 8 and the format can hold them.

        Args:
            photo: the photo.
            file_format: Pillow's name of the format.
            progress: see :meth:`Stylizer.__call__`.
            max_megapixels: see there.
        """
        if photo.origin.deep and file_format in DEEP:
            return self.paint_deep(photo, progress, max_megapixels=max_megapixels)
        return self.paint(photo, progress, max_megapixels=max_megapixels)

    def _picture(self, given: object, name: str, progress: Progress, max_pixels: int) -> Picture:
        """The picture of one photo, in the form that the photo has; ``name`` is that of its parameter."""
        photo = self._sized(given, name, max_pixels)
        return photo.origin.picture(self._painted(photo.array, progress).astype(np.uint8, copy=False))

    def _sized(self, given: object, name: str, max_pixels: int) -> Photo:
        """A photo as it was given, at the size of its picture."""
        photo, size = photo_of(given, name, max_pixels), self.controls.size
        if size is None:
            return photo
        height, width = photo.array.shape[:2]
        pixels = height * width * int(size) ** 2 // max(height, width) ** 2
        check_pixels(f"size {shown(size)}", pixels, max_pixels, does="would get")
        return photo.resized(size)

    def _painted(self, photo: Array, progress: Progress) -> Levels:
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


def load(
    model: str | os.PathLike[str] | None = None,
    *,
    runtime: str = "openvino",
    precision: str = "auto",
    at_once: int = 1,
) -> Stylizer:
    """Load a model, and the user's own styles for it.

    Args:
        model: a model folder, or the name of a model that comes with the package, ``fast`` or ``paper``. Without one
            it is ``fast``.
        runtime: a name in :data:`impasto.runtime.RUNTIMES`.
        precision: what OpenVINO computes in. ``auto`` is ``bf16`` on processors that have it, which is twice as fast
            and hardly differs (half a grey level in the mean), and ``f32`` on others and in other runtimes. ``int8``
            needs ``impasto[int8]`` and takes some seconds with the first photo of each style; what it prepares is kept.
        at_once: how many threads will call it at the same time. A single picture is finished soonest when it has all
            cores; many pictures are finished soonest when each has cores of its own.

    Raises:
        ImpastoError: the model or the runtime cannot be loaded.
    """
    if not isinstance(model, str | os.PathLike | None):
        raise ImpastoError(f"model: is {kind_of(model)}; give a name ({', '.join(BUNDLED)}) or a folder")
    if isinstance(at_once, bool) or not isinstance(at_once, int) or at_once < 1:
        raise ImpastoError(f"at_once {shown(at_once)}: must be a whole number, at least 1")
    loaded = load_model(model)
    runs = load_runtime(runtime, loaded, precision, at_once)
    return Stylizer(library.with_own_styles(loaded), runs, frozen=precision == "int8")
