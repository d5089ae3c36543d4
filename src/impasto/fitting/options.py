"""The options of a fit. The command line reads its defaults from here; so this module imports no PyTorch or NumPy."""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict

import msgspec
from msgspec import Meta

from impasto.errors import check_ranges


class FitOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a row of γ and β is fitted to a style (:class:`impasto.fitting.fit.Fit`).

    Weights are in units of the style gap: 1 is the style loss of untouched photos.

    Raises:
        ImpastoError: a number is out of its bounds.
    """

    objective: Literal["distribution", "gap"] = "distribution"
    """What is minimised. ``distribution``: how far whole distributions of activations and colours are from the
    painting's, where untouched photos have 1. The content distance is added, ``content_weight`` times. It brings out a
    painting's darks, lights and accents. ``gap``: the share of the style gap that is left, plus what is lost below the
    wanted ``likeness``. Only this one uses ``likeness``, ``evenly`` and ``weight``. Options that suit it are
    ``BY_GAP``."""
    content_weight: Annotated[float, Meta(ge=0)] = 0.12
    """With ``objective = "distribution"``, the weight of the content distance: more keeps more of the photo."""
    likeness: Annotated[float, Meta(ge=0.1, le=0.9)] = 0.44
    """With ``objective = "gap"``, the content likeness that pictures should have
    (:func:`impasto.losses.perceptual.content_likeness`): 1 keeps all forms of the photo, 0.1 keeps hardly any. A lower
    one lets the style go farther."""
    minutes: Annotated[float, Meta(gt=0)] = 1.0
    """The longest time that the steps may take, in minutes."""
    steps: Annotated[int, Meta(ge=1)] = 100
    """The largest number of optimiser steps; fewer if time runs out or the score stops improving."""
    crop: Annotated[int, Meta(ge=32, multiple_of=4)] = 256
    """The side of the photo crops that are fitted on, in pixels. Distributions are seen in three octaves, for which
    crops must be large."""
    batch_size: Annotated[int, Meta(ge=1)] = 2
    """The number of crops in each step."""
    rate: Annotated[float, Meta(gt=0)] = 3e-2
    """The highest learning rate of Adam; it rises to that in the first steps and falls along a cosine to 0."""
    blocks: Annotated[float, Meta(ge=0)] = 1.0
    """The weight of :func:`impasto.losses.artifacts.blockiness`; it counts only for networks that fold photos, as only
    these draw in cells of 2 × 2 pixels."""
    cells: Annotated[float, Meta(ge=0)] = 10.0
    """The weight of :func:`impasto.losses.artifacts.cell_noise`; it, too, counts only for networks that fold photos."""
    raster: Annotated[float, Meta(ge=0)] = 1.0
    """The weight of :func:`impasto.losses.artifacts.raster_energy`: periodic artifacts in smooth areas."""
    specks: Annotated[float, Meta(ge=0)] = 2e-3
    """The weight of :func:`impasto.losses.artifacts.specks`: speckle in smooth areas. Ten times as much
    also removes strokes."""
    evenly: Annotated[float, Meta(ge=0, le=1)] = 0.5
    """The share of the style gap in which all layers of the loss network count the same. In the rest, layers count as
    they do in the style loss, by which styles are scored."""
    weight: Annotated[float, Meta(gt=0)] | None = None
    """If given, the objective is the content loss plus ``weight`` times the style loss, and ``likeness`` does not
    matter. Networks for any style are trained so (Ghiasi et al. 2017), and pictures of calm paintings stay nearer to
    their photos."""
    flat: Annotated[float, Meta(ge=0, le=1)] = 0.25
    """The share of crops that get a synthetic sky, a flat colour or a gradient."""
    check_every: Annotated[int, Meta(ge=1)] = 20
    """The number of steps between two scores of the row."""
    patience: Annotated[int, Meta(ge=1)] = 5
    """The number of scores without any gain after which the fit ends."""

    def __post_init__(self) -> None:
        check_ranges(self)


class FitChanges(TypedDict, total=False):
    """The fields of :class:`FitOptions` as keywords, for type checkers."""

    objective: Literal["distribution", "gap"]
    content_weight: float
    likeness: float
    minutes: float
    steps: int
    crop: int
    batch_size: int
    rate: float
    blocks: float
    cells: float
    raster: float
    specks: float
    evenly: float
    weight: float | None
    flat: float
    check_every: int
    patience: int


ADD_STYLE = FitOptions()
"""How a new style is fitted."""
BY_GAP = FitOptions(objective="gap", crop=160, rate=0.1, cells=0.0, raster=2.0, specks=0.0, steps=500, minutes=3.0)
"""How a new style is fitted by the losses of the paper."""
REFIT = FitOptions(rate=2e-2, blocks=0.3)
"""How a style of a trained network is fitted once more: at a smaller rate, since its row is near its best already. With
a new style's whole weight of blocks, fine strokes lost 2 points of their style gap. Without any, cells of 2 × 2 pixels
showed."""
REFIT_BY_GAP = msgspec.structs.replace(BY_GAP, likeness=0.34, rate=2e-2, blocks=0.3, minutes=0.5)
"""The same by the losses of the paper, at the likeness at which the first bundled networks were trained."""
