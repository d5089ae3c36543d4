"""What callers give: every form of a photo, masks of all kinds, batches; and what is said of everything else."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import impasto
from impasto import ImpastoError
from impasto.errors import kind_of
from impasto.images.reading import read_photo
from impasto.models import library
from impasto.stylize.controls import Controls
from impasto.stylize.inputs import pixels_allowed, source_of
from impasto.stylize.regions import Mask

RNG = np.random.default_rng(0)
SMALL = RNG.integers(0, 256, (20, 30, 3), np.uint8)
HUGE = b"\xff\xd8" + RNG.bytes(500_000)
LONG = "x" * 500_000
CONTROLS = Controls.__struct_fields__


@pytest.fixture(scope="module")
def stylizer(trained: Path) -> impasto.Stylizer:
    return impasto.load(trained, precision="f32")


def said(stylizer: impasto.Stylizer, **arguments: Any) -> str:
    """The message of the error that a call raises."""
    with pytest.raises(ImpastoError) as caught:
        stylizer(**({"photo": SMALL, "style": "mural"} | arguments))
    return str(caught.value)


def test_the_bytes_of_a_file_are_the_file(stylizer, photo: Path) -> None:
    expected, content = stylizer(photo, "mural"), photo.read_bytes()
    read = io.BytesIO(content)
    read.read()
    for given_as in (content, bytearray(content), memoryview(content), io.BytesIO(content), read):
        picture = stylizer(given_as, "mural")
        assert isinstance(picture, Image.Image)
        assert (picture.format, picture.tobytes()) == ("JPEG", expected.tobytes())


@pytest.mark.parametrize("given_as", [None, 5, 2.5, {"a": 1}, object(), {1}])
def test_photos_of_no_kind_are_named(stylizer, given_as: object) -> None:
    kinds = "give a path, the bytes of a file, a PIL image, or an array (H,W,3) uint8"
    name = {type(None): "None", int: "an int", object: "an object"}.get(type(given_as), f"a {type(given_as).__name__}")
    assert said(stylizer, photo=given_as) == f"photo: is {name}; {kinds}"


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (SMALL.astype(np.float32) / 255, r"photo: is \(20, 30, 3\) float32; give .* if it is from 0 to 1$"),
        (SMALL.astype(np.int64), r"photo: is \(20, 30, 3\) int64; give \(H,W\), .* uint8, RGB or RGBA$"),
        (SMALL[..., :2], r"photo: is \(20, 30, 2\) uint8"),
        (SMALL[:0], r"photo: is \(0, 30, 3\), an array without pixels"),
        (SMALL[None, None], r"photo: is \(1, 1, 20, 30, 3\) uint8"),
        (SMALL[None][:0], r"photo: is \(0, 20, 30, 3\) uint8"),
        (np.array([["a"]]), r"photo: is \(1, 1\) <U1"),
    ],
)
def test_arrays_that_are_no_photos_are_named(stylizer, array: np.ndarray, words: str) -> None:
    with pytest.raises(ImpastoError, match=words):
        stylizer(array, "mural")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"photo": b"abc"}, "photo: is not a picture that can be read; give a JPEG, PNG, WebP, TIFF, AVIF or BMP file"),
        ({"photo": b""}, "photo: is empty"),
        ({"photo": HUGE}, "photo: is not a picture that can be read; give a JPEG, PNG, WebP, TIFF, AVIF or BMP file"),
        (
            {"photo": LONG},
            "photo: a str is a path, and this one can be none; give the content of a file as bytes",
        ),
        (
            {"photo": "a\0b"},
            "photo: a str is a path, and this one can be none; give the content of a file as bytes",
        ),
        ({"photo": [SMALL, None]}, "photo[1]: is None; give a path, the bytes of a file, a PIL image, or an array "
         "(H,W,3) uint8"),
        ({"photo": [[SMALL]]}, "photo[0]: is a list; give a path, the bytes of a file, a PIL image, or an array "
         "(H,W,3) uint8"),
        ({"style": 5}, "style: is an int; give a slug, a Path, a Style, or a blend, {slug: weight}; a painting that is "
         "no file goes to style_image"),
        ({"style": ["mural"]}, "style: is a list; give a slug, a Path, a Style, or a blend, {slug: weight}; a painting "
         "that is no file goes to style_image"),
        ({"style": "mural:much"}, "style 'mural:much': 'much' is not a number; write mural:0.6,scream:0.4"),
        ({"style": "mural:1,mural:2"}, "style 'mural:1,mural:2': 'mural' is named twice"),
        ({"style": {"mural": "much"}}, "style 'mural': its weight is 'much'; give a number of at least 0"),
        ({"style": "mural:1,a.jpg:1"}, "style 'a.jpg': a str names a style; for a file, give a pathlib.Path"),
        ({"style": None, "style_image": 5}, "style_image: is an int; give a path, the bytes of a file, a PIL image, or "
         "an array (H,W,3) uint8"),
        ({"strength": "1"}, "strength '1': must be a number between 0 and 1.5"),
        ({"strength": [1]}, "strength a list: must be a number between 0 and 1.5"),
        ({"size": 10**5000}, "size an int: must be between 1 and 100000 pixels"),
        ({"size": "400"}, "size '400': must be a whole number between 1 and 100000 pixels"),
        ({"detail": 10**5000}, "detail an int: must be between 0 and 1"),
        ({"keep_color": "no"}, "keep_color 'no': must be True or False"),
        ({"max_megapixels": "5"}, "max_megapixels '5': must be a number above 0"),
        ({"max_megapixels": None}, "max_megapixels None: must be a number above 0"),
        ({"max_megapixels": math.nan}, "max_megapixels nan: must be a number above 0"),
        ({"progress": True}, "progress: give a function of (done, total, note), such as impasto.progress.bar yields"),
        ({"regions": None}, "regions: is None; give pairs of a mask and a style, [(mask, style)]"),
        ({"regions": ("sky.png", "mural")}, "regions[0]: is a str; give a pair of a mask and a style"),
        ({"regions": [(5, "mural")]}, "regions[0]: the mask: is an int; give a path, the bytes of a file, a PIL image, "
         "or an array (H,W), bool, 0 to 1, or uint8"),
        ({"regions": [(b"abc", "mural")]}, "regions[0]: the mask: is not a picture that can be read; give a JPEG, PNG, "
         "WebP, TIFF, AVIF or BMP file"),
    ],
)  # fmt: skip
def test_every_parameter_says_what_it_takes(stylizer, arguments: dict[str, Any], message: str) -> None:
    assert said(stylizer, **arguments) == message


@pytest.mark.parametrize("value", [HUGE, LONG, [LONG], {LONG: LONG}, -(10**5000), (HUGE, HUGE)], ids=kind_of)
@pytest.mark.parametrize("name", ["photo", "style", "style_image", "regions", "max_megapixels", *CONTROLS])
def test_no_input_is_printed(stylizer, name: str, value: object) -> None:
    arguments = {name: value} | ({"style": None} if name == "style_image" else {})
    message = said(stylizer, **arguments)
    assert len(message) < 600
    assert "\n" not in message
    for text in ("x" * 100, "\\x"):
        assert text not in message


def test_names_longer_than_those_of_files_are_unknown(
    stylizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    (library.root() / "another-network").mkdir(parents=True)
    for name in (LONG, "a\0b", "../" * 2000):
        assert said(stylizer, style=name).startswith("no style '")


def test_pil_images_that_cannot_be_decoded_are_named(stylizer, photo: Path) -> None:
    truncated = io.BytesIO(photo.read_bytes()[:-500])
    assert said(stylizer, photo=Image.open(truncated)).startswith("photo: this PIL image cannot be decoded (")
    closed = Image.open(photo)
    closed.close()
    assert said(stylizer, photo=closed).startswith("photo: this PIL image cannot be decoded (")


def test_a_blend_may_be_written_as_on_the_command_line(stylizer) -> None:
    expected = stylizer(SMALL, {"mural": 0.25, "stained-glass": 0.75})
    for text in ("mural:0.25,stained-glass:0.75", "mural, stained-glass : 3".replace(" :", ":")):
        assert np.array_equal(stylizer(SMALL, text), expected)
    mask = np.full((20, 30), 255, np.uint8)
    blended = stylizer(SMALL, "slot-2", regions=[(mask, "mural:0.25,stained-glass:0.75")])
    assert np.abs(blended.astype(int) - expected).max() <= 1


HALF = np.arange(600).reshape(20, 30) % 30 >= 15


@pytest.mark.parametrize(
    "mask",
    [
        HALF,
        HALF[None],
        HALF[..., None],
        HALF.astype(np.uint8),
        HALF.astype(np.int64),
        HALF.astype(np.float64),
        HALF.astype(np.float16)[None],
        HALF * 255,
        (HALF * 255).astype(np.uint8),
        np.dstack([HALF] * 3),
        Image.fromarray(HALF),
        Image.fromarray(HALF.astype(np.uint8)),
    ],
)
def test_masks_are_white_where_they_are_true_or_1(mask: Any) -> None:
    array = Mask.read(mask).array
    assert array.dtype == np.uint8
    assert np.array_equal(array, HALF * 255)


def test_masks_of_files_are_read_from_paths_and_bytes(tmp_path: Path) -> None:
    for name, values in (("bits.png", HALF), ("ones.png", HALF.astype(np.uint8)), ("grey.png", HALF * np.uint8(255))):
        Image.fromarray(values).save(tmp_path / name)
        for given_as in (tmp_path / name, str(tmp_path / name), (tmp_path / name).read_bytes()):
            assert np.array_equal(Mask.read(given_as).array, HALF * 255)


@given(st.floats(0, 1, width=32), st.integers(2, 255))
def test_greys_of_masks_stay(share: float, level: int) -> None:
    assert Mask.read(np.array([[share, 1]], np.float32)).array.tolist() == [[round(np.float32(share) * 255), 255]]
    for kind in (np.uint8, np.int32, np.uint16):
        assert Mask.read(np.array([[0, level]], kind)).array.tolist() == [[0, level]]


@pytest.mark.parametrize("value", [1.5, -0.5, math.nan, math.inf, -1, 256, 1j, "white", None])
def test_masks_with_other_values_are_named(value: Any) -> None:
    with pytest.raises(ImpastoError, match=r"^regions\[2\]: the mask: has other values than bool, floats"):
        Mask.read(np.array([[0, value]] if not isinstance(value, str | None) else [[value]]), "regions[2]: the mask")


def test_a_mask_that_lies_across_the_photo_is_doubted(stylizer, caplog: pytest.LogCaptureFixture) -> None:
    stylizer(SMALL, "mural", regions=[(HALF.T, "stained-glass")])
    doubt = "one of the two is upright, the other is not: was it turned?"
    assert f"resized from 20 × 30 to the photo's 30 × 20; {doubt}" in caplog.text
    caplog.clear()
    stylizer(SMALL, "mural", regions=[(HALF[:10], "stained-glass")])
    assert "resized" in caplog.text
    assert "turned" not in caplog.text


def test_a_batch_is_a_list_of_pictures(stylizer, photo: Path) -> None:
    other = SMALL[:12, :17]
    alone = [stylizer(each, "mural") for each in (SMALL, other)]
    for batch in ([SMALL, other], (SMALL, other)):
        pictures = stylizer(batch, "mural")
        assert isinstance(pictures, list)
        assert all(np.array_equal(one, same) for one, same in zip(pictures, alone, strict=True))
    mixed = stylizer([photo, SMALL, photo.read_bytes(), Image.open(photo)], "mural", size=40)
    assert [type(each) for each in mixed] == [Image.Image, np.ndarray, Image.Image, Image.Image]
    assert mixed[0].size == (40, 27)
    assert mixed[0].tobytes() == mixed[2].tobytes() == mixed[3].tobytes()
    assert stylizer([], "mural") == []


@pytest.mark.parametrize("channels", [3, 4])
def test_a_batch_in_one_array_is_one_array(stylizer, channels: int) -> None:
    photos = RNG.integers(0, 256, (3, 20, 30, channels), np.uint8)
    pictures = stylizer(photos, "mural", strength=0.7)
    assert (pictures.shape, pictures.dtype) == (photos.shape, np.uint8)
    for one, picture in zip(photos, pictures, strict=True):
        assert np.array_equal(picture, stylizer(one, "mural", strength=0.7))
    assert stylizer(photos, "mural", size=15).shape == (3, 10, 15, channels)


def test_progress_counts_the_pictures_of_a_batch(stylizer) -> None:
    reports: list[tuple[int, int, str]] = []
    stylizer([SMALL, SMALL], "mural", progress=lambda *report: reports.append(report))
    assert reports == [(0, 2, ""), (1, 2, ""), (2, 2, "")]


def test_nothing_is_painted_of_a_batch_with_something_else_in_it(stylizer) -> None:
    def never(done: int, total: int, note: str) -> None:
        raise AssertionError("a picture was painted")

    with pytest.raises(ImpastoError, match=r"^photo\[1\]: is a dict"):
        stylizer([SMALL, {}], "mural", progress=never)


def test_megapixels_bound_photos_and_pictures(stylizer, tmp_path: Path) -> None:
    Image.fromarray(np.zeros((40, 50, 3), np.uint8)).save(tmp_path / "p.png")
    path, limit = tmp_path / "p.png", "raise --max-megapixels (in Python max_megapixels) if that is meant"
    for given_as, name in ((path, str(path)), (path.read_bytes(), "photo")):
        expected = f"{name}: claims more than 0.001999 megapixels; {limit}"
        assert said(stylizer, photo=given_as, max_megapixels=0.001999) == expected
    for given_as in (np.asarray(Image.open(path)), Image.open(path), read_photo(path)):
        expected = f"photo: has more than 0.001999 megapixels; {limit}"
        assert said(stylizer, photo=given_as, max_megapixels=0.001999) == expected
        assert np.asarray(stylizer(given_as, "mural", max_megapixels=0.002)).shape == (40, 50, 3)
    too_large = f"size 101: would get more than 0.008 megapixels; {limit}"
    assert said(stylizer, photo=path, size=101, max_megapixels=0.008) == too_large
    assert stylizer(path, "mural", size=100, max_megapixels=0.008).size == (100, 80)
    # By default 250, of which nothing is asked for before the size is known.
    assert said(stylizer, photo=path, size=30_000) == f"size 30000: would get more than 250 megapixels; {limit}"
    assert said(stylizer, photo=[SMALL, SMALL[:1]], max_megapixels=0.0001).startswith("photo[0]: has more than")


def test_megapixels_are_pixels() -> None:
    assert [pixels_allowed(many) for many in (180, 0.5, np.float32(2))] == [180_000_000, 500_000, 2_000_000]


def test_bytes_are_not_copied_to_be_named() -> None:
    source = source_of(b"abc", "photo")
    assert source_of(source, "painting") is source


def test_style_images_may_be_bytes_images_and_arrays(with_predictor: Path, workshop) -> None:
    stylizer, file = impasto.load(with_predictor, precision="f32"), workshop.style_images / "glass.png"
    expected = stylizer(SMALL, style_image=file)
    for given_as in (str(file), file.read_bytes(), Image.open(file), np.asarray(Image.open(file).convert("RGB"))):
        assert np.array_equal(stylizer(SMALL, style_image=given_as), expected)
