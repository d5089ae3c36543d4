"""The named styles of a trained model fitted once more, each alone, the convolutions as they are.

Training shares its steps among all styles, and the weights of a style, which follow the likeness of its pictures, move
only when it is its turn. With the convolutions done, some hundred steps on one row find a better balance of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import msgspec
import numpy as np

from impasto.errors import ImpastoError, unknown
from impasto.fitting.fit import RASTER, Fit, take_steps
from impasto.models.model import STYLES, Model, copy_model, load_model, unwritable
from impasto.nn.slim import SlimVGG
from impasto.nn.vgg import VGG16
from impasto.styles.painting import painting_of
from impasto.styles.style import Style

LIKENESS = 0.34
_RATE = 2e-2
"""Rows are near their best already: at the rate of a new style, they lost in a hundred steps more than they won."""
_BLOCKS = 0.3
"""A third of a new style's: with all of it, fine strokes lost 2 points of their gap; with none, cells showed."""


def refit(
    model: Model, style_images: Path, photos: Sequence[Path], looks: SlimVGG | VGG16, out: Path, *,
    only: Collection[str] = (), likeness: float = LIKENESS, raster: float = RASTER, specks: float = 0.0,
    seconds: float = 30,
) -> Iterator[Style]:  # fmt: skip
    """Fit the styles of ``model`` again, into a copy of it.

    A copy that is there already is gone on with: styles that differ from the model's are done.

    Args:
        model: it stays as it is.
        style_images: folder of the artworks that the styles were trained on.
        photos: files to fit on.
        looks: the loss network.
        out: folder of the copy.
        only: slugs; all where there are none.
        likeness: content likeness that pictures shall have on crops of photos.
        raster: weight of :func:`impasto.losses.artifacts.raster_energy`, in units of the style gap.
        specks: weight of :func:`impasto.losses.artifacts.specks`, likewise.
        seconds: for each style.

    Yields:
        Each style once it is in the copy, which can be used after each.

    Raises:
        ImpastoError: there is no style of that name, ``out`` is another model or cannot be written, or an artwork is
            missing.
    """
    with_image = [slug for slug in model.info.styles if model.styles[slug].info.image]
    for slug in only:
        if slug not in with_image:
            raise unknown("style", slug, with_image)
    named = [slug for slug in with_image if not only or slug in only]
    images = {slug: painting_of(model.styles[slug].info, style_images) for slug in named}
    copied = copy_model(model, out) if not out.exists() else load_model(out)
    if copied.info != model.info:
        raise ImpastoError(f"{out}: is another model than {model.path}; give another --out")
    for slug in named:
        if np.array_equal(copied.styles[slug].row, model.styles[slug].row):
            style = model.styles[slug]
            fitting = Fit(
                model, [images[slug]], photos, looks, likeness=likeness, rate=_RATE, blocks=_BLOCKS, raster=raster,
                specks=specks, starts=[style.row],
            )  # fmt: skip
            style = _fitted(fitting, style, seconds)
            try:
                style.save(out / STYLES / f"{slug}.safetensors")
            except OSError as error:
                raise unwritable(out, error) from None
            yield style


def _fitted(fitting: Fit, style: Style, seconds: float) -> Style:
    """``style`` with the row at the end: not the best by score, which sees neither rasters nor specks."""
    # Ctrl-C ends everything: a style half fitted would count as done.
    take_steps(fitting, seconds=seconds, to_the_end=True)
    losses = asdict(fitting.score(fitting.mean))
    return replace(style, row=fitting.mean.cpu().numpy(), info=msgspec.structs.replace(style.info, losses=losses))
