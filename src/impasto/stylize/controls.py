"""The numbers that decide how a photo is painted, in whatever style: one value, checked where it is made.

The command line's options and the reference page are made from this module, so a new control is added here alone. It
imports no NumPy, no Pillow and no runtime, because ``impasto --help`` reads it.
"""

from __future__ import annotations

from typing import Annotated, TypedDict

from msgspec import Meta, Struct

from impasto.errors import check_ranges


class Controls(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a photo is painted.

    Raises:
        ImpastoError: a number is out of its range.
    """

    strength: Annotated[
        float,
        Meta(
            ge=0,
            le=1.5,
            description="How much of the style: 0 is the photo, 1 the style, and up to 1.5 goes beyond it.",
        ),
    ] = 1.0
    """Below 1, the photo is laid over the picture with the opacity 1 − strength. Where the model has a style called
    ``identity``, the style also moves towards it. Beyond 1, the picture is painted a second time, over a mix of the
    photo and the first picture; at 1.5 over the first picture alone. Up to 1.25 the second picture is laid over the
    first one, by a share that grows with the strength."""
    detail: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="How much of the photo's forms to bring back, in the painting's colours, from 0 to 1.",
        ),
    ] = 0.0
    keep_color: Annotated[bool, Meta(description="Keep the photo's colours, and take only the strokes.")] = False
    """The photo gives the two colour axes of Oklab, and the lightness of large forms. The picture gives finer
    lightness."""
    stroke: Annotated[
        float,
        Meta(ge=0.5, le=4, description="Size of the strokes relative to the picture, from 0.5 to 4."),
    ] = 1.0
    """A stroke of 1 is what the network paints in a picture of 1024 pixels, and at every other size the picture looks
    the same. Pictures of less than 569 pixels would have strokes too fine to see. They are painted 1.8 times as
    large."""
    size: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=100_000,
                description="Long side of the picture, in pixels; the photo is scaled to it.",
                extra={"unit": "pixels", "default": "the photo's size"},
            ),
        ]
        | None
    ) = None

    @property
    def again(self) -> float:
        """How much of the picture there is in what is painted a second time, from 0 (not painted again) to 1."""
        return max(0.0, 2 * (self.strength - 1))

    @property
    def over(self) -> float:
        """The share by which the picture that was painted again is laid over the first one: 1 from a strength of 1.25
        on. Painted again, strokes fall elsewhere, and without this a strength a little above 1 would change them all at
        once."""
        return min(1.0, 2 * self.again)

    def __post_init__(self) -> None:
        check_ranges(self)


class ControlOptions(TypedDict, total=False):
    """The fields of :class:`Controls` as keywords, for type checkers."""

    strength: float
    detail: float
    keep_color: bool
    stroke: float
    size: int | None
