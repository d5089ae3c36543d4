"""Stroke size: a network paints strokes of one size in pixels, so pictures are painted at the size that suits.

A picture that is larger than that is painted small first; the painting is enlarged and painted again, by the same
network, which draws its large strokes anew in sharp ones of its own.
"""

from __future__ import annotations

import math

from impasto.errors import ImpastoError

WORKING = 1024
"""Long side, in pixels, at which the strokes have the size 1."""
LEAST, MOST = 0.5, 4.0
_DIRECT = 1.5
"""How much larger than :data:`WORKING` a picture is still painted at its own size when no stroke size is asked for."""
_STEP = 3.0
"""Most that a painting is enlarged before it is painted again."""


def scales(height: int, width: int, stroke: float | None = None) -> list[float]:
    """The sizes at which a picture is painted, one after the other, as shares of its own size; increasing.

    Args:
        height, width: of the picture.
        stroke: size of the strokes relative to the picture; None is 1 for large pictures, and whatever the network
            paints for those that are not.

    Raises:
        ImpastoError: the stroke size is out of range.
    """
    if stroke is not None and not LEAST <= stroke <= MOST:
        raise ImpastoError(f"stroke {stroke:g}: must be between {LEAST:g} and {MOST:g}")
    first = WORKING / (stroke or 1) / max(height, width)
    if stroke is None and first * _DIRECT >= 1:
        return [1.0]
    steps = max(0, math.ceil(math.log(1 / first, _STEP) - 1e-9))
    return [first ** (1 - step / steps) for step in range(steps)] + [1.0] if steps else [first]
