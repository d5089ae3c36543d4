"""Photo in, picture out: the one place where inference is put together."""

from __future__ import annotations

import dataclasses
import functools
import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import overload

import numpy as np
from PIL import Image

from impasto.errors import ImpastoError
from impasto.images import color
from impasto.images.arrays import Array, resize, to_array, to_pixels
from impasto.images.io import Photo, PhotoLike, Picture, read_photo
from impasto.images.windows import Window
from impasto.models import library
from impasto.models.model import Model, load_model
from impasto.runtime import load_runtime
from impasto.runtime.base import Runtime
from impasto.styles.painting import is_painting, read_painting, thumbnail
from impasto.styles.rows import blend_rows, recoloring, with_colors, with_palette
from impasto.styles.style import IDENTITY, Row, Style, StyleInfo
from impasto.stylize.predictor import Predictor
from impasto.stylize.regions import MaskLike, Regions, check_mask, mask_for
from impasto.stylize.strokes import keep_forms, sizes
from impasto.stylize.tiles import TiledPainter

MOST_STRENGTH = 1.5
_STRIP = 256

StyleLike = str | Style | Mapping[str, float]


class Stylizer:
    """Repaints photos in the styles of a model. Holds no state between calls; threads may share one.

    Args:
        model: names, styles and numbers of the model.
        runtime: its network, ready to run.
        frozen: paint small pictures with frozen statistics too; runtimes that compute in 8 bits need them.

    Example:
        >>> from impasto.images.io import examples
        >>> stylizer = load()
        >>> stylizer(examples() / "cat.jpg", style="mural").size
        (1024, 768)
    """

    def __init__(self, model: Model, runtime: Runtime, *, frozen: bool = False) -> None:
        self.model = model
        self._runtime = runtime
        # A folder of photos asks for the same painting again and again; the time tells whether it has changed.
        self._predicted = functools.lru_cache(maxsize=32)(lambda painting, _: self.predict(painting).row)
        self._predictor = Predictor(model, runtime)
        self._painter = TiledPainter.of(model, runtime)
        if frozen:
            self._painter = dataclasses.replace(self._painter, whole=0)

    @property
    def styles(self) -> Mapping[str, Style]:
        """Slug -> style: the model's, in slot order, then the user's own."""
        return self.model.styles

    @overload
    def __call__(
        self,
        photo: Array,
        style: StyleLike | None = ...,
        *,
        style_image: PhotoLike | None = ...,
        strength: float = ...,
        detail: float = ...,
        keep_color: bool = ...,
        stroke: float | None = ...,
        regions: Sequence[tuple[MaskLike, StyleLike]] = ...,
        size: int | None = ...,
        progress: bool = ...,
    ) -> Array: ...

    @overload
    def __call__(
        self,
        photo: str | os.PathLike[str] | io.BytesIO | Image.Image | Photo,
        style: StyleLike | None = ...,
        *,
        style_image: PhotoLike | None = ...,
        strength: float = ...,
        detail: float = ...,
        keep_color: bool = ...,
        stroke: float | None = ...,
        regions: Sequence[tuple[MaskLike, StyleLike]] = ...,
        size: int | None = ...,
        progress: bool = ...,
    ) -> Image.Image: ...

    def __call__(
        self,
        photo: PhotoLike,
        style: StyleLike | None = None,
        *,
        style_image: PhotoLike | None = None,
        strength: float = 1.0,
        detail: float = 0.0,
        keep_color: bool = False,
        stroke: float | None = None,
        regions: Sequence[tuple[MaskLike, StyleLike]] = (),
        size: int | None = None,
        progress: bool = False,
    ) -> Picture:
        """Repaint one photo.

        Args:
            photo: a path, the bytes of a file, a PIL image, or an array (H,W), (H,W,3) or (H,W,4), uint8, RGB or RGBA.
            style: a slug of :attr:`styles`; the path of a style file, or of a painting, whose style is predicted; a
                style made for this network; or a blend, slug or path -> weight, in which weights count in proportion
                to their sum.
            style_image: any painting, in place of ``style``: its style is predicted (:meth:`predict`).
            strength: 0 is the photo, 1 the style, up to 1.5 beyond it. The photo is laid over the picture by what is
                missing to 1; where the model has a style called ``identity``, the network comes nearer to it, too, and
                beyond 1 goes away from it.
            detail: how much of the photo to lay over the picture in the painting's colours, from 0 to 1: its forms come
                back.
            keep_color: keep the photo's colours and take the lightness alone from the picture.
            stroke: size of the strokes relative to the picture, from 0.5 to 4; 1 is what a picture of 1024 pixels has.
                None: 1 for larger pictures, and what comes naturally for smaller ones.
            regions: pairs of a mask and a style. Where a mask (path, PIL image or array) is white the picture has that
                style, where it is black ``style``, and where it is grey, or masks overlap, a blend.
            size: long side of the picture in pixels; the photo is scaled to it. None keeps the photo's size.
            progress: show a bar while a large picture is painted in tiles.

        Returns:
            A picture of exactly the photo's upright size, or of ``size``, its alpha kept: a uint8 array (H,W,3) or
            (H,W,4) for an array, else a PIL image.

        Raises:
            ImpastoError: the photo or painting cannot be read; the style is unknown or belongs to another network; a
                number is out of range; there is not one of ``style`` and ``style_image``; or the model predicts no
                styles.
        """
        if (style is None) == (style_image is None):
            raise ImpastoError("give either a style or a style image")
        style = style if style_image is None else self.predict(style_image)
        assert style is not None
        styles = [style, *(of for _, of in regions)]
        self._rows(styles, strength)
        _check_detail(detail)
        sizes(1, 1, stroke)  # refused even where nothing is painted
        source = read_photo(photo)
        if size is not None:
            source = source.resized(size)
        masks = tuple(mask_for(source.array, mask) for mask, _ in regions)

        def paint(photo: Array, size: tuple[int, int]) -> Array:
            own = dataclasses.replace(placed, styles=self._rows(styles, strength, photo))
            return self._painter.paint(photo, own, size, show=progress)

        placed = Regions(self._rows(styles, strength, source.array), masks, self._identity(styles, strength))
        if not strength or min(placed.identity, default=0) == 1:
            # Whatever would be painted, the photo would be laid over it.
            return source.origin.picture(source.array.copy())
        picture = np.require(_in_strokes(paint, source.array, stroke), requirements="W")
        if detail:
            _bring_back(picture, source.array, placed, detail, self.model.info.fold)
        if IDENTITY in self.styles:
            _lay_over(picture, source.array, placed)
        elif strength != 1:
            _fade(picture, source.array, strength)
        if keep_color:
            _keep_color(picture, source.array)
        return source.origin.picture(picture)

    def reproduce(self, photo: Array) -> Array:
        """The photo (H,W,3) uint8 as the network's maps paint it in the identity style, without its skip.

        Raises:
            ImpastoError: the model has no identity style.
        """
        return self._painter.paint(
            photo, Regions(self._rows([IDENTITY], photo=photo), identity=(1.0,)), photo.shape[:2]
        )

    def predict(self, painting: PhotoLike, slug: str = "predicted") -> Style:
        """The style of any painting, at once; to be used, blended and saved like any.

        Args:
            painting: see :func:`impasto.styles.painting.read_painting`.
            slug: the style's name.

        Raises:
            ImpastoError: the painting cannot be read or shows nothing, or the model predicts no styles.
        """
        read = read_painting(painting)
        row = self._predictor(read)
        info = read.described_in(StyleInfo(slug=slug, network=self.model.info.network))
        return Style(info, row, thumbnail(read.array))

    def check(
        self,
        style: StyleLike,
        *,
        strength: float = 1.0,
        detail: float = 0.0,
        stroke: float | None = None,
        regions: Sequence[tuple[MaskLike, StyleLike]] = (),
    ) -> None:
        """Raise what :meth:`__call__` would for these arguments, whatever the photo."""
        sizes(1, 1, stroke)
        _check_detail(detail)
        self._rows([style, *(of for _, of in regions)], strength)
        for mask, _ in regions:
            check_mask(mask)

    def row(self, style: StyleLike, strength: float = 1.0, photo: Array | None = None) -> Row:
        """The point (P,) at which the network is run for a style or blend, see :meth:`__call__`.

        The identity style counts by the square of its share. The nearer to it, the more of the photo is laid over; by
        the square, there is a clean style below the photo and not the network's own way between them.

        Args:
            style: a slug, a style, or a blend.
            strength: from the identity style to this one.
            photo: (H,W,3) uint8, whose colours the identity style has.

        Raises:
            ImpastoError: the style is unknown or belongs to another network, or a number is out of range.
        """
        if not 0 <= strength <= MOST_STRENGTH:
            raise ImpastoError(f"strength {strength:g}: must be between 0 and {MOST_STRENGTH:g}")
        row, share = self._row(style, photo), _identity_share(style, strength)
        if not share or IDENTITY not in self.styles:
            return row
        identity = self._row(IDENTITY, photo)
        if isinstance(style, Mapping) and 0 < _identity_in(style) < 1:
            row = self._row({slug: weight for slug, weight in style.items() if slug != IDENTITY}, photo)
        if share < 0:
            # Beyond the style there are no colours further from the photo's: these stay the style's own.
            return row + np.float32(share) * (with_colors(identity, row, self.model.info.fold) - row)
        return row + np.float32(share**2) * (identity - row)

    def _rows(self, styles: Sequence[StyleLike], strength: float = 1.0, photo: Array | None = None) -> Row:
        return np.stack([self.row(style, strength, photo) for style in styles])

    def _identity(self, styles: Sequence[StyleLike], strength: float) -> tuple[float, ...]:
        """The identity style's share of each style at that strength, see :class:`Regions`."""
        if IDENTITY not in self.styles:
            return ()
        return tuple(max(0.0, _identity_share(style, strength)) for style in styles)

    def _row(self, style: StyleLike, photo: Array | None) -> Row:
        if isinstance(style, Mapping):
            return blend_rows({slug: self._row(slug, photo) for slug in style}, style)
        if isinstance(style, str) and is_painting(style):
            return self._predicted(style, Path(style).stat().st_mtime_ns if Path(style).exists() else 0)
        if isinstance(style, str):
            row = library.find(style, self.model).row
            return row if style != IDENTITY or photo is None else with_palette(row, photo, self.model.info.fold)
        library.check_fits(style, self.model)
        return style.row


def _check_detail(detail: float) -> None:
    if not 0 <= detail <= 1:
        raise ImpastoError(f"detail {detail:g}: must be between 0 and 1")


def _identity_share(style: StyleLike, strength: float) -> float:
    """How much of the identity style is in a style or blend at that strength; below 0 beyond a strength of 1."""
    return 1 - strength * (1 - _identity_in(style))


def _identity_in(style: StyleLike) -> float:
    """The identity style's share of a style or blend."""
    if isinstance(style, Mapping):
        return style.get(IDENTITY, 0.0) / sum(style.values())
    return float((style if isinstance(style, str) else style.slug) == IDENTITY)


def _in_strokes(paint: Callable[[Array, tuple[int, int]], Array], photo: Array, stroke: float | None) -> Array:
    """Paint at every size that the stroke size asks for, each painting the next one's photo."""
    height, width = photo.shape[:2]
    first, *larger = sizes(height, width, stroke)
    picture = paint(photo, first)
    for size in larger:
        painting, picture = picture, paint(picture, size)
        keep_forms(picture, painting)
    return resize(picture, height, width)


def _windows(picture: Array) -> Iterator[tuple[slice, Window]]:
    return ((strip, Window(strip.start, 0, strip.stop - strip.start, picture.shape[1])) for strip in _strips(picture))


def _strips(picture: Array) -> Iterator[slice]:
    return (slice(top, min(top + _STRIP, len(picture))) for top in range(0, len(picture), _STRIP))


def _bring_back(picture: Array, photo: Array, regions: Regions, detail: float, fold: int) -> None:
    """Lay the photo over the picture, both (H,W,3) uint8, in the colours of the styles, by ``detail``."""
    tables = np.stack([recoloring(row, photo, fold) for row in regions.styles])
    colors = np.arange(3)
    for strip, window in _windows(picture):
        shares = regions.shares(window)[0] if len(tables) > 1 else np.ones((1, 1, 1), np.float32)
        own = sum(share[..., None] * table[colors, photo[strip]] for share, table in zip(shares, tables, strict=True))
        picture[strip] = np.rint(picture[strip] + np.float32(detail) * (own - picture[strip]))


def _lay_over(picture: Array, photo: Array, regions: Regions) -> None:
    """The identity style's skip: lay the photo over the picture, both (H,W,3) uint8, by that style's share.

    As in the network's ``forward``, but where the picture has its final size, whatever sizes it was painted at. So a
    strength of 0, or a region that keeps the photo, is the photo itself.
    """
    if not any(regions.identity):
        return
    for strip, window in _windows(picture):
        share = regions.identity_in(window)[0, 0, :, :, None]
        picture[strip] = np.rint(picture[strip] + share * (photo[strip] - picture[strip].astype(np.float32)))


def _fade(picture: Array, photo: Array, strength: float) -> None:
    """Move the picture's pixels to where they are at ``strength`` on the way from the photo's, both (H,W,3) uint8."""
    for strip in _strips(picture):
        painted, pixels = to_pixels(picture[strip]), to_pixels(photo[strip])
        picture[strip] = to_array(np.clip(pixels + np.float32(strength) * (painted - pixels), 0, 1))


def _keep_color(picture: Array, photo: Array) -> None:
    """Give the picture the photo's colours, both (H,W,3) uint8."""
    for strip in _strips(picture):
        picture[strip] = to_array(color.keep_color(to_pixels(picture[strip]), to_pixels(photo[strip])))


def load(
    model: str | os.PathLike[str] | None = None,
    *,
    runtime: str = "openvino",
    precision: str = "auto",
    at_once: int = 1,
) -> Stylizer:
    """Load a model, and the user's own styles for it.

    Args:
        model: a model folder; without one, the model that comes with the package.
        runtime: a name in :data:`impasto.runtime.RUNTIMES`.
        precision: what OpenVINO computes in. ``auto`` is ``bf16`` on processors that have it, which is twice as fast
            and hardly differs (half a grey level in the mean), and ``f32`` on others and in other runtimes; ``int8``
            needs ``impasto[int8]``, takes some seconds to begin with, and suits large pictures.
        at_once: how many threads will call it at the same time: a single picture is soonest done on all cores, many
            are when each has some of its own.

    Raises:
        ImpastoError: the model or the runtime cannot be loaded.
    """
    loaded = load_model(model)
    runs = load_runtime(runtime, loaded, precision, at_once)
    return Stylizer(library.with_own_styles(loaded), runs, frozen=precision == "int8")
