"""The edge: every form of picture in, the same form out, and clear words for what is none."""

from __future__ import annotations

import io
import struct
import zlib
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageCms

from impasto import ImpastoError
from impasto.images.arrays import resized_part, to_array
from impasto.images.formats import FORMATS, OPAQUE
from impasto.images.reading import open_image, read_photo
from impasto.images.writing import write_image

RED, HALF = (255, 0, 0), (10, 20, 30, 128)


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([3, 4]))))
def test_pixels_survive_the_way_in_and_out(array: np.ndarray) -> None:
    photo = read_photo(array)
    assert photo.pixels.shape == (1, 3, *array.shape[:2])
    assert photo.pixels.dtype == np.float32
    assert (to_array(photo.pixels) == photo.array).all()
    picture = photo.origin.picture(photo.array)
    assert isinstance(picture, np.ndarray)
    visible = array[..., 3:] > 0 if array.shape[2] == 4 else True
    assert ((picture == array) | ~np.asarray(visible)).all()


def test_pixels_are_rounded_and_clipped() -> None:
    row = np.array([-0.5, 0.4 / 255, 0.6 / 255, 1.5], np.float32)
    assert to_array(np.broadcast_to(row, (1, 3, 1, 4)))[0, :, 0].tolist() == [0, 0, 1, 255]


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "YCbCr", "I;16", "I", "HSV", "LAB"])
def test_every_mode_is_read(mode: str) -> None:
    image = Image.new("RGB", (5, 4), (255, 255, 255))
    if mode in ("I", "I;16"):
        image = Image.fromarray(np.full((4, 5), 65535, np.uint16 if mode == "I;16" else np.int32))
    elif mode == "HSV":
        image = Image.new("HSV", (5, 4), (0, 0, 255))
    elif mode == "LAB":
        image = Image.new("LAB", (5, 4), (255, 128, 128))
    else:
        image = image.convert(mode)
    assert image.mode == mode
    photo = read_photo(image)
    assert photo.pixels.shape == (1, 3, 4, 5)
    if mode != "LAB":  # Pillow's conversion from LAB rounds
        assert (photo.pixels == 1).all()


def test_alpha_is_kept_also_of_palettes() -> None:
    image = Image.new("RGBA", (3, 2), HALF)
    picture = read_photo(image).origin.picture(read_photo(image).array)
    assert isinstance(picture, Image.Image)
    assert picture.getpixel((0, 0)) == HALF
    palette = Image.new("P", (3, 2), 0)
    palette.info["transparency"] = 0
    assert (read_photo(palette).origin.alpha == 0).all()  # type: ignore[union-attr]


def test_exif_rotation_is_applied(tmp_path: Path) -> None:
    image = Image.new("RGB", (40, 20), "white")
    image.paste(RED, (0, 0, 20, 20))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    image.save(tmp_path / "turned.jpg", exif=exif, quality=95, subsampling=0)
    pixels = read_photo(tmp_path / "turned.jpg").pixels[0]
    assert pixels.shape == (3, 40, 20)
    assert pixels[:, 5, 10] == pytest.approx([1, 0, 0], abs=0.02)
    assert pixels[:, 35, 10] == pytest.approx([1, 1, 1], abs=0.02)


def test_exif_is_kept_with_its_rotation_reset(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "a camera"
    Image.new("RGB", (40, 20)).save(tmp_path / "photo.jpg", exif=exif)
    photo = read_photo(tmp_path / "photo.jpg")
    write_image(photo.origin.picture(photo.array), tmp_path / "picture.jpg")  # type: ignore[arg-type]
    with Image.open(tmp_path / "picture.jpg") as picture:
        assert picture.size == (20, 40)
        assert picture.getexif().get(0x010F) == "a camera"
        assert picture.getexif().get(0x0112, 1) == 1


def swapped_primaries() -> bytes:
    """The sRGB profile with its red and green columns exchanged: what it calls red is green."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack(">I", profile[128:132])[0]
    tags = {bytes(profile[132 + 12 * i : 136 + 12 * i]): 132 + 12 * i for i in range(count)}
    red, green = (slice(tags[name] + 4, tags[name] + 12) for name in (b"rXYZ", b"gXYZ"))
    profile[red], profile[green] = profile[green], profile[red]
    return bytes(profile)


def test_colour_profiles_are_converted_and_the_picture_is_tagged_srgb(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8), RED).save(tmp_path / "photo.png", icc_profile=swapped_primaries())
    photo = read_photo(tmp_path / "photo.png")
    assert photo.pixels[0, :, 4, 4] == pytest.approx([0, 1, 0], abs=0.02)
    write_image(photo.origin.picture(photo.array), tmp_path / "picture.png")  # type: ignore[arg-type]
    with Image.open(tmp_path / "picture.png") as picture:
        tagged = ImageCms.ImageCmsProfile(io.BytesIO(picture.info["icc_profile"]))
        assert "sRGB" in ImageCms.getProfileDescription(tagged)
        assert picture.getpixel((4, 4)) == pytest.approx((0, 255, 0), abs=5)


def test_a_broken_profile_is_ignored(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8), RED).save(tmp_path / "photo.png", icc_profile=b"no profile")
    assert read_photo(tmp_path / "photo.png").pixels[0, :, 4, 4] == pytest.approx([1, 0, 0])


@pytest.mark.parametrize("suffix", sorted(FORMATS))
def test_bytes_are_in_the_format_of_the_name(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"picture{suffix.upper()}"
    image = Image.new("RGBA", (6, 5), HALF)
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image.info = {"exif": exif.tobytes(), "icc_profile": profile}
    write_image(image, path)
    with Image.open(path) as again:
        assert again.format == FORMATS[suffix]
        assert again.size == (6, 5)
        if suffix != ".bmp":
            assert again.getexif()[0x010F] == "a camera"
            same = again.info["icc_profile"] == profile
            assert same
        corner = again.convert("RGBA").getpixel((0, 0))
    flattened = FORMATS[suffix] in OPAQUE
    assert corner == pytest.approx((132, 137, 142, 255) if flattened else HALF, abs=4)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def bomb(path: Path, width: int, height: int) -> Path:
    """A PNG whose header claims a size that its data does not have."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in ((b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b""))
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)
    return path


def test_files_that_are_no_photos_are_named(tmp_path: Path, photo: Path) -> None:
    text = tmp_path / "text.jpg"
    text.write_text("not a photo")
    empty = tmp_path / "empty.jpg"
    empty.touch()
    truncated = tmp_path / "truncated.jpg"
    truncated.write_bytes(photo.read_bytes()[:-300])
    expected = {
        tmp_path / "none.jpg": "no such file",
        tmp_path: "is a folder",
        text: "not a picture",
        empty: "is empty",
        truncated: "damaged",
        bomb(tmp_path / "bomb.png", 100_000, 100_000): "pixels",
        bomb(tmp_path / "short.png", 30, 30): "damaged",
    }
    for path, words in expected.items():
        with pytest.raises(ImpastoError, match=words) as caught:
            read_photo(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("as_bytes", [False, True])
def test_the_limit_of_pixels_is_the_callers(tmp_path: Path, photo: Path, as_bytes: bool) -> None:
    def given(path: Path) -> Path | io.BytesIO:
        return io.BytesIO(path.read_bytes()) if as_bytes else path

    assert read_photo(given(photo), 75 * 50).array.shape == (50, 75, 3)
    with pytest.raises(ImpastoError, match=r"claims more than 0.003749 megapixels; raise --max-megapixels"):
        read_photo(given(photo), 75 * 50 - 1)
    empty = tmp_path / "empty.png"
    Image.new("1", (20_000, 10_000)).save(empty)
    assert empty.stat().st_size < 100_000
    for limit, allowed in ((None, True), (199_999_999, False), (200_000_000, True)):
        with nullcontext() if allowed else pytest.raises(ImpastoError, match="claims more than"):  # noqa: SIM117
            with open_image(given(empty), limit) as image:
                assert (image.size, image.mode) == ((20_000, 10_000), "1")
    assert PIL.Image.MAX_IMAGE_PIXELS == 2**30 // 4 // 3


@pytest.mark.parametrize(
    "array", [np.zeros((4, 4, 3)), np.zeros((4, 4, 2), np.uint8), np.zeros(4, np.uint8), np.zeros((0, 4, 3), np.uint8)]
)
def test_arrays_that_are_no_photos_are_named(array: np.ndarray) -> None:
    with pytest.raises(ImpastoError, match="array is"):
        read_photo(array)


def test_files_that_cannot_be_written_are_named(tmp_path: Path) -> None:
    image = Image.new("RGB", (4, 4))
    with pytest.raises(ImpastoError, match=r"no picture format '\.xyz'"):
        write_image(image, tmp_path / "picture.xyz")
    with pytest.raises(ImpastoError, match="cannot be written"):
        write_image(image, tmp_path / "none" / "picture.png")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(ImpastoError, match="cannot be written"):
        write_image(image, tmp_path / "folder.png")
    assert [path.name for path in tmp_path.iterdir()] == ["folder.png"]


@given(st.tuples(*[st.integers(1, 60)] * 2), st.tuples(*[st.integers(1, 150)] * 2), st.data())
def test_a_part_of_a_resized_picture_is_that_part(
    before: tuple[int, int], after: tuple[int, int], data: st.DataObject
) -> None:
    array = np.random.default_rng(0).integers(90, 160, (*before, 3), dtype=np.uint8)
    top, left = (data.draw(st.integers(0, length - 1)) for length in after)
    height, width = data.draw(st.integers(1, after[0] - top)), data.draw(st.integers(1, after[1] - left))
    part = resized_part(array, after, (top, left, height, width))
    whole = resized_part(array, after, (0, 0, *after))
    assert np.abs(part.astype(int) - whole[top : top + height, left : left + width]).max() <= 2


def test_a_resized_picture_is_pillows() -> None:
    array = np.random.default_rng(0).integers(90, 160, (40, 35, 3), dtype=np.uint8)
    for size in ((66, 135), (13, 20), (40, 70)):
        expected = Image.fromarray(array).resize(size[::-1], Image.Resampling.BICUBIC)
        assert np.abs(resized_part(array, size, (0, 0, *size)).astype(int) - np.asarray(expected)).max() <= 1


def test_a_jpeg_xl_file_is_to_be_converted(tmp_path: Path) -> None:
    (tmp_path / "photo").write_bytes(b"\xff\x0a" + bytes(100))
    with pytest.raises(ImpastoError, match=r"is a JPEG XL file, which is not read; convert it first: djxl"):
        read_photo(tmp_path / "photo")


@pytest.mark.parametrize(
    ("size", "enough", "decoded"),
    [
        ((1600, 1200), (100, 1), (200, 150)),
        ((1200, 1600), (100, 1), (150, 200)),
        ((1600, 1200), (101, 1), (400, 300)),  # twice 101 must remain
        ((1600, 1200), (100, 100), (400, 300)),
        ((1604, 1202), (100, 1), (802, 601)),  # no other shape by rounding
        ((1601, 1201), (100, 1), (1601, 1201)),
        ((1600, 1200), (900, 1), (1600, 1200)),
    ],
)
def test_a_large_jpeg_is_decoded_at_a_size_that_is_enough(size, enough, decoded) -> None:
    gradient = np.linspace(0, 255, size[0] * size[1] * 3).reshape(size[1], size[0], 3).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(gradient).save(file, "JPEG", quality=95)
    photo, whole = read_photo(file, long_side=enough[0], short_side=enough[1]), read_photo(file)
    assert photo.array.shape[1::-1] == decoded
    assert whole.array.shape[1::-1] == size
    difference = photo.resized(90).array.astype(float) - whole.resized(90).array
    assert np.abs(difference).max() <= 2


def test_other_formats_are_decoded_whole() -> None:
    file = io.BytesIO()
    Image.new("RGB", (1600, 1200)).save(file, "PNG")
    assert read_photo(file, long_side=100).array.shape == (1200, 1600, 3)
