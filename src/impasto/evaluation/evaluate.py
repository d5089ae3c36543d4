"""Style gap closed and content distance of every style of a model, through the Stylizer that users have."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from impasto.errors import ImpastoError
from impasto.evaluation.st_lpips import load_stlpips
from impasto.evaluation.stability import change_by_noise, change_by_pan
from impasto.images.arrays import Array, scaled
from impasto.images.io import Picture, find_photos, read_photo
from impasto.losses.gram import Grams
from impasto.losses.perceptual import (
    Description,
    content_distance,
    content_likeness,
    content_loss,
    describe,
    style_gap_closed,
    style_loss,
)
from impasto.losses.targets import style_grams
from impasto.nn.vgg import VGG16
from impasto.nn.vgg_weights import load_vgg16
from impasto.progress import progress
from impasto.styles.painting import painting_of
from impasto.styles.style import IDENTITY, Style
from impasto.stylize.stylizer import Stylizer


class PhotoScore(msgspec.Struct, frozen=True):
    """One photo in one style."""

    photo: str
    style_gap_closed: float
    content_distance: float
    content_likeness: float
    content_loss: float
    style_loss: float
    change_by_noise: float
    change_by_pan: float
    seconds: float
    st_lpips: float | None = None


class StyleScore(msgspec.Struct, frozen=True):
    """One style: means over the photos, and the photos."""

    style: str
    style_gap_closed: float
    content_distance: float
    content_likeness: float
    content_loss: float
    style_loss: float
    change_by_noise: float
    """See :mod:`impasto.evaluation.stability`."""
    change_by_pan: float
    seconds: float
    """To stylize a photo."""
    photos: tuple[PhotoScore, ...]
    st_lpips: float | None = None
    """Between photo and picture, see :mod:`impasto.evaluation.st_lpips`; None where that is not installed."""


class Evaluation(msgspec.Struct, frozen=True):
    """A model's scores; ``size`` is the shorter side of the photos, in pixels."""

    model: str
    size: int
    styles: tuple[StyleScore, ...]
    identity_psnr: float | None = None
    """Of the identity style's pictures without its skip, by which they are the photo, in dB; None without one."""


def evaluate(
    stylizer: Stylizer,
    photos: str | Path,
    style_images: str | Path,
    *,
    size: int = 512,
    vgg: str | Path | None = None,
    look: Callable[[str, Image.Image], None] | None = None,
) -> Evaluation:
    """Score every style of a model that has a style image.

    Args:
        stylizer: the model.
        photos: folder of at least two photos; "another photo" of the content distance is the next one by name.
        style_images: folder of the style images, checked against the SHA-256 in the style files.
        size: the shorter side to which photos are scaled, in pixels.
        vgg: VGG-16 weights, see :func:`impasto.nn.vgg_weights.load_vgg16`.
        look: is called with "photo" and each photo, then with the slug of each style and its picture.

    Raises:
        ImpastoError: an input is missing, unreadable, or not the style image that the model was trained on.
    """
    styles = [stylizer.styles[slug] for slug in stylizer.model.info.styles if stylizer.styles[slug].info.image]
    if not styles:
        raise ImpastoError(f"model {stylizer.model.path}: none of its styles names a style image to compare with")
    paths = find_photos(photos, "photos")
    if len(paths) < 2:
        raise ImpastoError(f"photos {photos}: has one photo; the content distance needs another one to compare with")
    pictures = [Image.fromarray(scaled(read_photo(path).array, shorter=size)) for path in paths]
    images = {style.slug: painting_of(style.info, style_images).array for style in styles}
    loss_network = load_vgg16(vgg)
    targets = {slug: style_grams(loss_network, image, torch.device("cpu")) for slug, image in images.items()}
    stlpips = load_stlpips()
    scores: dict[str, list[PhotoScore]] = {style.slug: [] for style in styles}
    for photo, another, path in progress(_with_next(pictures, paths), total=len(paths), unit="photo"):
        before, distance = _reference(loss_network, photo, another)
        if look:
            look("photo", photo)
        for style in styles:
            began = time.perf_counter()
            picture = stylizer(photo, style)
            seconds = time.perf_counter() - began
            losses = _losses(before, _describe(loss_network, picture), distance, targets[style.slug])
            changes = _changes(stylizer, np.array(photo), style, np.array(picture))
            looks = stlpips(_tensor(photo), _tensor(picture)).item() if stlpips else None
            if look:
                look(style.slug, picture)
            scores[style.slug].append(PhotoScore(photo=path.name, seconds=seconds, st_lpips=looks, **losses, **changes))
    means = tuple(_mean(slug, rows) for slug, rows in scores.items())
    return Evaluation(stylizer.model.info.name, size, means, _identity_psnr(stylizer, pictures))


def _identity_psnr(stylizer: Stylizer, photos: list[Image.Image]) -> float | None:
    if IDENTITY not in stylizer.styles:
        return None
    arrays = [np.array(photo) for photo in photos]
    errors = [np.square(stylizer.reproduce(photo).astype(float) - photo).mean() for photo in arrays]
    return float(np.mean(20 * np.log10(255 / np.sqrt(errors))))


def _with_next(pictures: list[Image.Image], paths: list[Path]) -> Iterator[tuple[Image.Image, Image.Image, Path]]:
    return zip(pictures, pictures[1:] + pictures[:1], paths, strict=True)


@torch.no_grad()
def _describe(vgg: VGG16, picture: Picture) -> Description:
    return describe(vgg, _tensor(picture))


def _tensor(picture: Picture) -> Tensor:
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 255


def _reference(vgg: VGG16, photo: Image.Image, another: Image.Image) -> tuple[Description, Tensor]:
    """The photo, and how far from it another photo of its size is."""
    before = _describe(vgg, photo)
    other = _describe(vgg, ImageOps.fit(another, photo.size))
    return before, content_loss(other.content, before.content)


def _losses(before: Description, after: Description, another: Tensor, target: Grams) -> dict[str, float]:
    content = content_loss(after.content, before.content)
    style = style_loss(after.grams, target)
    return {
        "style_gap_closed": style_gap_closed(style, style_loss(before.grams, target)).item(),
        "content_distance": content_distance(content, another).item(),
        "content_likeness": content_likeness(after.content, before.content).item(),
        "content_loss": content.item(),
        "style_loss": style.item(),
    }


def _changes(stylizer: Stylizer, photo: Array, style: Style, picture: Array) -> dict[str, float]:
    return {
        "change_by_noise": change_by_noise(stylizer, photo, style, picture),
        "change_by_pan": change_by_pan(stylizer, photo, style),
    }


def _known(rows: list[PhotoScore], name: str) -> bool:
    return all(getattr(row, name) is not None for row in rows)


def _mean(slug: str, rows: list[PhotoScore]) -> StyleScore:
    names = [name for name in PhotoScore.__struct_fields__ if name != "photo"]
    means = {name: float(np.mean([getattr(row, name) for row in rows])) for name in names if _known(rows, name)}
    return StyleScore(style=slug, photos=tuple(rows), **means)
