"""Contact sheets: pictures in rows and columns, with names."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

GAP = 6
"""Pixels between two pictures."""
LABEL = 26
"""Height, in pixels, of the line of labels."""
_FONT_SIZE = 17
"""Height of the labels over columns, in pixels."""
_NAME_SIZE = 14
"""Height of the name in a picture's corner, in pixels."""


def table(rows: Sequence[Sequence[Image.Image]], labels: Sequence[str]) -> Image.Image:
    """Pictures in rows and columns, on white, with a label over each column; one label a column."""
    widths = [max(row[column].width for row in rows) for column in range(len(labels))]
    heights = [max(picture.height for picture in row) for row in rows]
    canvas = Image.new("RGB", (sum(widths) + GAP * (len(widths) - 1), sum(heights) + GAP * len(rows) + LABEL), "white")
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(_FONT_SIZE)
    left = 0
    for column, label in enumerate(labels):
        draw.text((left + widths[column] / 2, LABEL / 2), label, "black", font, "mm")
        top = LABEL
        for row, height in zip(rows, heights, strict=True):
            canvas.paste(row[column], (left, top), row[column] if row[column].mode == "RGBA" else None)
            top += height + GAP
        left += widths[column] + GAP
    return canvas


def with_name(picture: Image.Image, name: str) -> Image.Image:
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
