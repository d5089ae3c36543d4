"""Photo in, picture out: the one place where inference is put together."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import overload

import numpy as np
from PIL import Image

from impasto import color, geometry
from impasto.errors import ImpastoError
from impasto.images import Array, PhotoLike, Picture, Pixels, read_photo
from impasto.model import Model, load_model
from impasto.runtime import Runtime, load_runtime
from impasto.styles import Row, Style, blend

IDENTITY = "identity"
"""Slug of the style that reproduces the photo."""
MOST_STRENGTH = 1.5

StyleLike = str | Style | Mapping[str, float]

_NOISE_SEED = 1610_07629


class Stylizer:
    """Repaints photos in the styles of a model. Holds no state between calls; threads may share one.

    Args:
        model: names, styles and numbers of the model.
        runtime: its network, ready to run.

    Example:
        >>> from impasto.images import examples
        >>> stylizer = load()
        >>> stylizer(examples() / "cat.jpg", style="mural").size
        (1024, 768)
    """

    def __init__(self, model: Model, runtime: Runtime) -> None:
        self.model = model
        self._runtime = runtime

    @property
    def styles(self) -> Mapping[str, Style]:
        """Slug -> style, in slot order."""
        return self.model.styles

    @overload
    def __call__(
        self,
        photo: Array,
        style: StyleLike,
        *,
        strength: float = ...,
        keep_color: bool = ...,
        size: int | None = ...,
    ) -> Array: ...

    @overload
    def __call__(
        self,
        photo: str | os.PathLike[str] | Image.Image,
        style: StyleLike,
        *,
        strength: float = ...,
        keep_color: bool = ...,
        size: int | None = ...,
    ) -> Image.Image: ...

    def __call__(
        self,
        photo: PhotoLike,
        style: StyleLike,
        *,
        strength: float = 1.0,
        keep_color: bool = False,
        size: int | None = None,
    ) -> Picture:
        """Repaint one photo.

        Args:
            photo: a path, a PIL image, or an array (H,W), (H,W,3) or (H,W,4), uint8, RGB or RGBA.
            style: a slug of :attr:`styles`; a style made for this network; or a blend, slug -> weight, in which weights
                count in proportion to their sum.
            strength: 0 is the photo, 1 the style, up to 1.5 beyond it: the way from the style called ``identity`` to
                this one where the model has one, else from the photo's pixels to the picture's.
            keep_color: keep the photo's colours and take the lightness alone from the picture.
            size: long side of the picture in pixels; the photo is scaled to it. None keeps the photo's size.

        Returns:
            A picture of exactly the photo's upright size, or of ``size``, its alpha kept: a uint8 array (H,W,3) or
            (H,W,4) for an array, else a PIL image.

        Raises:
            ImpastoError: the photo cannot be read; the style is unknown or belongs to another network; or a number is
                out of range.
        """
        row = self.row(style, strength)
        source = read_photo(photo)
        if size is not None:
            source = source.resized(size)
        pixels = self._paint(source.pixels, row[None])
        if IDENTITY not in self.styles and strength != 1:
            pixels = np.clip(source.pixels + np.float32(strength) * (pixels - source.pixels), 0, 1)
        return source.picture(color.keep_color(pixels, source.pixels) if keep_color else pixels)

    def row(self, style: StyleLike, strength: float = 1.0) -> Row:
        """The point (P,) at which the network is run for a style or blend, see :meth:`__call__`.

        Raises:
            ImpastoError: the style is unknown or belongs to another network, or a number is out of range.
        """
        if not 0 <= strength <= MOST_STRENGTH:
            raise ImpastoError(f"strength {strength:g}: must be between 0 and {MOST_STRENGTH:g}")
        row = self._row(style)
        if IDENTITY not in self.styles:
            return row
        start = self.styles[IDENTITY].row
        return start + np.float32(strength) * (row - start)

    def _row(self, style: StyleLike) -> Row:
        if isinstance(style, str):
            return self.model.style(style).row
        if isinstance(style, Mapping):
            return blend({slug: self.model.style(slug).row for slug in style}, style)
        if style.info.network != self.model.info.network:
            raise ImpastoError(f"style {style.slug!r} was made for another network than {self.model.info.name!r}")
        return style.row

    def _paint(self, pixels: Pixels, rows: Row) -> Pixels:
        height, width = pixels.shape[2:]
        painted = self._runtime.run(geometry.pad(add_noise(pixels, self.model.info.input_noise)), rows)
        return geometry.crop(painted, height, width)


def add_noise(pixels: Pixels, deviation: float) -> Pixels:
    """Add the same Gaussian noise to every picture of a size, its standard deviation on the 0..255 scale.

    Instance normalization blows a noise-free ramp up to unit variance, into hard bands, and leaves a flat area flat;
    a little noise breaks that symmetry, and the network paints strokes there.
    """
    if not deviation:
        return pixels
    noise = np.random.default_rng(_NOISE_SEED).standard_normal(pixels.shape, dtype=np.float32)
    return pixels + noise * np.float32(deviation / 255)


def load(model: str | os.PathLike[str] | None = None, *, runtime: str = "openvino") -> Stylizer:
    """Load a model.

    Args:
        model: a model folder; without one, the model that comes with the package.
        runtime: a name in :data:`impasto.runtime.RUNTIMES`.

    Raises:
        ImpastoError: the model or the runtime cannot be loaded.
    """
    loaded = load_model(model)
    return Stylizer(loaded, load_runtime(runtime, loaded))
