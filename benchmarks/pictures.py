"""What the benchmarks that judge pictures share: photos as squares, and what VGG-16 sees."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps

from impasto.images.reading import read_photo
from impasto.losses.perceptual import Description, describe
from impasto.nn.vgg import VGG16


def square(path: Path, side: int, resampling: Image.Resampling = Image.Resampling.LANCZOS) -> np.ndarray:
    """The middle of a picture, (side,side,3) uint8."""
    return np.asarray(ImageOps.fit(Image.fromarray(read_photo(path).array), (side, side), resampling))


def see(vgg: VGG16, picture: np.ndarray) -> Description:
    """What VGG-16 sees in a picture (H,W,3) uint8: its content maps and its Gram matrices."""
    with torch.no_grad():
        return describe(vgg, torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 255)
