"""What the benchmarks of whole trainings share: recipes of one style, and losses on photos that were not trained on."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from PIL import Image
from torch import Tensor

from impasto.assets import examples
from impasto.images.folders import find_photos
from impasto.losses.gram import Grams
from impasto.losses.perceptual import content_likeness, content_loss, describe, style_loss
from impasto.losses.targets import style_grams
from impasto.nn.vgg import VGG16
from impasto.nn.vgg_weights import load_vgg16
from impasto.styles.painting import read_painting
from impasto.training import Recipe, Run, StyleEntry
from pictures import square


def single(recipe: Recipe, entry: StyleEntry, **training: Any) -> Recipe:
    """The recipe for a network of one style: that of ``entry``."""
    return msgspec.structs.replace(
        recipe, name=entry.slug, slots=1, styles=(msgspec.structs.replace(entry, slot=0),),
        training=msgspec.structs.replace(recipe.training, **training),
    )  # fmt: skip


@dataclasses.dataclass
class Judge:
    """VGG-16, which judges how a run paints the example photos.

    Attributes:
        photos: (N,3,side,side), RGB in [0,1].
    """

    vgg: VGG16
    photos: Tensor
    style_images: Path

    @classmethod
    def of(cls, vgg: Path | None, style_images: Path, side: int) -> Judge:
        squares = [square(path, side, Image.Resampling.BICUBIC) for path in find_photos(examples())]
        pixels = torch.from_numpy(np.stack(squares)).permute(0, 3, 1, 2)
        return cls(load_vgg16(vgg), pixels.float() / 255, style_images)

    def grams(self, entry: StyleEntry) -> Grams:
        painting = read_painting(self.style_images / entry.image, entry.size, entry.box)
        return style_grams(self.vgg, painting.array, torch.device("cpu"))

    @torch.no_grad()
    def losses(self, run: Run, entry: StyleEntry, target: Grams) -> dict[str, float]:
        """The mean losses of a run's pictures in a style, and the style loss of the photos themselves."""
        scores = []
        for photo in self.photos.split(1):
            with run.autocast():
                picture = run.trained.network(photo, torch.tensor([entry.slot])).float()
            seen, before = describe(self.vgg, picture), describe(self.vgg, photo)
            style, untouched = style_loss(seen.grams, target), style_loss(before.grams, target)
            content = content_loss(seen.content, before.content)
            likeness = content_likeness(seen.content, before.content)
            scores.append([content.item(), style.item(), untouched.item(), likeness.item()])
        names = ("content", "style", "photo_style", "likeness")
        return dict(zip(names, np.mean(scores, axis=0).tolist(), strict=True))
