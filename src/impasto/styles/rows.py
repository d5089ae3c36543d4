"""Arithmetic on rows of γ and β: blends, and the colours of the last layer."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real

import numpy as np
import numpy.typing as npt
from PIL import Image

from impasto.errors import ImpastoError, shown
from impasto.images.arrays import Levels, in_8_bits
from impasto.styles.style import Row, Style, StyleInfo

PALE = 1 / 510
"""Half a grey level, where white is 1. Black and white are taken to be this far from 0 and 1, at
which logits are infinite."""
_LEVELS = np.linspace(0, 1, 256).clip(PALE, 1 - PALE)
"""(256,), the grey levels in [0,1], those of black and white moved to :data:`PALE`."""
_LOGITS = np.log(_LEVELS / (1 - _LEVELS))
"""(256,), what the network's sigmoid turns into each grey level."""


def with_palette(identity: Row, photo: Levels, fold: int) -> Row:
    """The identity style with the colours of a photo.

    The last layer gives every picture in a style the same mean and contrast. The identity style has none of its own.
    Its last γ and β are the deviation and mean of what the network's sigmoid turns into the photo.

    Args:
        identity: (P,), the row of the identity style.
        photo: (H,W,3), RGB.
        fold: space-to-depth factor of the network; its last layer has fold² values of each colour.

    Returns:
        (P,) float32.
    """
    colors = np.repeat(_palette(photo), fold**2, axis=1).astype(np.float32).ravel()
    return np.concatenate([identity[: -len(colors)], colors])


def without_palette(row: Row, fold: int) -> Row:
    """The row (P,) with a last layer that has no colours: γ is 1 and β is 0. It is the same for every photo, even where
    the identity style has a share in it."""
    count = 3 * fold**2
    return np.concatenate([row[: -2 * count], np.ones(count, np.float32), np.zeros(count, np.float32)])


def recoloring(row: Row, photo: Levels, fold: int) -> npt.NDArray[np.float32]:
    """What each level of a photo's colours becomes in the colours of a style.

    This does what the last layer does. What the sigmoid turns into the photo gets the mean β and the standard deviation
    γ of the style.

    Args:
        row: (P,), the row of the style.
        photo: (H,W,3), RGB.
        fold: space-to-depth factor of the network, see :func:`with_palette`.

    Returns:
        (3,256) float32 in 0..255: for red, green and blue, the new value of each level.
    """
    (deviation, mean), (gamma, beta) = _palette(photo), row[-2 * 3 * fold**2 :].reshape(2, 3, -1).mean(axis=2)
    normalised = (_LOGITS - mean[:, None]) / (deviation[:, None] + 1e-5)
    logits = normalised * np.abs(gamma[:, None]) + beta[:, None]
    return np.asarray(255 / (1 + np.exp(-logits.clip(-20, 20))), np.float32)


def _palette(photo: Levels) -> npt.NDArray[np.float64]:
    """(2,3): standard deviation and mean, for each colour, of what the sigmoid turns into a photo (H,W,3)."""
    # Levels are counted first: there are 256 of each colour, and millions of pixels.
    shares = np.reshape(Image.fromarray(in_8_bits(photo)).histogram(), (3, 256)) / (photo.shape[0] * photo.shape[1])
    mean = shares @ _LOGITS
    return np.stack([np.sqrt((shares * (_LOGITS - mean[:, None]) ** 2).sum(axis=1)), mean])


def blend_rows(rows: Mapping[str, Row], weights: Mapping[str, float]) -> Row:
    """The convex combination of ``rows``: weights count in proportion to their sum.

    Args:
        rows: slug -> (P,).
        weights: slug -> a number of at least 0; not all 0.

    Raises:
        ImpastoError: a weight is negative or no number, or there is none above 0.
    """
    for slug, weight in weights.items():
        if not (isinstance(weight, Real) and math.isfinite(weight) and weight >= 0):
            raise ImpastoError(f"style {slug!r}: its weight is {shown(weight)}; give a number of at least 0")
    total = sum(weights.values())
    if total <= 0:
        raise ImpastoError(f"blend {', '.join(weights) or 'of no styles'}: give at least one style a weight above 0")
    parts = [np.float32(weight / total) * rows[slug] for slug, weight in weights.items()]
    return np.sum(parts, axis=0, dtype=np.float32)


def blend(parts: Sequence[tuple[Style, float]], slug: str = "blend") -> Style:
    """A new style between others, to be saved and used like any: pairs of a style and its weight.

    Raises:
        ImpastoError: these are no pairs of a style and a weight, or styles of different networks; or a weight is
            negative or no number, or there is none above 0.
    """
    parts = list(parts) if isinstance(parts, Iterable) else [parts]
    if not all(isinstance(pair, tuple | list) and len(pair) == 2 and isinstance(pair[0], Style) for pair in parts):
        raise ImpastoError("parts: give pairs of a Style and its weight, [(one, 0.6), (other, 0.4)]")
    networks = {style.info.network for style, _ in parts}
    if len(networks) > 1:
        raise ImpastoError(f"blend {slug!r}: its styles were made for {len(networks)} different networks")
    rows = {str(number): style.row for number, (style, _) in enumerate(parts)}
    row = blend_rows(rows, {str(number): weight for number, (_, weight) in enumerate(parts)})
    names = " + ".join(f"{weight:g} {style.info.name or style.slug}" for style, weight in parts)
    return Style(StyleInfo(slug=slug, name=names, network=networks.pop()), row)
