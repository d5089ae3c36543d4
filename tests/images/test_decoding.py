"""Pixels are what other readers see: every depth, polarity, transparency and rotation, with values known beforehand."""

from __future__ import annotations

import io
import logging
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps
from tests.images.files import png, tiff
from tests.memory import peak

from impasto import ImpastoError
from impasto.images import decoding
from impasto.images.reading import read_photo

RAMP = np.linspace(0, 1, 48).reshape(6, 8)
"""Grey values, 0 black and 1 white."""
LEVELS = np.rint(RAMP * 255)
"""What is to be seen of them."""


def grey(path: Path) -> np.ndarray:
    array = read_photo(path).array
    assert (array == array[..., :1]).all()
    return array[..., 0].astype(int)


@pytest.mark.parametrize(
    ("dtype", "white", "photometric", "kind"),
    [
        (np.uint8, 255, 1, 1),
        (np.uint8, 255, 0, 1),
        (np.uint16, 65535, 1, 1),
        (np.uint16, 65535, 0, 1),
        (np.int16, 32767, 1, 2),
        (np.uint32, 2**32 - 1, 1, 1),
        (np.uint32, 65535, 1, 1),
        (np.int32, 2**31 - 1, 1, 2),
        (np.float32, 1, 1, 3),
        (np.float32, 1, 0, 3),
        (np.float32, 255, 1, 3),
        (np.float32, 65535, 1, 3),
    ],
)
def test_tiffs_of_every_depth_and_polarity(
    tmp_path: Path, dtype: type, white: float, photometric: int, kind: int
) -> None:
    values = RAMP if photometric == 1 else 1 - RAMP
    exact = np.rint(values * white) if kind < 3 else values * white
    path = tiff(tmp_path / "grey.tif", exact.astype(dtype), photometric, kind)
    assert np.abs(grey(path) - LEVELS).max() <= 1


def test_floats_that_are_no_numbers_are_black_and_lights_beyond_white_are_white(tmp_path: Path) -> None:
    values = np.array([[np.nan, -1, 0.5, 1, 3]], np.float32)
    assert grey(tiff(tmp_path / "odd.tif", values, kind=3)).tolist() == [[0, 0, 128, 255, 255]]


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw"])
@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "I;16", "RGB"])
def test_tiffs_of_every_kind(tmp_path: Path, mode: str, compression: str) -> None:
    image = Image.fromarray(LEVELS.astype(np.uint8)).convert("RGB")
    image = Image.fromarray((RAMP * 65535).astype(np.uint16)) if mode == "I;16" else image.convert(mode)
    image.save(tmp_path / "kind.tif", compression=compression)
    expected = np.asarray(image.convert("RGB").convert("L")) if mode != "I;16" else LEVELS
    assert np.abs(grey(tmp_path / "kind.tif") - expected).max() <= 1


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_tiffs_in_planes(tmp_path: Path, dtype: type, channels: int) -> None:
    levels = np.random.default_rng(0).integers(0, 256, (6, 8, channels)).astype(dtype)
    levels[..., 3:] = 255
    planes = np.moveaxis(levels * dtype(np.iinfo(dtype).max // 255), 2, 0)
    size = planes[0].nbytes
    path = tiff(
        tmp_path / "planes.tif", planes.reshape(levels.shape), 2, t284=(3, (2,)), t338=(3, (2,) * (channels - 3)),
        t273=(4, tuple(8 + size * plane for plane in range(channels))), t279=(4, (size,) * channels),
    )  # fmt: skip
    np.testing.assert_array_equal(read_photo(path).array, levels[..., :3])


def test_tiffs_with_pixels_of_an_unknown_kind_are_not_called_damaged(tmp_path: Path) -> None:
    path = tiff(tmp_path / "floats.tif", np.zeros((6, 8, 3), np.float32), 2, 3)
    with pytest.raises(ImpastoError, match="has an unsupported pixel format; save it with 8 or 16 bits"):
        read_photo(path)


def test_the_transparent_value_of_a_deep_grey_png(tmp_path: Path) -> None:
    values = np.array([[0, 1000, 65535]], ">u2")
    path = png(tmp_path / "deep.png", 3, 1, b"\0" + values.tobytes(), 16, 0, tRNS=struct.pack(">H", 1000))
    photo = read_photo(path)
    assert photo.origin.alpha is not None
    assert photo.origin.alpha.tolist() == [[255, 0, 255]]
    assert photo.array[0, [0, 2], 0].tolist() == [0, 255]


def test_the_transparent_value_of_a_deep_colour_png(tmp_path: Path) -> None:
    values = np.array([[[0x1234, 0x5678, 0x9ABC], [0xFFFF, 0, 0]]], ">u2")
    transparent = struct.pack(">HHH", 0x1234, 0x5678, 0x9ABC)
    photo = read_photo(png(tmp_path / "deep.png", 2, 1, b"\0" + values.tobytes(), 16, 2, tRNS=transparent))
    assert photo.origin.alpha is not None
    assert photo.origin.alpha.tolist() == [[0, 255]]


def test_the_transparent_value_of_a_png_of_few_bits(tmp_path: Path) -> None:
    path = png(tmp_path / "few.png", 4, 1, b"\0\x0f\x5a", 4, 0, tRNS=struct.pack(">H", 5))  # 0, 15, 5, 10
    photo = read_photo(path)
    assert photo.origin.alpha is not None
    assert photo.origin.alpha.tolist() == [[255, 255, 0, 255]]
    assert photo.array[0, [0, 1, 3], 0].tolist() == [0, 255, 170]


def linear_grey() -> bytes:
    """A profile of grey values that are proportional to light."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()[:128])
    profile[16:20] = b"GRAY"
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(65536 * each) for each in (0.9642, 1, 0.8249)))
    curve = b"curv\0\0\0\0" + struct.pack(">I", 0)
    table = struct.pack(">I4sII4sII", 2, b"wtpt", 156, len(white), b"kTRC", 156 + len(white), len(curve))
    content = bytes(profile) + table + white + curve
    return struct.pack(">I", len(content)) + content[4:]


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_a_grey_profile_counts_beside_alpha_too(tmp_path: Path, mode: str) -> None:
    image = Image.new("L", (4, 4), 55)  # 21.6 % of the light, which sRGB writes as 128
    if mode == "LA":
        image.putalpha(Image.new("L", (4, 4), 200))
    image.save(tmp_path / "grey.png", icc_profile=linear_grey())
    assert np.abs(grey(tmp_path / "grey.png") - 128).max() <= 1


@pytest.mark.parametrize("strip", [4_000_000, 60])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_rotation_in_one_strip_and_in_many(monkeypatch, orientation: int, strip: int) -> None:
    monkeypatch.setattr(decoding, "_STRIP", strip)
    pixels = np.random.default_rng(0).integers(0, 256, (11, 20, 4), dtype=np.uint8)
    pixels[..., 3] |= 1
    exif, file = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(file, "PNG", exif=exif)
    photo = read_photo(file)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(file)))
    np.testing.assert_array_equal(np.dstack([photo.array, photo.origin.alpha]), expected)


def cut_out(ground: int, size: int = 40) -> np.ndarray:
    """A red disc whose soft edge ends before the transparent ground, with colours hidden under it."""
    y, x = np.mgrid[:size, :size] - size / 2 + 0.5
    alpha = np.clip((size / 3 - np.hypot(y, x)) * 100, 0, 255).astype(np.uint8)
    pixels = np.full((size, size, 4), ground, np.uint8)
    pixels[alpha > 0, :3] = 200, 30, 40
    pixels[..., 3] = alpha
    return pixels


@pytest.mark.parametrize("size", [1, 7, 40, 1300])
def test_what_is_transparent_has_no_influence(size: int) -> None:
    white, black = (read_photo(cut_out(ground, size)) for ground in (255, 0))
    np.testing.assert_array_equal(white.array, black.array)


def test_what_is_transparent_continues_what_is_visible() -> None:
    photo = read_photo(cut_out(255))
    assert np.abs(photo.array.astype(int) - (200, 30, 40)).max() <= 1
    halves = np.zeros((64, 64, 4), np.uint8)
    halves[:, :16], halves[:, 48:] = (250, 0, 0, 255), (0, 0, 250, 255)
    filled = read_photo(halves).array.astype(int)
    assert (np.diff(filled[32, :, 0]) <= 1).all()
    assert filled[32, 20, 0] > 150
    assert filled[32, 44, 2] > 150


@given(st.integers(1, 30), st.integers(1, 30), st.randoms(use_true_random=False))
def test_visible_pixels_stay_what_they_are(height: int, width: int, random) -> None:
    rng = np.random.default_rng(random.randrange(2**32))
    pixels = rng.integers(0, 256, (height, width, 4), dtype=np.uint8)
    pixels[..., 3] *= rng.integers(0, 2, (height, width), dtype=np.uint8)
    photo, visible = read_photo(pixels), pixels[..., 3] > 0
    np.testing.assert_array_equal(photo.array[visible], pixels[visible][:, :3])
    np.testing.assert_array_equal(photo.origin.alpha, pixels[..., 3])


def test_the_first_picture_of_an_mpo_file_is_the_photo(tmp_path: Path, caplog) -> None:
    first, second = Image.new("RGB", (24, 16), (200, 10, 10)), Image.new("RGB", (12, 8), (0, 0, 255))
    first.save(tmp_path / "phone.jpg", "MPO", save_all=True, append_images=[second])
    photo = read_photo(tmp_path / "phone.jpg")
    assert np.abs(photo.array.astype(int) - (200, 10, 10)).max() <= 3
    assert photo.origin.format == "JPEG"
    assert not caplog.records


@pytest.mark.parametrize(("name", "words"), [("a.gif", "2 frames"), ("a.png", "2 frames"), ("a.tif", "2 pages")])
def test_of_several_frames_and_pages_the_first_is_taken_and_that_is_said(
    tmp_path: Path, name: str, words: str, caplog
) -> None:
    Image.new("RGB", (9, 9), (255, 0, 0)).save(
        tmp_path / name, save_all=True, append_images=[Image.new("RGB", (9, 9), (0, 0, 255))]
    )
    caplog.set_level(logging.WARNING)
    assert read_photo(tmp_path / name).array[4, 4].tolist() == [255, 0, 0]
    (message,) = (record.getMessage() for record in caplog.records)
    assert message == f"{tmp_path / name}: has {words}; the first one is taken"


def test_raw_files_of_cameras_are_to_be_developed(tmp_path: Path) -> None:
    preview = np.zeros((16, 16, 3), np.uint8)
    dng = tiff(tmp_path / "camera", preview, 2, t50706=(1, bytes([1, 4, 0, 0])))
    nef = tiff(tmp_path / "camera.tif", preview, 2, t254=(4, (1,)), t330=(4, (8,)))
    fuji = tmp_path / "camera.jpg"
    fuji.write_bytes(b"FUJIFILMCCD-RAW 0201" + bytes(100))
    sony = tmp_path / "DSC0001.ARW"
    tiff(sony, preview, 2)
    for path in (dng, nef, fuji, sony):
        with pytest.raises(ImpastoError, match="is a camera's raw file; develop it first"):
            read_photo(path)


def test_a_large_text_does_not_damage_a_png(tmp_path: Path) -> None:
    text = b"parameters\0\0" + zlib.compress(b"a fine painting, " * 100_000)
    rows = b"".join(b"\0" + bytes([each, 0, 0]) * 3 for each in (10, 20, 30))
    for where in ("zTXt", "iTXt"):
        content = text if where == "zTXt" else b"parameters\0\1\0\0\0" + text.split(b"\0\0", 1)[1]
        path = png(tmp_path / "text.png", 3, 3, rows, 8, 2, **{where: content})
        assert read_photo(path).array[:, 0, 0].tolist() == [10, 20, 30]


@pytest.mark.parametrize("name", ["photo", "photo.jpe", "photo.jpg?width=800", "photo.png"])
def test_files_are_read_by_what_is_in_them(tmp_path: Path, name: str) -> None:
    Image.new("RGB", (8, 6), (0, 128, 0)).save(tmp_path / name, "JPEG")
    assert read_photo(tmp_path / name).origin.format == "JPEG"


@pytest.mark.slow
def test_200_megapixels_are_read_in_bounded_memory(tmp_path: Path) -> None:
    """A photo on its side: the array has 0.6 GB, what Pillow decodes 0.2 GB."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("L", (16_384, 12_288), 77).save(tmp_path / "large.png", exif=exif, compress_level=1)
    code = (
        "import sys; from impasto.images.reading import read_photo; photo = read_photo(sys.argv[1]); "
        "assert photo.array.shape == (16_384, 12_288, 3) and photo.array[-1, -1].tolist() == [77, 77, 77]"
    )
    assert peak(code, tmp_path / "large.png") < 1.1e9
