"""Add a style to a trained network: fit one row of γ and β, all convolutions frozen.

Dumoulin, Shlens & Kudlur, ICLR 2017, section 3.2. The rows of the other styles do not change, nor does anything that
styles share.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from impasto.assets import free_photos
from impasto.errors import ImpastoError, checked_path
from impasto.fitting.fit import Fit, fit
from impasto.fitting.options import ADD_STYLE, FitOptions
from impasto.images.folders import find_photos
from impasto.images.reading import PhotoLike
from impasto.models import library
from impasto.models.model import Model, load_model
from impasto.nn.slim import SlimVGG, load_slim_vgg
from impasto.nn.vgg import VGG16
from impasto.nn.vgg_weights import load_vgg16
from impasto.progress import Progress, silent
from impasto.runtime import load_runtime
from impasto.styles.painting import Painting, for_predictor, read_painting, thumbnail
from impasto.styles.style import Row, Style, StyleInfo

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from impasto.fitting.options import FitChanges

BEGUN = "gap_closed_at_start"
"""The name, among a style's losses, of the share of the gap that was closed by the row at which the fit began."""


def loss_network(vgg: str | os.PathLike[str] | None = None) -> SlimVGG | VGG16:
    """VGG-16 from the file ``vgg``; without one, the slim loss network that comes with the package."""
    if vgg is None:
        return load_slim_vgg()
    return load_vgg16(Path(checked_path(vgg, "vgg", "a file with the weights of VGG-16")))


def predicted(model: Model, paintings: Sequence[Painting]) -> list[Row]:
    """The row (P,) that a fit begins at: the mean of the rows that the model's predictor finds for ``paintings``.

    It is a list of one row, or an empty one if the model has no predictor.
    """
    if not model.predicts:
        return []
    runtime = load_runtime("openvino", model)
    rows = [np.mean([runtime.predict(part)[0] for part in for_predictor(each)], axis=0) for each in paintings]
    return [np.mean(rows, axis=0)]


def add_style(
    paintings: PhotoLike | list[PhotoLike] | tuple[PhotoLike, ...],
    name: str,
    *,
    model: str | os.PathLike[str] | None = None,
    to: str | os.PathLike[str] | None = None,
    content: str | os.PathLike[str] | None = None,
    title: str = "",
    artist: str = "",
    style_size: int | None = None,
    vgg: str | os.PathLike[str] | None = None,
    replace: bool = False,
    as_is: bool = False,
    options: FitOptions = ADD_STYLE,
    progress: Progress = silent,
    **changes: Unpack[FitChanges],
) -> Style:
    """Fit a style to paintings, and keep it among the user's own styles.

    The fit begins at the row that the model predicts. If no later row is better, that one is kept.

    Args:
        paintings: one or several paintings of one manner: paths, PIL images or arrays; see
            :func:`impasto.styles.painting.read_painting`.
        name: the style's slug.
        model: a model folder, or the name of a model that comes with the package; without it, ``fast``.
        to: a model folder that the style is appended to, instead of the user's style folder; it is the ``model``, too.
        content: a folder of photos to fit on; without it, those that come with the package.
        title: the style's name for people.
        artist: who painted it.
        style_size: the long side at which paintings are read, in pixels; smaller makes finer strokes.
        vgg: a file with the weights of VGG-16, to fit with it instead of the slim loss network.
        replace: replace the user's own style of that name.
        as_is: also take paintings without colour, and partly transparent ones (on white).
        options: how to fit.
        progress: is told the steps taken, the steps to take and how near the style is.
        changes: fields of ``options`` to change, as ``content_weight=0.2`` or ``minutes=2``; see
            :class:`impasto.fitting.options.FitOptions`.

    Raises:
        ImpastoError: a painting cannot be read, shows nothing or is not to be taken as it is. Or the name is taken, a
            folder is missing or cannot be written, or a number is out of its bounds.
    """
    options = msgspec.structs.replace(options, **changes)
    loaded = load_model(to if to is not None else model)
    library.check_name(name, library.with_own_styles(loaded), replace=replace and to is None)
    several = list(paintings) if isinstance(paintings, list | tuple) else [paintings]
    if not several:
        raise ImpastoError(f"style {name!r}: give at least one painting")
    read = [read_painting(painting, style_size, as_is=as_is) for painting in several]
    info = StyleInfo(slug=name, name=title, artist=artist, network=loaded.info.network)
    photos = find_photos(free_photos() if content is None else checked_path(content, "content", "a folder of photos"))
    library.check_writable(loaded, appended=to is not None)
    fitting = Fit(loaded, read, photos, loss_network(vgg), options, predicted(loaded, read))
    fit(fitting, progress=progress)
    style = _fitted_style(fitting, read, info)
    library.add(style, loaded, appended=to is not None, replace=replace)
    return style


def _fitted_style(fitting: Fit, paintings: Sequence[Painting], info: StyleInfo) -> Style:
    """The best row of ``fitting`` as a style, with its scores and where it comes from."""
    row, score = fitting.best
    first = paintings[0]
    info = msgspec.structs.replace(first.described_in(info), losses=score.losses | {BEGUN: fitting.begun.closed})
    return Style(info, row.cpu().numpy(), thumbnail(first.array))
