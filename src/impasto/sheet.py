"""Sheets: pictures in rows and columns, with names."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from impasto.images import PhotoLike, read_photo
from impasto.progress import progress
from impasto.styles import Style
from impasto.stylizer import StyleLike, Stylizer

GAP = 6
LABEL = 26
_FONT_SIZE = 17
_NAME_SIZE = 14


def sheet(
    stylizer: Stylizer, photo: PhotoLike, *, width: int = 384, columns: int = 3, style_images: Sequence[Path] = ()
) -> Image.Image:
    """One photo in every style of a model, each under its name, the photo first.

    Args:
        stylizer: the model.
        photo: see :class:`impasto.stylizer.Stylizer`; stylized at the size at which it is shown.
        width: of one picture, in pixels.
        columns: pictures in a row.
        style_images: paintings whose styles are predicted and come last.

    Raises:
        ImpastoError: the photo cannot be read.
    """
    source = read_photo(photo)
    height, full_width = source.array.shape[:2]
    cell = Image.fromarray(source.resized(round(width * max(1, height / full_width))).array)
    predicted = [stylizer.predict(path, path.stem) for path in style_images]
    styles: list[StyleLike] = [*stylizer.styles, *predicted]
    pictures = [cell, *(stylizer(cell, style) for style in progress(styles, unit="style"))]
    names = ["photo", *stylizer.styles, *(style.slug for style in predicted)]
    pictures += [Image.new("RGB", cell.size, "white")] * (-len(pictures) % columns)
    names += [""] * (-len(names) % columns)
    strips = [
        table([pictures[first : first + columns]], names[first : first + columns])
        for first in range(0, len(pictures), columns)
    ]
    return stack(strips)


def table(rows: Sequence[Sequence[Image.Image]], labels: Sequence[str]) -> Image.Image:
    """Pictures in rows and columns, a label over each column."""
    widths = [max(row[column].width for row in rows) for column in range(len(labels))]
    heights = [max(picture.height for picture in row) for row in rows]
    canvas = Image.new("RGB", (sum(widths) + GAP * (len(widths) - 1), sum(heights) + GAP * len(rows) + LABEL), "white")
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(_FONT_SIZE)
    left = 0
    for column, label in enumerate(labels):
        draw.text((left + widths[column] / 2, LABEL / 2), label, "black", font, "mm")
        top = LABEL
        for row, height in zip(rows, heights, strict=True):
            canvas.paste(row[column], (left, top))
            top += height + GAP
        left += widths[column] + GAP
    return canvas


def styles_by_photos(styles: Mapping[str, Style], pictures: Mapping[str, Sequence[Image.Image]]) -> Image.Image:
    """A row for each style, its image first; the photos over them.

    Args:
        styles: by slug.
        pictures: "photo" and slugs -> as many pictures each, all of one size.
    """
    photos = pictures["photo"]
    rows = [[Image.new("RGB", photos[0].size, "white"), *photos]]
    for slug, style in styles.items():
        if slug in pictures:
            rows.append([named(thumbnail(style, photos[0].size), slug), *pictures[slug]])
    return table(rows, [""] * len(rows[0]))


def named(picture: Image.Image, name: str) -> Image.Image:
    """The picture with a name in its lower left corner."""
    picture = picture.copy()
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(_NAME_SIZE)
    place = (_NAME_SIZE // 2, picture.height - _NAME_SIZE // 2)
    left, top, right, bottom = draw.textbbox(place, name, font=font, anchor="ls")
    draw.rectangle((left - 4, top - 4, right + 4, bottom + 4), fill="white")
    draw.text(place, name, "black", font, "ls")
    return picture


def stack(strips: Sequence[Image.Image]) -> Image.Image:
    """Pictures of one width, one under the other."""
    canvas = Image.new("RGB", (strips[0].width, sum(strip.height for strip in strips)), "white")
    top = 0
    for strip in strips:
        canvas.paste(strip, (0, top))
        top += strip.height
    return canvas


def thumbnail(style: Style, size: tuple[int, int]) -> Image.Image:
    """The style image, cut to ``size``; white for a style that has none."""
    if not style.thumbnail:
        return Image.new("RGB", size, "white")
    return ImageOps.fit(Image.open(io.BytesIO(style.thumbnail)), size)
