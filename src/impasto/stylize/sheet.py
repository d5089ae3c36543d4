"""One photo in every style, with names: what `impasto sheet` draws."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageOps

from impasto.images.contact_sheet import stack, table, with_name
from impasto.images.reading import PhotoLike, check_pixels, read_photo
from impasto.progress import Progress, reported, silent
from impasto.styles.style import Style
from impasto.stylize.resolve import StyleLike
from impasto.stylize.stylizer import Stylizer


def sheet(
    stylizer: Stylizer,
    photo: PhotoLike,
    *,
    width: int = 384,
    columns: int = 3,
    style_images: Sequence[Path] = (),
    progress: Progress = silent,
) -> Image.Image:
    """Draw one photo in every style of a model, each picture under its name, the photo first.

    Args:
        stylizer: paints the pictures.
        photo: see :meth:`impasto.stylize.stylizer.Plan.paint`; it is painted at the size at which it is shown.
        width: of one picture, in pixels.
        columns: pictures in a row.
        style_images: paintings whose styles are predicted and come last.
        progress: is told of every picture.

    Raises:
        ImpastoError: the photo cannot be read.
    """
    source = read_photo(photo)
    height, full_width = source.array.shape[:2]
    long_side = round(width * max(1, height / full_width))
    pixels = (1 + len(stylizer.styles) + len(style_images)) * width * long_side
    check_pixels("sheet", pixels, does="would get", advice="give a smaller --width, or a photo that is not so long")
    cell = source.resized(long_side).image
    predicted = [stylizer.predict(path, path.stem) for path in style_images]
    styles: list[StyleLike] = [*stylizer.styles, *predicted]
    pictures = [cell, *(stylizer(cell, style) for style in reported(styles, progress))]
    names = ["photo", *stylizer.styles, *(style.slug for style in predicted)]
    pictures += [Image.new("RGB", cell.size, "white")] * (-len(pictures) % columns)
    names += [""] * (-len(names) % columns)
    strips = [
        table([pictures[first : first + columns]], names[first : first + columns])
        for first in range(0, len(pictures), columns)
    ]
    return stack(strips)


def styles_by_photos(styles: Mapping[str, Style], pictures: Mapping[str, Sequence[Image.Image]]) -> Image.Image:
    """Draw a table with a row for each style, which begins with its style image, and the photos above them.

    Args:
        styles: slug -> style.
        pictures: slug -> the pictures in that style, and "photo" -> the photos: equally many each, all of one size.
    """
    photos = pictures["photo"]
    rows = [[Image.new("RGB", photos[0].size, "white"), *photos]]
    for slug, style in styles.items():
        if slug in pictures:
            rows.append([with_name(thumbnail(style, photos[0].size), slug), *pictures[slug]])
    return table(rows, [""] * len(rows[0]))


def thumbnail(style: Style, size: tuple[int, int]) -> Image.Image:
    """The style image, cut to ``size`` (width, height); white for a style that has none."""
    if not style.thumbnail:
        return Image.new("RGB", size, "white")
    return ImageOps.fit(Image.fromarray(read_photo(io.BytesIO(style.thumbnail)).array), size)
