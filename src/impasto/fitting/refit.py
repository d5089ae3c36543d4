"""Fit the styles of a trained model once more, each alone, with the convolutions as they are.

Training shares its steps among all styles. The weight of a style's loss follows the likeness of its pictures, and
changes only in steps that draw this style. Once the convolutions are trained, some hundred steps on one row find a
better balance for that style. A fit begins at the style's own row or at the one that the model predicts for its image,
whichever has the lower objective.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np

from impasto.errors import ImpastoError, unknown
from impasto.files import write_file
from impasto.fitting.add_style import predicted
from impasto.fitting.fit import Fit, take_steps
from impasto.fitting.options import REFIT, FitOptions
from impasto.models.model import STYLES, Model, copy_model, load_model, unwritable
from impasto.nn.slim import SlimVGG
from impasto.nn.vgg import VGG16
from impasto.styles.painting import painting_of
from impasto.styles.style import Style


def refit(
    model: Model, style_images: Path, photos: Sequence[Path], loss_network: SlimVGG | VGG16, out: Path, *,
    only: Collection[str] = (), options: FitOptions = REFIT,
) -> Iterator[Style]:  # fmt: skip
    """Fit the styles of ``model`` again, into a copy of it.

    If the copy is there already, the work goes on: styles that differ from the model's count as done.

    Args:
        model: it stays as it is.
        style_images: folder of the style images that the styles were trained on.
        photos: files to fit on.
        loss_network: what sees the pictures.
        out: folder of the copy.
        only: slugs of the styles to fit; without any, all styles that have a style image.
        options: how to fit each style; ``minutes`` is the time for one style.

    Yields:
        Each style, once it is in the copy. The copy can be used after each.

    Raises:
        ImpastoError: there is no style of that name, ``out`` is another model or cannot be written, or a style image is
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
            starts = [style.row, *predicted(model, [images[slug]])]
            fitting = Fit(model, [images[slug]], photos, loss_network, options, starts)
            style = _fitted(fitting, replace(style, info=images[slug].described_in(style.info)))
            try:
                write_file(out / STYLES / f"{slug}.safetensors", style.content)
            except OSError as error:
                raise unwritable(out, error) from None
            yield style


def _fitted(fitting: Fit, style: Style) -> Style:
    """``style`` with the mean of the last rows. The best row by score is not taken: scores do not see artifacts."""
    # Ctrl-C ends everything: a style half fitted would count as done.
    take_steps(fitting, to_the_end=True)
    row = fitting.contrasted(fitting.mean)
    losses = fitting.score(row).losses
    return replace(style, row=row.cpu().numpy(), info=msgspec.structs.replace(style.info, losses=losses))
