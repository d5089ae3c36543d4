"""How well a model paints its styles: style and contrast, content and steadiness, on photos, for every style.

The pictures are painted by :class:`impasto.stylize.stylizer.Stylizer`, as users get them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image, ImageOps
from torch import Tensor

from impasto.errors import ImpastoError
from impasto.evaluation.appearance import Appearance, StyleDescription, appearance, content_of
from impasto.evaluation.st_lpips import STLPIPS, load_stlpips
from impasto.evaluation.stability import change_by_noise, change_by_pan
from impasto.images.arrays import scaled
from impasto.images.folders import find_photos
from impasto.images.reading import read_photo
from impasto.losses.contrast import chroma_contrast, color_distance, light_contrast
from impasto.losses.distribution import distribution_gap_closed, distribution_terms
from impasto.losses.perceptual import content_distance, content_likeness, content_loss, style_gap_closed, style_loss
from impasto.losses.targets import as_pixels
from impasto.nn.vgg import VGG16
from impasto.nn.vgg_weights import load_vgg16
from impasto.progress import Progress, reported, silent
from impasto.styles.painting import painting_of
from impasto.styles.style import IDENTITY, Style
from impasto.stylize.strokes import own_stroke
from impasto.stylize.stylizer import Stylizer

OnPicture = Callable[[str, Image.Image], None]
"""What :func:`evaluate` calls with "photo" and each photo, and with the slug of each style and its picture."""


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """What is measured of a picture, or of the pictures in one style in the mean."""

    style_gap_closed: float
    """From 0, where the picture is the photo, to 1, where it has the Gram matrices of the style image."""
    content_distance: float
    """The content loss, divided by that of another photo."""
    content_likeness: float
    """The correlation of the picture's content with the photo's, in [-1,1]."""
    content_loss: float
    style_loss: float
    change_by_noise: float
    """How much the picture changes with noise, on the 0..255 scale; see :mod:`impasto.evaluation.stability`."""
    change_by_pan: float
    """How much the picture changes when the camera moves, on the 0..255 scale."""
    seconds: float
    """The time it took to paint the picture."""
    st_lpips: float | None = None
    """ST-LPIPS between photo and picture (:mod:`impasto.evaluation.st_lpips`); None where that is not installed."""
    distribution_gap_closed: float | None = None
    """From 0, where the picture is the photo, to 1, where VGG-16's activations are distributed as in the style image
    (:func:`impasto.losses.distribution.distribution_gap_closed`). It and the next three are None in older reports."""
    light_contrast: float | None = None
    """The standard deviation of lightness, divided by the style image's."""
    chroma_contrast: float | None = None
    """The standard deviation of chroma, divided by the style image's."""
    color_distance: float | None = None
    """How far the colours are from the style image's, in units of CIE Lab."""


class PhotoScore(Scores, frozen=True, kw_only=True):
    """How well one photo was painted in one style."""

    photo: str
    """The photo's file name."""


class StyleScore(Scores, frozen=True, kw_only=True):
    """How well a model paints one style: the means over all photos, and the scores of each."""

    style: str
    """The slug of the style."""
    photos: tuple[PhotoScore, ...]


class Evaluation(msgspec.Struct, frozen=True):
    """The scores of a model."""

    model: str
    """The model's name."""
    size: int
    """The shorter side of the photos, in pixels."""
    styles: tuple[StyleScore, ...]
    identity_psnr: float | None = None
    """PSNR, in dB, of what the network paints in the identity style without its skip connection, against the photos;
    None if the model has no identity style."""


def evaluate(
    stylizer: Stylizer,
    photos: str | Path,
    style_images: str | Path,
    *,
    size: int = 512,
    vgg: str | Path | None = None,
    on_picture: OnPicture | None = None,
    progress: Progress = silent,
) -> Evaluation:
    """Score every style of a model that has a style image.

    Args:
        stylizer: the model.
        photos: a folder of at least two photos. Each photo's content distance refers to the next photo by name.
        style_images: the folder of the style images. Each must have the SHA-256 that the style's file names.
        size: the shorter side to which photos are scaled, in pixels.
        vgg: VGG-16's weights, see :func:`impasto.nn.vgg_weights.load_vgg16`.
        on_picture: is called with "photo" and each photo, then with the slug of each style and its picture.
        progress: is told of every photo.

    Raises:
        ImpastoError: an input is missing or unreadable, or a style image is not the one that the model was trained on.
    """
    styles = [stylizer.styles[slug] for slug in stylizer.model.info.styles if stylizer.styles[slug].info.image]
    if not styles:
        raise ImpastoError(f"model {stylizer.model.path}: none of its styles names a style image to compare with")
    files = _read(photos, size)
    judge = _judge(stylizer, styles, style_images, vgg)
    scores: dict[str, list[PhotoScore]] = {style.slug: [] for style in styles}
    for photo in reported(_described(judge.vgg, files), progress, total=len(files)):
        if on_picture:
            on_picture("photo", photo.image)
        for style in styles:
            picture, score = judge.score(photo, style)
            if on_picture:
                on_picture(style.slug, picture)
            scores[style.slug].append(score)
    means = tuple(_mean(slug, rows) for slug, rows in scores.items())
    return Evaluation(stylizer.model.info.name, size, means, _identity_psnr(stylizer, list(files.values())))


def _read(folder: str | Path, size: int) -> dict[str, Image.Image]:
    """File name -> photo, with ``size`` pixels on its shorter side."""
    paths = find_photos(folder, "photos")
    if len(paths) < 2:
        raise ImpastoError(f"photos {folder}: has one photo; the content distance needs another one to compare with")
    return {path.name: Image.fromarray(scaled(read_photo(path).array, shorter=size)) for path in paths}


def _judge(stylizer: Stylizer, styles: list[Style], folder: str | Path, vgg: str | Path | None) -> _Judge:
    """A judge of pictures in ``styles``, whose style images are in ``folder``."""
    images = {style.slug: painting_of(style.info, folder).array for style in styles}
    network = load_vgg16(vgg)
    targets = {slug: appearance(network, image).style for slug, image in images.items()}
    return _Judge(stylizer, network, targets, load_stlpips())


@dataclass(frozen=True)
class _DescribedPhoto:
    """A photo, and what its pictures are compared with.

    Attributes:
        name: its file name.
        image: the photo, RGB.
        seen: what it looks like.
        another: the content loss of another photo against it, (1,).
    """

    name: str
    image: Image.Image
    seen: Appearance
    another: Tensor


def _described(vgg: VGG16, photos: dict[str, Image.Image]) -> Iterator[_DescribedPhoto]:
    images = list(photos.values())
    for name, photo, another in zip(photos, images, images[1:] + images[:1], strict=True):
        seen, other = appearance(vgg, photo), content_of(vgg, ImageOps.fit(another, photo.size))
        yield _DescribedPhoto(name, photo, seen, content_loss(other, seen.content))


@dataclass(frozen=True)
class _Judge:
    """Paints photos and scores the pictures.

    Attributes:
        stylizer: the model that is scored.
        vgg: the network on whose activations losses are computed.
        targets: the slug of each style -> what its style image looks like.
        st_lpips: the metric of that name, or None where it is not installed.
    """

    stylizer: Stylizer
    vgg: VGG16
    targets: Mapping[str, StyleDescription]
    st_lpips: STLPIPS | None

    def score(self, photo: _DescribedPhoto, style: Style) -> tuple[Image.Image, PhotoScore]:
        """Paint a photo in a style; return the picture and its score."""
        began = time.perf_counter()
        # The network is judged by the strokes that it has learned, which a stroke of 1 paints in 1024 pixels only.
        picture = self.stylizer(photo.image, style, stroke=own_stroke(*photo.image.size))
        seconds = time.perf_counter() - began
        array, target, seen = np.array(photo.image), self.targets[style.slug], appearance(self.vgg, picture)
        score = PhotoScore(
            photo=photo.name,
            seconds=seconds,
            change_by_noise=change_by_noise(self.stylizer, array, style, np.array(picture)),
            change_by_pan=change_by_pan(self.stylizer, array, style),
            st_lpips=self.st_lpips(as_pixels(photo.image), as_pixels(picture)).item() if self.st_lpips else None,
            **_losses(photo, seen, target),
            **_contrasts(photo.seen.style, seen.style, target),
        )
        return picture, score


def _losses(photo: _DescribedPhoto, picture: Appearance, target: StyleDescription) -> dict[str, float]:
    """The fields of :class:`PhotoScore` that are the paper's losses, or follow from them."""
    content = content_loss(picture.content, photo.seen.content)
    style = style_loss(picture.style.grams, target.grams)
    return {
        "style_gap_closed": style_gap_closed(style, style_loss(photo.seen.style.grams, target.grams)).item(),
        "content_distance": content_distance(content, photo.another).item(),
        "content_likeness": content_likeness(picture.content, photo.seen.content).item(),
        "content_loss": content.item(),
        "style_loss": style.item(),
    }


def _contrasts(photo: StyleDescription, picture: StyleDescription, target: StyleDescription) -> dict[str, float]:
    """The fields of :class:`PhotoScore` that compare whole distributions, where the paper's losses compare means."""
    terms, photo_terms = (distribution_terms(each.slices, target.slices) for each in (picture, photo))
    return {
        "distribution_gap_closed": distribution_gap_closed(terms, photo_terms).item(),
        "light_contrast": light_contrast(picture.colors, target.colors),
        "chroma_contrast": chroma_contrast(picture.colors, target.colors),
        "color_distance": color_distance(picture.colors, target.colors),
    }


def _identity_psnr(stylizer: Stylizer, photos: list[Image.Image]) -> float | None:
    """See :attr:`Evaluation.identity_psnr`; the mean over photos."""
    if IDENTITY not in stylizer.styles:
        return None
    arrays = [np.array(photo) for photo in photos]
    errors = [np.square(stylizer.reproduce(photo).astype(float) - photo).mean() for photo in arrays]
    return float(np.mean(20 * np.log10(255 / np.sqrt(errors))))


def _mean(slug: str, rows: list[PhotoScore]) -> StyleScore:
    """The means of the scores in one style, where all photos have them."""
    columns = {name: [getattr(row, name) for row in rows] for name in Scores.__struct_fields__}
    means = {name: float(np.mean(column)) for name, column in columns.items() if None not in column}
    return StyleScore(style=slug, photos=tuple(rows), **means)
