"""Photo in, picture out: the one place where inference is put together."""

from __future__ import annotations

import copy
import dataclasses
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from PIL import Image

from impasto.errors import ImpastoError, kind_of
from impasto.images.arrays import Array
from impasto.images.photo import Picture
from impasto.images.reading import MAX_PIXELS
from impasto.models import library
from impasto.models.model import Model, check_model, load_model
from impasto.progress import Progress, silent
from impasto.runtime import load_runtime
from impasto.runtime.base import Runtime
from impasto.styles.painting import read_painting, thumbnail
from impasto.styles.style import IDENTITY, Style, StyleInfo
from impasto.stylize.controls import ControlOptions, Controls
from impasto.stylize.inputs import (
    Batch,
    ImageLike,
    MaskLike,
    PhotoLike,
    decoding,
    pairs_of,
    source_of,
)
from impasto.stylize.plan import ImageT, PhotoT, Plan
from impasto.stylize.predictor import Predictor
from impasto.stylize.regions import Mask, Regions
from impasto.stylize.resolve import Point, StyleLike, resolve
from impasto.stylize.sources import FilmLike, frames_of
from impasto.stylize.tiles import TiledPainter
from impasto.stylize.timeline import FilmControls, KeyFramesLike, checked_steady, timeline
from impasto.stylize.video import STEADY, paint_frames

if TYPE_CHECKING:
    from typing_extensions import Unpack


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
        >>> import impasto
        >>> from impasto.assets import examples
        >>> stylizer = impasto.load()
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
        check_model(model)
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
            photo: a path, the bytes of a file, a PIL image, or an array (H,W), (H,W,3) or (H,W,4) uint8, RGB or RGBA. A
                batch is a list of these, or an array (N,H,W,3) or (N,H,W,4).
            style: a slug, or a blend; see :meth:`plan`, also for ``style_image`` and ``regions``.
            style_image: any painting, in place of ``style``.
            regions: pairs of a mask and a style.
            progress: is told of every tile of a large picture, and of every picture of a batch.
            max_megapixels: larger photos are refused before they are decoded, and larger pictures (``size``) before
                they are painted.
            controls: the fields of :class:`impasto.stylize.controls.Controls`: strength, detail, keep_color, stroke
                and size.

        Returns:
            A picture of exactly the photo's upright size, or of ``size``, with the photo's alpha. It is a uint8 array
            (H,W,3) or (H,W,4) for an array, else a PIL image. For a list, a list of them; for (N,H,W,…), such an array.

        Raises:
            ImpastoError: the photo or painting cannot be read. Or the style is unknown or belongs to another network.
                Or a parameter is of another kind or out of range. Or not exactly one of ``style`` and ``style_image``
                is given. Or the model predicts no styles. The message is one line that names the parameter, and holds
                no input.
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
            style: a slug of :attr:`styles`, or a style that was made for this network. It may be the
                :class:`~pathlib.Path` of a style file, or of a painting, whose style is predicted. Or it is a blend,
                slug or Path -> weight, in which weights count in proportion to their sum. A blend of slugs may also be
                written as on the command line, ``"mural:0.6,scream:0.4"``.
            controls: strength, detail, and so on.
            regions: pairs of a mask and a style. Where a mask is white the picture has that style, where it is black
                ``style``, and where it is grey, or masks overlap, a blend. A mask is a path, the bytes of a file, a PIL
                image, or an array (H,W). An array is bool, floating point from 0 to 1, or whole numbers: 0 to 255, or 0
                and 1. One of another size than the photo's is scaled to it, and the log says so.
            style_image: any painting, in place of ``style``: its style is predicted (:meth:`predict`).

        Raises:
            ImpastoError: a painting, style file or mask cannot be read. Or a style is unknown or belongs to another
                network. Or not exactly one of ``style`` and ``style_image`` is given. Or the model predicts no styles.
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

    def video(
        self,
        source: FilmLike,
        style: StyleLike | KeyFramesLike | None = None,
        *,
        style_image: PhotoLike | None = None,
        regions: Sequence[tuple[MaskLike, StyleLike]] = (),
        steady: float = STEADY,
        start: float = 0.0,
        end: float | None = None,
        fps: float | None = None,
        **controls: Unpack[FilmControls],
    ) -> Iterator[Array]:
        """Repaint a film, frame by frame and all of a piece.

        Args:
            source: the file of a film or of a picture that moves, or a folder of numbered frames. Or any iterable of
                arrays (H,W,3) uint8, RGB, of one size: a camera, for instance. Frames are read as they are needed.
            style: as in :meth:`plan`; or keyframes, ``"0:mural, 4.5:scream, 9:mural:.5+starry-night:.5"``, or pairs of
                a time in seconds and a style. Between them, styles turn into one another.
            style_image: any painting, in place of ``style``.
            regions: pairs of a mask and a style.
            steady: from 0, every frame by itself, to 1: how much of the last frame, moved to where things are now,
                shows through. Above 0 it needs OpenCV.
            start, end: seconds; frames before the one and from the other on are left out.
            fps: frames a second; without it, they are the film's own. For an iterable it says how fast its frames
                follow one another, 25 without it.
            controls: the fields of :class:`impasto.stylize.controls.Controls`. ``strength`` and ``stroke`` may be key
                frames, too: ``"0:0.2, 4:1"``, or pairs of a time and a number.

        Yields:
            (H,W,3) uint8.

        Raises:
            ImpastoError: as :meth:`plan`; or the source cannot be read, or keyframes are out of order.
        """
        given = timeline(self.plan, style if style_image is None else self._of_image(style_image), regions, controls)
        frames = frames_of(source, start, end, fps, controls.get("size"))
        return (frame.array for frame, _ in paint_frames(frames, given, checked_steady(steady)))

    def reproduce(self, photo: Array) -> Array:
        """The photo (H,W,3) uint8 as the network's maps paint it in the identity style, without that style's skip.

        Raises:
            ImpastoError: the model has no identity style, or this is no such array.
        """
        if not isinstance(photo, np.ndarray):
            raise ImpastoError(f"photo: is {kind_of(photo)}; give an array (H,W,3) uint8")
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


def load(
    model: str | os.PathLike[str] | None = None,
    *,
    runtime: str = "openvino",
    precision: str = "auto",
    at_once: int = 1,
    cores: int | None = None,
) -> Stylizer:
    """Load a model, and the user's own styles for it.

    Args:
        model: a model folder, or the name of a model that comes with the package, ``fast`` or ``paper``. Without one
            it is ``fast``.
        runtime: a name in :data:`impasto.runtime.RUNTIMES`.
        precision: what OpenVINO computes in. ``auto`` is ``bf16`` on processors that have it. That is twice as fast and
            hardly differs (half a grey level in the mean). On others and in other runtimes it is ``f32``. ``int8``
            needs the extra ``int8``. It takes some seconds to prepare each style, once; what it prepares is kept.
        at_once: how many threads will call it at the same time. A single picture is finished soonest when it has all
            cores; many pictures are finished soonest when each has cores of its own.
        cores: how many cores it may use; None are all. (PyTorch takes that from ``OMP_NUM_THREADS``.)

    Raises:
        ImpastoError: the model or the runtime cannot be loaded.
    """
    loaded = load_model(model)
    runs = load_runtime(runtime, loaded, precision, at_once, cores)
    return Stylizer(library.with_own_styles(loaded), runs, frozen=precision == "int8")
