"""Add a style to a trained network: fit one row of γ and β, all convolutions frozen.

Dumoulin, Shlens & Kudlur, ICLR 2017, section 3.2. The other styles' rows are not touched, nor is anything they share.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from impasto.assets import free_photos
from impasto.fitting.fit import _LIKENESS, Fit, fit
from impasto.images.io import PhotoLike, find_photos
from impasto.models import library
from impasto.models.model import Model, load_model
from impasto.nn.slim import SlimVGG, load_slim_vgg
from impasto.nn.vgg import VGG16
from impasto.nn.vgg_weights import load_vgg16
from impasto.runtime import load_runtime
from impasto.styles.painting import Painting, for_predictor, read_painting, thumbnail
from impasto.styles.style import Row, Style, StyleInfo

FAILED = 0.7
"""Style gap closed below which a style did not train."""


def loss_network(vgg: str | os.PathLike[str] | None = None) -> SlimVGG | VGG16:
    """VGG-16 from the file ``vgg``; without one, the slim loss network that comes with the package."""
    return load_vgg16(Path(vgg)) if vgg is not None else load_slim_vgg()


def predicted(model: Model, paintings: Sequence[Painting]) -> list[Row]:
    """Where fits begin: the mean of the rows that the model's predictor finds, if it has one in the present format.

    Uncorrected: from corrected ones, fits of 20 seconds end no nearer.
    """
    if not model.predicts or model.outdated:
        return []
    runtime = load_runtime("openvino", model)
    return [np.mean([runtime.predict(for_predictor(painting))[0][0] for painting in paintings], axis=0)]


def add_style(
    paintings: PhotoLike | list[PhotoLike],
    name: str,
    *,
    model: str | os.PathLike[str] | None = None,
    to: str | os.PathLike[str] | None = None,
    content: str | os.PathLike[str] | None = None,
    title: str = "",
    artist: str = "",
    style_size: int | None = None,
    likeness: float = _LIKENESS,
    minutes: float = 3.0,
    vgg: str | os.PathLike[str] | None = None,
    replace: bool = False,
    as_is: bool = False,
    show: bool = False,
) -> Style:
    """Fit a style to paintings, and keep it among the user's own styles.

    Args:
        paintings: one or several of one manner: paths, PIL images or arrays; see
            :func:`impasto.styles.painting.read_painting`.
        name: the style's slug.
        model: model folder; without it, the model that comes with the package.
        to: a model folder that the style is appended to, in place of the user's style folder; it is ``model`` too.
        content: folder of photos to fit on; without it, those that come with the package.
        title: the style's name for people.
        artist: who painted it.
        style_size: long side at which paintings are read, in pixels; smaller makes finer strokes.
        likeness: content likeness that pictures shall have (:func:`impasto.losses.perceptual.content_likeness`); less
            lets the style go farther.
        minutes: time that it may take at most.
        vgg: weights of VGG-16, to fit with it in place of the slim loss network.
        replace: take the place of an own style of that name.
        as_is: take paintings without colour, or partly transparent ones (on white), too.
        show: show a progress bar.

    Raises:
        ImpastoError: a painting cannot be read, shows nothing or is not to be taken as it is, the name is taken, a
            folder is missing or cannot be written.
    """
    folder = to if to is not None else model
    loaded = load_model(folder)
    library.check_name(name, library.with_own_styles(loaded), replace=replace and to is None)
    several = paintings if isinstance(paintings, list) else [paintings]
    read = [read_painting(painting, style_size, as_is=as_is) for painting in several]
    photos = find_photos(free_photos() if content is None else Path(content))
    library.check_writable(loaded, appended=to is not None)
    fitting = Fit(loaded, read, photos, loss_network(vgg), likeness=likeness, starts=predicted(loaded, read))
    fit(fitting, seconds=60 * minutes, show=show)
    info = StyleInfo(slug=name, name=title, artist=artist, network=loaded.info.network)
    style = _style(fitting, read, info)
    library.add(style, loaded, appended=to is not None, replace=replace)
    return style


def _style(fitting: Fit, paintings: Sequence[Painting], info: StyleInfo) -> Style:
    """The best row with what is known about it."""
    row, score = fitting.best
    first = paintings[0]
    info = msgspec.structs.replace(first.described_in(info), losses=dataclasses.asdict(score))
    return Style(info, row.cpu().numpy(), thumbnail(first.array))
