"""What scores are computed from."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from impasto.assets import examples
from impasto.evaluation.appearance import appearance, content_of
from impasto.images.arrays import Array, scaled
from impasto.images.reading import read_photo
from impasto.losses.distribution import distribution_gap_closed, distribution_terms
from impasto.losses.perceptual import describe
from impasto.losses.targets import as_pixels
from impasto.nn.vgg import VGG16


@pytest.fixture(scope="module")
def vgg() -> VGG16:
    torch.manual_seed(0)
    return VGG16()


@pytest.fixture(scope="module")
def photo() -> Array:
    return scaled(read_photo(examples() / "cat.jpg").array, longer=96)


def test_content_and_grams_are_those_of_the_losses(vgg: VGG16, photo: Array) -> None:
    seen, plain = appearance(vgg, Image.fromarray(photo)), describe(vgg, as_pixels(photo))
    assert torch.equal(seen.content, plain.content)
    assert torch.equal(content_of(vgg, photo), plain.content)
    assert list(seen.style.grams) == list(plain.grams)
    assert all(torch.equal(gram, plain.grams[layer]) for layer, gram in seen.style.grams.items())


def test_the_gap_closed_grows_from_photo_to_painting(vgg: VGG16, photo: Array) -> None:
    painting = np.random.default_rng(0).integers(0, 256, (80, 64, 3), dtype=np.uint8)
    between = np.asarray(Image.blend(Image.fromarray(photo), Image.fromarray(np.resize(painting, photo.shape)), 0.5))
    target, *others = (appearance(vgg, each).style for each in (painting, photo, between, painting[::-1].copy()))
    terms = [distribution_terms(each.slices, target.slices) for each in others]
    closed = [distribution_gap_closed(each, terms[0]).item() for each in terms]
    assert closed[0] == pytest.approx(0, abs=1e-6)
    assert 0.05 < closed[1] < closed[2]
    assert closed[2] > 0.9
