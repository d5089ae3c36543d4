"""From what a caller names as a style to the point at which the network is run.

A ``str`` is the slug of a style, or a blend of slugs as the command line writes it. A :class:`~pathlib.Path` is a file.
It is a style file (``.safetensors``), or the picture of a painting, whose style is predicted. Nothing here takes a text
for a file. It may come from someone who is not to read files, such as a visitor of a web page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

from impasto.errors import ImpastoError, kind_of, shown, with_points
from impasto.images.arrays import Levels
from impasto.models import library
from impasto.models.model import Model
from impasto.styles.painting import is_painting
from impasto.styles.rows import blend_rows, with_palette
from impasto.styles.style import IDENTITY, Row, Style

_DECIMAL_COMMA = re.compile(r":\d+,\d+\s*(,|$)")
"""A weight with a decimal comma, ``scream:0,4``. A style that is called 4 is still named by ``4:1``."""
StyleName = str | Path
"""The slug of a style, or the file of a style or painting."""
StyleLike = StyleName | Style | Mapping[Any, float]
"""A style, or a blend: :data:`StyleName` -> weight, in which weights count in proportion to their sum, or
``"mural:0.6,scream:0.4"``. (Type checkers would refuse dictionaries with both kinds of keys, if the keys had their
type.)"""


@dataclass(frozen=True, eq=False)
class Point:
    """Where the network is run for a style or blend at some strength, whatever the photo.

    The identity style, which paints the photo as it is, is kept apart, because its colours are those of the photo. It
    moves the row by the square of its share only. What the network paints halfway between two styles so far apart is
    neither. The photo, which is laid over the picture by the share itself, is always clean.

    Attributes:
        base: (P,) float32, the style or blend without the identity style.
        share: how much of the identity style is in it: 1 is the photo, 0 the style. So much of the photo is laid over
            the picture.
        identity: (P,) float32, the identity style of the model, or None if it has none; the share is 0 then.
        fold: the network's space-to-depth factor: fold² values of each colour in its last layer.
    """

    base: Row
    share: float
    identity: Row | None
    fold: int

    def row(self, photo: Levels) -> Row:
        """The row (P,) float32 for a photo (H,W,3), whose colours the identity style takes."""
        if self.identity is None or not self.share:
            return self.base
        identity = with_palette(self.identity, photo, self.fold)
        if self.share == 1:
            return identity
        return self.base + np.float32(self.share**2) * (identity - self.base)


def resolve(style: StyleLike, model: Model, strength: float, predict: Callable[[Path], Row]) -> Point:
    """The point for a style or blend.

    Args:
        style: a slug, a file, a style made for the model's network, or a blend, as a mapping or in words.
        model: has the styles that slugs name.
        strength: 0 is the identity style, 1 the style itself; more leaves less of the identity style in a blend.
        predict: gives the row (P,) of a painting's file.

    Raises:
        ImpastoError: a style is unknown or belongs to another network, a file cannot be read, or a blend's weights are
            no numbers above 0.
    """
    if isinstance(style, str) and style not in model.styles and (":" in style or "," in style):
        style = blend_of(style)
    if _is_style_file(style):
        style = Style.load(style)  # the file may be that of the identity style
    row = _row(style, model, predict)
    if IDENTITY not in model.styles:
        return Point(row, 0.0, None, model.info.fold)
    within = _identity_within(style)
    if isinstance(style, Mapping) and 0 < within < 1:
        row = _row({name: weight for name, weight in style.items() if name != IDENTITY}, model, predict)
    return Point(row, max(0.0, 1 - strength * (1 - within)), model.styles[IDENTITY].row, model.info.fold)


def blend_of(text: str) -> dict[str, float]:
    """A blend as the command line writes it, ``mural:0.6,scream:0.4``: name -> weight, 1 where none is written.

    Raises:
        ImpastoError: a weight is not a number or has a decimal comma, or a style is named twice.
    """
    if _DECIMAL_COMMA.search(text):
        raise ImpastoError(f"style {shown(text)}: decimals have a point; write {with_points(text)}")
    weights: dict[str, float] = {}
    for part in map(str.strip, text.split(",")):
        # Not every colon is one before a weight: C:\my.safetensors.
        name, weight = part, ""
        if ":" in part and not names_a_file(part):
            name, _, weight = part.rpartition(":")
        if name in weights:
            raise ImpastoError(f"style {shown(text)}: {shown(name)} is named twice")
        try:
            weights[name] = float(weight or 1)
        except ValueError:
            wrong = f"{shown(weight)} is not a number; write mural:0.6,scream:0.4"
            raise ImpastoError(f"style {shown(text)}: {wrong}") from None
    return weights


def names_a_file(text: str) -> bool:
    """Whether a text has the name of a style file or of a picture."""
    return text.endswith(library.SUFFIX) or is_painting(text)


def _is_style_file(style: StyleLike) -> TypeGuard[Path]:
    return isinstance(style, Path) and style.suffix.lower() == library.SUFFIX


def _identity_within(style: StyleLike) -> float:
    """The identity style's share of a style or blend, from 0 to 1."""
    if isinstance(style, Mapping):
        return sum(weight for name, weight in style.items() if name == IDENTITY) / sum(style.values())
    return float((style.slug if isinstance(style, Style) else style) == IDENTITY)


def _row(style: StyleLike, model: Model, predict: Callable[[Path], Row]) -> Row:
    if isinstance(style, Mapping):
        rows = {str(name): _row(name, model, predict) for name in style}
        return blend_rows(rows, {str(name): weight for name, weight in style.items()})
    if isinstance(style, Path) and not _is_style_file(style):
        return predict(style)
    found = style if isinstance(style, Style) else _find(style, model)
    library.check_fits(found, model)
    return found.row


def _find(name: StyleName, model: Model) -> Style:
    """The style of a slug or in a style file."""
    if isinstance(name, Path):
        return Style.load(name)
    if not isinstance(name, str):
        kinds = "a slug, a Path, a Style, or a blend, {slug: weight}; a painting that is no file goes to style_image"
        raise ImpastoError(f"style: is {kind_of(name)}; give {kinds}")
    if name not in model.styles and names_a_file(name):
        raise ImpastoError(f"style {shown(name)}: a str names a style; for a file, give a pathlib.Path")
    return library.find(name, model)
