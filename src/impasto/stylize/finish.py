"""What is done to a picture once it is painted: forms and colours come back from its photo.

Photo and picture are (H,W,3) of one size. The photo has 8 bits, the picture 8 or 16. It is changed in place and strip
by strip. Next to a large picture and its photo there is no room for a third, in float32.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from PIL import Image

from impasto.images import color
from impasto.images.arrays import Array, Levels, in_depth_of, scaled, to_array, to_pixels, white
from impasto.images.guided import guided_filter
from impasto.images.windows import Window
from impasto.styles.rows import recoloring
from impasto.stylize.controls import Controls
from impasto.stylize.regions import Regions

_STRIP = 256
"""Height of a strip, in pixels."""
_SMALL = 512
"""Long side, in pixels, of the copies in which large forms are found."""
_FORM = 16
"""What is larger than this in such a copy, in pixels, is a form, what is smaller is brushwork."""
_EDGE = 0.1
"""Forms end where the photo's lightness has a larger standard deviation than this; it is between 0 and 1."""


def finish(picture: Levels, photo: Array, regions: Regions, controls: Controls, fold: int) -> None:
    """Do to the picture what the controls ask for.

    Args:
        picture: as it was painted.
        photo: what it was painted from.
        regions: the styles, and the share of the identity style in each; ``identity`` is empty if the model has none.
        controls: detail, strength and keep_color.
        fold: the network's space-to-depth factor.
    """
    if controls.detail:
        bring_back_forms(picture, photo, regions, controls.detail, fold)
    if controls.keep_color:
        keep_color(picture, photo)
    if regions.identity:
        lay_over(picture, photo, regions)
    elif controls.strength < 1:
        fade(picture, photo, controls.strength)


def bring_back_forms(picture: Levels, photo: Array, regions: Regions, detail: float, fold: int) -> None:
    """Lay the photo, in the colours of the styles, over the picture: by ``detail``, from 0 to 1."""
    tables = np.stack([recoloring(row, photo, fold) for row in regions.styles])
    colors = np.arange(3)
    for strip, window in _windows(picture):
        shares = regions.shares(window)[0] if len(tables) > 1 else np.ones((1, 1, 1), np.float32)
        own = sum(share[..., None] * table[colors, photo[strip]] for share, table in zip(shares, tables, strict=True))
        own *= white(picture) // 255
        picture[strip] = np.rint(picture[strip] + np.float32(detail) * (own - picture[strip]))


def lay_over(picture: Levels, photo: Array, regions: Regions) -> None:
    """The identity style's skip: lay the photo over the picture by that style's share.

    The network's ``forward`` does the same, but here the picture has its final size, whatever sizes it was painted at.
    So a strength of 0, or a region in the identity style, is the photo itself.
    """
    if not any(regions.identity):
        return
    for strip, window in _windows(picture):
        share = regions.identity_in(window)[0, 0, :, :, None]
        below = in_depth_of(picture, photo[strip])
        picture[strip] = np.rint(picture[strip] + share * (below - picture[strip].astype(np.float32)))


def fade(picture: Levels, photo: Array, strength: float) -> None:
    """Move every pixel of the picture on the line from the photo's pixel: 0 is the photo, 1 the picture."""
    for strip in _strips(picture):
        painted, pixels = to_pixels(picture[strip]), to_pixels(photo[strip])
        mixed = np.clip(pixels + np.float32(strength) * (painted - pixels), 0, 1)
        picture[strip] = to_array(mixed, picture.dtype.type)


def keep_color(picture: Levels, photo: Array) -> None:
    """Give the picture the colours of the photo and the lightness of its large forms. Brushwork keeps its lightness.

    What the photo is lighter than the picture, smoothed within the forms of the photo, is added to the picture.
    """
    small = [color.to_oklab(to_pixels(_small(each)))[0, 0] for each in (photo, picture)]
    slope, offset = guided_filter(small[0], small[0] - small[1], _FORM, _EDGE**2)
    for strip in _strips(picture):
        kept, lightness = color.to_oklab(to_pixels(photo[strip])), color.to_oklab(to_pixels(picture[strip]))[:, :1]
        lightness += _enlarged(slope, picture, strip) * kept[:, :1] + _enlarged(offset, picture, strip)
        recolored = color.shown(np.clip(lightness, 0, 1), kept[:, 1:])
        picture[strip] = to_array(recolored, picture.dtype.type)


def _small(array: Levels) -> Levels:
    return scaled(array, longer=_SMALL) if max(array.shape) > _SMALL else array


def _enlarged(values: npt.NDArray[np.float32], picture: Levels, strip: slice) -> npt.NDArray[np.float32]:
    """A strip of a map (h,w), enlarged to the size of the picture (H,W,3). Strips agree where they meet."""
    scale = len(values) / len(picture)
    box = (0, strip.start * scale, values.shape[1], strip.stop * scale)
    size = picture.shape[1], strip.stop - strip.start
    return np.asarray(Image.fromarray(values).resize(size, Image.Resampling.BILINEAR, box))


def _windows(picture: Levels) -> Iterator[tuple[slice, Window]]:
    return ((strip, Window(strip.start, 0, strip.stop - strip.start, picture.shape[1])) for strip in _strips(picture))


def _strips(picture: Levels) -> Iterator[slice]:
    return (slice(top, min(top + _STRIP, len(picture))) for top in range(0, len(picture), _STRIP))
