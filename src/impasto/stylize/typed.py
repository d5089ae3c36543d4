"""What users type for styles, as slugs, paths and blends. Nothing below the command line guesses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from impasto.assets import BUNDLED
from impasto.errors import ImpastoError
from impasto.files import is_file
from impasto.models.choice import DEFAULT
from impasto.stylize.controls import Controls

if TYPE_CHECKING:
    from impasto.styles.style import Style
    from impasto.stylize.resolve import StyleName

_LISTED = 6
"""The most styles that are named where one search finds several."""
Blend = dict["StyleName", float]
"""Slug or path -> weight."""
Region = tuple[Path, Blend]
"""A mask, and the blend where it is white."""


def styles_of(model: Path | None) -> Mapping[str, Style]:
    """Slug -> style: a model's and the user's own for it; without a model, those of all that come with the package."""
    from impasto.models import library
    from impasto.models.model import load_model

    found: dict[str, Style] = {}
    for name in [model] if model else sorted(BUNDLED, key=DEFAULT.__ne__):
        own = library.with_own_styles(load_model(name)).styles
        found |= {slug: style for slug, style in own.items() if slug not in found}
    return found


def read_styles(typed: Sequence[str], images: Sequence[Path], model: Path | None) -> list[Blend]:
    """The blends that ``--style`` and ``--style-image`` ask for, in this order; ``all`` is every style alone.

    Args:
        typed: slugs, artists, titles, paths, blends of them, or ``all``.
        images: paintings.
        model: the model that is asked for, if any.

    Raises:
        ImpastoError: nothing is asked for; a blend cannot be read; or a name means no style, or several.
    """
    from impasto.models.library import ALL
    from impasto.styles.style import IDENTITY

    blends: list[Blend] = []
    for text in typed:
        if text.strip() == ALL:
            blends += [{slug: 1.0} for slug in styles_of(model) if slug != IDENTITY]
        else:
            blends.append(found_in(parse_blend(text), model))
    blends += [{image: 1.0} for image in images]
    if not blends:
        raise ImpastoError("give --style or --style-image; `impasto styles` lists the styles")
    return blends


def read_film_style(typed: str | None, image: Path | None, model: Path | None) -> Blend | list[tuple[float, Blend]]:
    """The style of a film: one blend, or keyframes of blends, ``0:mural, 4.5:mural:.5+scream:.5``.

    Raises:
        ImpastoError: nothing is asked for, keyframes are out of order, or a name means no style, or several.
    """
    from impasto.stylize.keyframes import are_key_frames, parse_key_frames

    images = [image] if image else []
    if typed is None or not are_key_frames(typed):
        blends = read_styles([typed] if typed else [], images, model)
        if len(blends) > 1:
            raise ImpastoError("a film has one style, or keyframes of styles; give --style once")
        return blends[0]
    if images:
        raise ImpastoError("give either --style or --style-image")
    keys = parse_key_frames(typed, "style")
    blends = [found_in(parse_blend(text.replace("+", ",")), model) for text in keys.values]
    return list(zip(keys.times, blends, strict=True))


def read_region(text: str, model: Path | None) -> Region:
    """``MASK.png=STYLE`` -> the mask's path and the blend, whose names are searched for."""
    mask, blend = parse_region(text)
    return mask, found_in(blend, model)


def found_in(blend: Blend, model: Path | None) -> Blend:
    """The blend, with slugs and paths for artists, titles and files without a known ending.

    Raises:
        ImpastoError: a name means several styles.
    """
    return {name if isinstance(name, Path) else find(name, model): weight for name, weight in blend.items()}


def find(name: str, model: Path | None) -> StyleName:
    """The one style that a name means: a slug, a file, or the only one that a search finds.

    A name that means nothing is returned as it is; the model says so, and names similar styles.

    Raises:
        ImpastoError: it means several styles.
    """
    from impasto.models import library

    if library.bundled_with([name]):
        return name
    styles = styles_of(model)
    if name in styles:
        return name
    if is_file(name):
        return Path(name)
    found = library.search(name, styles)
    if 1 < len(found) <= _LISTED:
        raise ImpastoError(f"style {name!r}: may be {', '.join(found[:-1])} or {found[-1]}; name one of them")
    return found[0] if len(found) == 1 else name


def parse_blend(text: str) -> Blend:
    """``mural:0.6,my.jpg:0.4`` -> weights by name, or by path for what has the name of a style file or picture.

    A style without a weight has 1.

    Raises:
        ImpastoError: a weight is not a number, or a style is named twice.
    """
    from impasto.stylize.resolve import blend_of, names_a_file

    return {Path(name) if names_a_file(name) else name: weight for name, weight in blend_of(text).items()}


def parse_region(text: str) -> Region:
    """``MASK.png=STYLE`` -> the mask's path and the style, a blend.

    Raises:
        ImpastoError: there is no ``=``, or the blend cannot be read.
    """
    mask, equals, style = text.rpartition("=")
    if not (equals and mask and style):
        raise ImpastoError(f"region {text!r}: write MASK.png=STYLE")
    return Path(mask), parse_blend(style)


def label(blend: Blend, controls: Controls, regions: Sequence[Region] = (), model: Path | None = None) -> str:
    """What was asked for, for the names of pictures: ``mural``, ``mural-0.6-scream-0.4-strength-0.8``.

    So pictures that were asked for in different ways never take each other's place.
    """
    parts = [_label_of(blend)]
    parts += [f"{mask.stem}-{_label_of(part)}" for mask, part in regions]
    for field in msgspec.structs.fields(Controls):
        value, name = getattr(controls, field.name), field.name.replace("_", "-")
        if value != field.default:
            parts.append(name if value is True else f"{name}-{value:g}")
    return "-".join([*parts, *([model.resolve().name] if model else [])])


def _label_of(blend: Blend) -> str:
    """The names in a blend, with their weights if these differ."""
    equal = len(set(blend.values())) == 1
    return "-".join(Path(name).stem + ("" if equal else f"-{weight:g}") for name, weight in blend.items())


def labelled(blends: Sequence[Blend], labels: Sequence[str]) -> dict[str, Blend]:
    """Label -> blend, each once.

    Raises:
        ImpastoError: two different blends have one label, so that their pictures would have one name.
    """
    found: dict[str, Blend] = {}
    for blend, name in zip(blends, labels, strict=True):
        if found.setdefault(name, blend) != blend:
            raise ImpastoError(f"style {name!r}: two styles would have this name in files; paint them apart")
    return found
