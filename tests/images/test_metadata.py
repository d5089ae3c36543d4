"""What a file says about its photo goes with the picture, as far as it fits, and the picture is never lost for it."""

from __future__ import annotations

import io
import logging
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.images.files import tiff

from impasto.errors import ImpastoError
from impasto.images.deep import DEEP
from impasto.images.formats import FORMATS
from impasto.images.photo import Photo
from impasto.images.reading import read_photo
from impasto.images.writing import encode, write_image

MAKE, EXIF, GPS = 0x010F, 0x8769, 0x8825
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><dc tiff:Orientation="6" dc:title="A bridge"/></x:xmpmeta>'
HOLDERS = sorted({*FORMATS.values()} - {"BMP"})
"""The formats that hold EXIF data."""


def camera_photo(path: Path, size: tuple[int, int] = (64, 48), **exif_of_ifd: Any) -> Path:
    """A JPEG file as cameras write it: EXIF's directories, GPS, XMP, IPTC and a resolution."""
    exif = Image.Exif()
    exif[MAKE], exif[0x0112] = "a camera", 6
    exif[EXIF] = {0xA002: size[0], 0xA003: size[1], 0x9003: "2026:11:30 12:00:00", 0x829A: 0.01, **exif_of_ifd}
    exif[GPS] = {1: "N", 2: (46.0, 57.0, 4.0)}
    iptc = b"\x1c\x02\x78\x00\x06bridge"
    block = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + len(iptc).to_bytes(4, "big") + iptc + b"\0" * (len(iptc) % 2)
    segment = b"\xff\xed" + (len(block) + 2).to_bytes(2, "big") + block
    Image.new("RGB", size, (90, 120, 150)).save(path, "JPEG", exif=exif, xmp=XMP, dpi=(300, 300), extra=segment)
    return path


def picture_of(photo: Photo, file_format: str, **options: Any) -> Image.Image:
    """The photo as a file of another format, opened by Pillow alone."""
    image = Image.open(io.BytesIO(encode(photo.image, file_format, **options)))
    image.load()
    return image


@pytest.mark.parametrize("file_format", HOLDERS)
def test_exif_gps_and_xmp_go_along(tmp_path: Path, file_format: str) -> None:
    picture = picture_of(read_photo(camera_photo(tmp_path / "photo.jpg")), file_format)
    exif = picture.getexif()
    assert (picture.size, exif[MAKE], exif.get(0x0112, 1)) == ((48, 64), "a camera", 1)
    details = exif.get_ifd(EXIF)
    assert (details[0xA002], details[0xA003]) == picture.size  # the photo was turned
    assert details[0x9003] == "2026:11:30 12:00:00"
    assert exif.get_ifd(GPS)[2] == (46.0, 57.0, 4.0)
    xmp = picture.info.get("xmp") or picture.info["XML:com.adobe.xmp"].encode()
    assert b"A bridge" in xmp
    assert b"Orientation" not in xmp


LETTERS = "Jürgen © 日本".encode()
COMMENT = b"UNICODE\0" + "hällo".encode("utf-16-le")


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("file_format", HOLDERS)
def test_letters_and_types_stay_what_they_are(tmp_path: Path, file_format: str, deep: bool) -> None:
    if deep and file_format not in DEEP:
        pytest.skip("has no 16 bits")
    path = camera_photo(tmp_path / "photo.jpg")
    exif = Image.open(path).getexif()
    exif.get_ifd(EXIF).update({0x9286: COMMENT, 0xA434: "?" * len(LETTERS), 0xA005: 4711})
    exif[0x013B] = "?" * len(LETTERS)
    Image.open(path).save(path, exif=exif.tobytes().replace(b"?" * len(LETTERS), LETTERS))
    photo = read_photo(path)
    written = photo.origin.deep_picture(photo.array.astype(np.uint16)) if deep else photo.image
    content = encode(written, file_format)
    assert content.count(LETTERS) == 2
    found = Image.open(io.BytesIO(content)).getexif()
    assert found[0x013B].encode("latin-1") == LETTERS
    details = found.get_ifd(EXIF)
    assert details[0xA434].encode("latin-1") == LETTERS
    assert details[0x9286] == COMMENT
    assert 0xA005 not in details  # another directory, which stays behind
    assert any(struct.pack(order + "HHI", 0x9286, 7, len(COMMENT)) in content for order in "<>")


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "TIFF"])
def test_the_resolution_goes_along(tmp_path: Path, file_format: str) -> None:
    picture = picture_of(read_photo(camera_photo(tmp_path / "photo.jpg")), file_format)
    assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_iptc_goes_along_where_it_can(tmp_path: Path) -> None:
    photo = read_photo(camera_photo(tmp_path / "photo.jpg"))
    assert picture_of(photo, "JPEG").info["photoshop"][0x0404].endswith(b"bridge")
    again = picture_of(photo, "TIFF")
    assert bytes(again.tag_v2[33723]).endswith(b"bridge")  # type: ignore[attr-defined]
    write_image(photo.image, tmp_path / "picture.tif")
    assert b"bridge" in picture_of(read_photo(tmp_path / "picture.tif"), "JPEG").info["photoshop"][0x0404]


@pytest.mark.parametrize("file_format", [*HOLDERS, "BMP"])
def test_nothing_goes_along_without_metadata(tmp_path: Path, file_format: str) -> None:
    photo = read_photo(camera_photo(tmp_path / "photo.jpg")).without_metadata()
    content = encode(photo.image, file_format)
    assert not any(words in content for words in (b"a camera", b"A bridge", b"bridge", b"2026:11:30", b"Exif\0\0"))


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "I;16", "RGB", "RGBA"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_tiff_of_every_kind_becomes_a_tiff_that_opens(tmp_path: Path, mode: str, orientation: int) -> None:
    image = Image.new("RGB", (20, 10), "white")
    image = Image.fromarray(np.full((10, 20), 65535, np.uint16)) if mode == "I;16" else image.convert(mode)
    image.save(tmp_path / "r.tif", compression="tiff_lzw", tiffinfo={271: "a camera", 274: orientation})
    photo = read_photo(tmp_path / "r.tif")
    write_image(photo.image, tmp_path / "picture.tif")
    with Image.open(tmp_path / "picture.tif") as picture:
        picture.load()
        assert picture.size == ((20, 10) if orientation == 1 else (10, 20))
        assert np.asarray(picture.convert("RGB")).min() == 255
        assert picture.getexif()[MAKE] == "a camera"


def test_structural_tags_never_travel(tmp_path: Path) -> None:
    path = tiff(tmp_path / "r.tif", np.full((6, 8), 9, np.uint16), 0, t271=(2, b"a camera\0"), t284=(3, (1,)))
    for file_format in HOLDERS:
        tags = set(picture_of(read_photo(path), file_format).getexif())
        own = {254, 256, 257, 258, 259, 262, 273, 277, 278, 279, 284, 338, 339}  # what describes the picture's own file
        assert MAKE in tags
        assert tags - own <= {MAKE}
    written = picture_of(read_photo(path), "TIFF")
    assert (written.mode, written.size) == ("RGB", (8, 6))


def test_a_value_of_a_wrong_type_is_left_out_with_a_line(tmp_path: Path, caplog) -> None:
    caplog.set_level(logging.WARNING)
    path = tiff(tmp_path / "odd.tif", np.zeros((4, 4), np.uint8), t274=(2, b"upright\0"), t271=(2, b"a camera\0"))
    photo = read_photo(path)  # an orientation in letters is none
    assert photo.array.shape == (4, 4, 3)
    assert picture_of(photo, "JPEG").getexif()[MAKE] == "a camera"
    exif, file = Image.Exif(), io.BytesIO()
    exif[MAKE], exif[0x013B] = "a camera", "somebody"
    rational = exif.tobytes().replace(b"\x01\x0f\0\2\0\0\0\x09", b"\x01\x0f\0\5\0\0\0\1")
    Image.new("RGB", (4, 4)).save(file, "PNG", exif=rational)
    assert not caplog.records
    assert dict(picture_of(read_photo(file), "JPEG").getexif()) == {0x013B: "somebody"}
    (message,) = (record.getMessage() for record in caplog.records)
    assert message.startswith("photo: EXIF tag 271 is left out, its value cannot be written")


def test_an_orientation_of_another_type_is_one(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    short, floating = (struct.pack(">HHI", 0x0112, kind, 1) for kind in (3, 11))
    block = exif.tobytes().replace(short + struct.pack(">HH", 6, 0), floating + struct.pack(">f", 6))
    assert floating in block
    Image.new("RGB", (8, 4)).save(tmp_path / "photo.jpg", exif=block)
    assert read_photo(tmp_path / "photo.jpg").array.shape == (8, 4, 3)


@pytest.mark.parametrize("file_format", HOLDERS)
def test_a_damaged_block_does_not_cost_the_picture(file_format: str, caplog) -> None:
    caplog.set_level(logging.WARNING)
    image = Image.new("RGB", (4, 4))
    image.info |= {"exif": b"Exif\0\0nonsense", "xmp": b"<", "dpi": (72, 72)}  # type: ignore[dict-item]
    assert Image.open(io.BytesIO(encode(image, file_format))).size == (4, 4)
    assert "metadata is left out" in caplog.text


def test_what_is_too_long_for_a_jpeg_is_left_out_with_a_line(tmp_path: Path, caplog) -> None:
    caplog.set_level(logging.WARNING)
    exif = Image.Exif()
    exif[MAKE] = "a camera"
    exif[EXIF] = {0x927C: bytes(70_000), 0x9003: "2026:11:30 12:00:00"}
    Image.new("RGB", (8, 8)).save(tmp_path / "photo.png", exif=exif)
    write_image(read_photo(tmp_path / "photo.png").image, tmp_path / "picture.jpg")
    with Image.open(tmp_path / "picture.jpg") as picture:
        assert picture.getexif()[MAKE] == "a camera"
        assert picture.getexif().get_ifd(EXIF) == {0x9003: "2026:11:30 12:00:00"}
    (message,) = (record.getMessage() for record in caplog.records)
    assert message.startswith(f"{tmp_path / 'picture.jpg'}: ")
    assert "too many for a JPEG file" in message


@pytest.mark.parametrize(
    ("suffix", "size"), [(".webp", (16_384, 2)), (".jpg", (2, 65_501)), (".avif", (32_769, 2)), (".heic", (16_385, 64))]
)
def test_a_picture_too_large_for_its_format_is_named(tmp_path: Path, suffix: str, size: tuple[int, int]) -> None:
    if suffix not in FORMATS:
        pytest.skip("the extra is not installed")
    with pytest.raises(ImpastoError, match=rf"{size[0]} × {size[1]} pixels, and .* holds at most \d+ a side"):
        write_image(Image.new("RGB", size), tmp_path / f"picture{suffix}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("size", [(31, 4217), (5120, 28)])
def test_a_picture_too_narrow_for_heic_is_named(tmp_path: Path, size: tuple[int, int]) -> None:
    if ".heic" not in FORMATS:
        pytest.skip("the extra is not installed")
    with pytest.raises(ImpastoError, match="HEIC needs 32 on the short side when the long one has over 4216"):
        write_image(Image.new("RGB", size), tmp_path / "picture.heic")
    assert not list(tmp_path.iterdir())
    write_image(Image.new("RGB", (31, 4216)), tmp_path / "picture.heic")
    write_image(Image.new("RGB", (32, 4400)), tmp_path / "picture.heic")


@pytest.mark.parametrize(("suffix", "size"), [(".webp", (16_383, 2)), (".jpg", (2, 65_500)), (".avif", (32_768, 2))])
def test_the_largest_pictures_of_a_format_can_be_read(tmp_path: Path, suffix: str, size: tuple[int, int]) -> None:
    write_image(Image.new("RGB", size), tmp_path / f"picture{suffix}")
    assert read_photo(tmp_path / f"picture{suffix}").array.shape == (*size[::-1], 3)
