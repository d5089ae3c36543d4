"""What is done to a picture once it is painted: forms and colours come back from its photo.

Photo and picture are (H,W,3) uint8 of one size. The picture is changed in place and strip by strip: next to a large
picture and its photo there is no room for a third one in float32.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from impasto.images import color
from impasto.images.arrays import Array, to_array, to_pixels
from impasto.images.windows import Window
from impasto.styles.rows import recoloring
from impasto.stylize.controls import Controls
from impasto.stylize.regions import Regions

_STRIP = 256
"""Height of a strip, in pixels."""


def finish(picture: Array, photo: Array, regions: Regions, controls: Controls, fold: int) -> None:
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
    if regions.identity:
        lay_over(picture, photo, regions)
    elif controls.strength != 1:
        fade(picture, photo, controls.strength)
    if controls.keep_color:
        keep_color(picture, photo)


def bring_back_forms(picture: Array, photo: Array, regions: Regions, detail: float, fold: int) -> None:
    """Lay the photo, in the colours of the styles, over the picture: by ``detail``, from 0 to 1."""
    tables = np.stack([recoloring(row, photo, fold) for row in regions.styles])
    colors = np.arange(3)
    for strip, window in _windows(picture):
        shares = regions.shares(window)[0] if len(tables) > 1 else np.ones((1, 1, 1), np.float32)
        own = sum(share[..., None] * table[colors, photo[strip]] for share, table in zip(shares, tables, strict=True))
        picture[strip] = np.rint(picture[strip] + np.float32(detail) * (own - picture[strip]))


def lay_over(picture: Array, photo: Array, regions: Regions) -> None:
    """The identity style's skip: lay the photo over the picture by that style's share.

    The network's ``forward`` does the same, but here the picture has its final size, whatever sizes it was painted at.
    So a strength of 0, or a region in the identity style, is the photo itself.
    """
    if not any(regions.identity):
        return
    for strip, window in _windows(picture):
        share = regions.identity_in(window)[0, 0, :, :, None]
        picture[strip] = np.rint(picture[strip] + share * (photo[strip] - picture[strip].astype(np.float32)))


def fade(picture: Array, photo: Array, strength: float) -> None:
    """Move every pixel of the picture on the line from the photo's pixel: 0 is the photo, 1 the picture."""
    for strip in _strips(picture):
        painted, pixels = to_pixels(picture[strip]), to_pixels(photo[strip])
        picture[strip] = to_array(np.clip(pixels + np.float32(strength) * (painted - pixels), 0, 1))


def keep_color(picture: Array, photo: Array) -> None:
    """Give the picture the colours of the photo, and keep its lightness."""
    for strip in _strips(picture):
        picture[strip] = to_array(color.keep_color(to_pixels(picture[strip]), to_pixels(photo[strip])))


def _windows(picture: Array) -> Iterator[tuple[slice, Window]]:
    return ((strip, Window(strip.start, 0, strip.stop - strip.start, picture.shape[1])) for strip in _strips(picture))


def _strips(picture: Array) -> Iterator[slice]:
    return (slice(top, min(top + _STRIP, len(picture))) for top in range(0, len(picture), _STRIP))
