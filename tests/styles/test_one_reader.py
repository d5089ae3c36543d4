"""One reader: whatever a picture file is like, every command sees the same pixels at the same size.

Each awkward file has a plain twin: an opaque RGB file, upright, without a profile, made here without impasto's reader.
What is made from the one must equal what is made from the other.
"""

from __future__ import annotations

import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from PIL import Image, ImageCms

import impasto
from impasto.assets import free_photos
from impasto.data.crops import CropOptions, Crops
from impasto.data.paintings import Paintings
from impasto.evaluation import evaluate
from impasto.fitting.add_style import add_style
from impasto.fitting.options import FitOptions
from impasto.fitting.refit import refit
from impasto.images.reading import read_photo
from impasto.models.model import Model, load_model
from impasto.nn.slim import load_slim_vgg
from impasto.styles.painting import LONG_SIDE, read_painting
from impasto.styles.style import Style
from impasto.training import prepare, read_recipe

_UPRIGHT = 6
"""EXIF orientation: to be turned by 90° clockwise."""


def _scene(width: int, height: int) -> np.ndarray:
    blocks = np.random.default_rng(3).integers(0, 256, (height // 16, width // 16, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(blocks).resize((width, height), Image.Resampling.BICUBIC))


def _rotated(folder: Path) -> tuple[Path, np.ndarray]:
    lying = Image.fromarray(_scene(96, 64))
    exif = Image.Exif()
    exif[0x0112] = _UPRIGHT
    lying.save(folder / "rotated.jpg", exif=exif, quality=95)
    with Image.open(folder / "rotated.jpg") as stored:
        return folder / "rotated.jpg", np.rot90(np.asarray(stored), -1)


def _half_transparent(folder: Path) -> tuple[Path, np.ndarray]:
    pixels = _scene(96, 64)
    alpha = np.zeros((64, 96), np.uint8)
    alpha[:, :48], alpha[:, 48:72] = 255, 128
    Image.fromarray(np.dstack([pixels, alpha])).save(folder / "transparent.png")
    share = alpha[..., None] / 255
    return folder / "transparent.png", np.rint(pixels * share + 255 * (1 - share)).astype(np.uint8)


def _deep_grey(folder: Path) -> tuple[Path, np.ndarray]:
    grey = _scene(96, 64)[..., 0]
    Image.fromarray(grey.astype(np.uint16) * 257).save(folder / "deep.png")
    return folder / "deep.png", np.dstack([grey] * 3)


DISPLAY_P3 = np.array([[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]])
"""Red, green and blue of Display P3 in XYZ, adapted to D50 (columns)."""
SRGB = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])
"""The same of sRGB, by IEC 61966-2-1."""


def _display_p3_profile() -> bytes:
    """The profile of sRGB with the primaries of Display P3, whose curve is the same."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for entry in range(132, 132 + 12 * struct.unpack(">I", profile[128:132])[0], 12):
        tag, place = bytes(profile[entry : entry + 4]), struct.unpack(">I", profile[entry + 4 : entry + 8])[0]
        if tag in (b"rXYZ", b"gXYZ", b"bXYZ"):
            primary = DISPLAY_P3[:, b"rgb".index(tag[:1])]
            profile[place + 8 : place + 20] = struct.pack(">3i", *(round(65536 * value) for value in primary))
    return bytes(profile)


def _wide_gamut(folder: Path) -> tuple[Path, np.ndarray]:
    """A photo in Display P3; its colours are calm enough for sRGB."""
    pixels = (90 + _scene(96, 64) // 4).astype(np.uint8)
    Image.fromarray(pixels).save(folder / "wide.png", icc_profile=_display_p3_profile())
    encoded = pixels / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    linear = (linear @ (np.linalg.inv(SRGB) @ DISPLAY_P3).T).clip(0, 1)
    encoded = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    seen = np.rint(255 * encoded).astype(np.uint8)
    assert np.abs(seen.astype(int) - pixels).max() > 5  # the profile matters
    return folder / "wide.png", seen


def _large(folder: Path) -> tuple[Path, np.ndarray]:
    pixels = _scene(1600, 1200)
    Image.fromarray(pixels).save(folder / "large.png")
    return folder / "large.png", pixels


AWKWARD = [_rotated, _half_transparent, _deep_grey, _wide_gamut, _large]
"""Make a file in a folder and return it with what is to be seen in it, (H,W,3) uint8."""
Awkward = Callable[[Path], tuple[Path, np.ndarray]]
QUICK = FitOptions(steps=1, crop=48)
TOLERANCE = 2
"""Levels by which conversions of colour may round otherwise."""


@pytest.fixture(params=AWKWARD, ids=lambda make: make.__name__.strip("_"))
def twins(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path]:
    """An awkward style image, and its plain twin at the size at which it is to be read."""
    awkward, plain = tmp_path / "awkward", tmp_path / "plain"
    awkward.mkdir()
    plain.mkdir()
    path, seen = request.param(awkward)
    image = Image.fromarray(np.ascontiguousarray(seen))
    if max(image.size) > LONG_SIDE:
        image = image.resize((LONG_SIDE, round(image.height * LONG_SIDE / image.width)), Image.Resampling.LANCZOS)
    twin = plain / path.with_suffix(".png").name
    image.save(twin)
    painting = read_painting(path)
    assert painting.array.shape == read_painting(twin).array.shape
    difference = np.abs(painting.array.astype(int) - read_painting(twin).array)
    assert difference.max() <= TOLERANCE
    # From here on, equal means equal: what conversions rounded otherwise must not matter.
    Image.fromarray(painting.array).save(twin)
    return path, twin


@pytest.mark.parametrize("make", AWKWARD)
def test_photos_are_read_alike_for_stylizing_training_and_evaluating(
    make: Awkward, workshop, trained: Path, tmp_path: Path
) -> None:
    awkward, plain = tmp_path / "awkward", tmp_path / "plain"
    for folder in (awkward, plain):
        folder.mkdir()
        shutil.copy(workshop.photos / "photo0.png", folder / "another.png")
    path, _ = make(awkward)
    photo, twin = read_photo(path), plain / path.with_suffix(".png").name
    Image.fromarray(photo.array).save(twin)
    crops, others = (Crops([each], [0], CropOptions(crop=32)) for each in (path, twin))
    assert all(torch.equal(crops.photo(number), others.photo(number)) for number in range(3))
    stylizer = impasto.load(trained)
    pictures = (np.asarray(stylizer(each, "mural", size=64)) for each in (path, twin))
    np.testing.assert_array_equal(*(picture[..., :3] for picture in pictures))
    scores = [evaluate(stylizer, each, workshop.style_images, size=32, vgg=workshop.vgg) for each in (awkward, plain)]
    gaps, other_gaps = ([style.style_gap_closed for style in each.styles] for each in scores)
    assert gaps == other_gaps


@pytest.mark.slow
def test_predicted_and_fitted_styles(twins: tuple[Path, Path], tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    stylizer = impasto.load("fast")
    predicted, plain = (stylizer.predict(path) for path in twins)
    np.testing.assert_array_equal(predicted.row, plain.row)
    assert predicted.info.image_size == plain.info.image_size == max(read_painting(twins[1]).array.shape)
    fitted = [
        add_style(path, f"fitted-{number}", content=free_photos(), as_is=True, steps=1, crop=48)
        for number, path in enumerate(twins)
    ]
    np.testing.assert_array_equal(fitted[0].row, fitted[1].row)
    assert fitted[0].info.image_size == predicted.info.image_size
    assert fitted[0].thumbnail == fitted[1].thumbnail


def test_paintings_of_predictors(twins: tuple[Path, Path]) -> None:
    path, twin = twins
    parts, plain = (Paintings([[each]], seed=0) for each in (path, twin))
    if path.name == "large.png":  # parts are cut at the file's own size, as sharp as can be
        return
    assert all(torch.equal(parts[number][0], plain[number][0]) for number in range(3))


@pytest.mark.slow
def test_refit_and_evaluate_and_train(workshop, twins: tuple[Path, Path], trained: Path, tmp_path: Path) -> None:
    results, two_photos = [], tmp_path / "photos"
    two_photos.mkdir()
    for name in ("photo0.png", "photo1.png"):
        shutil.copy(workshop.photos / name, two_photos)
    for path in twins:
        recipe = tmp_path / f"{path.stem}-{path.parent.name}.toml"
        text = workshop.recipe(steps=2).read_text("utf-8").split("[[styles]]")
        recipe.write_text(text[0] + "[[styles]]" + text[1].replace("mural.png", path.name), "utf-8")
        out = tmp_path / f"run-{path.parent.name}"
        run = prepare(read_recipe(recipe), workshop.photos, out, style_images=path.parent, vgg=workshop.vgg)
        targets = {layer: gram[0] for layer, gram in run.objectives[0].targets.items()}
        model = _with_style_of(trained, path, tmp_path / f"model-{path.parent.name}")
        photos, refitted = [workshop.photos / "photo0.png"], tmp_path / f"refit-{path.parent.name}"
        (style,) = refit(model, path.parent, photos, load_slim_vgg(), refitted, only=["mural"], options=QUICK)
        scores = evaluate(impasto.load(model.path), two_photos, path.parent, size=48, vgg=workshop.vgg)
        results.append((targets, style.row, scores.styles[0].style_gap_closed))
    (targets, row, gap), (plain_targets, plain_row, plain_gap) = results
    assert all(torch.equal(gram, plain_targets[layer]) for layer, gram in targets.items())
    np.testing.assert_array_equal(row, plain_row)
    assert gap == plain_gap


def _with_style_of(trained: Path, painting: Path, out: Path) -> Model:
    """A copy of the model whose only style with an image was learned from ``painting``."""
    shutil.copytree(trained, out)
    for slug in ("mural", "stained-glass"):
        file = out / "styles" / f"{slug}.safetensors"
        style = Style.load(file)
        info = msgspec.structs.replace(style.info, image="")
        if slug == "mural":
            info = read_painting(painting).described_in(style.info)
        Style(info, style.row, style.thumbnail).save(file)
    return load_model(out)
