"""POST pictures: the same pictures as in Python, and the command line's sentences."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.server.conftest import Served, detail, noise_png, picture_of

from impasto.images.deep import encode_deep
from impasto.stylize.stylizer import Stylizer, load

pytestmark = pytest.mark.xdist_group("server")

PHOTO = noise_png(64, 48)
MASK = Image.fromarray(np.repeat(np.uint8([[0, 255]]), 24, axis=0).repeat(32, axis=1))


@pytest.fixture(scope="module")
def stylizer() -> Stylizer:
    return load()


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _painted(served: Served, files: dict[str, Any] | None = None, **data: Any) -> np.ndarray:
    answer = served.client.post("/pictures", files={"photo": ("photo.png", PHOTO), **(files or {})}, data=data)
    return np.asarray(picture_of(answer))


def test_is_the_picture_that_python_paints(served: Served, stylizer: Stylizer) -> None:
    controls = {"strength": 0.8, "detail": 0.3, "keep_color": True, "stroke": 0.7, "size": 96}
    found = _painted(served, style="mural:.6,scream:.4", **{name: str(value) for name, value in controls.items()})
    wanted = stylizer(PHOTO, "mural:.6,scream:.4", **controls)
    np.testing.assert_array_equal(found, np.asarray(wanted))


def test_regions_are_pairs_in_order(served: Served, stylizer: Stylizer) -> None:
    masks = [MASK, MASK.transpose(Image.Transpose.ROTATE_180)]
    files = [("photo", PHOTO), *(("region_mask", (f"{n}.png", _png(mask))) for n, mask in enumerate(masks))]
    data = {"style": "mural", "region_style": ["scream", "kiss"]}
    found = picture_of(served.client.post("/pictures", files=files, data=data))
    wanted = stylizer(PHOTO, "mural", regions=[(masks[0], "scream"), (masks[1], "kiss")])
    np.testing.assert_array_equal(np.asarray(found), np.asarray(wanted))


def test_uploaded_styles_have_the_names_of_their_files(served: Served, stylizer: Stylizer) -> None:
    style = stylizer.predict(noise_png(80, 64))
    files = {"style_file": ("mine.safetensors", style.content)}
    wanted = np.asarray(stylizer(PHOTO, style))
    np.testing.assert_array_equal(_painted(served, files, style="mine"), wanted)
    np.testing.assert_array_equal(_painted(served, files), wanted)  # the only one
    blend = _painted(served, files, style="mine:1,mural:1")
    assert (blend != wanted).any()
    assert "mine" not in served.client.get("/styles").text


def test_a_painting_in_place_of_a_style(served: Served, stylizer: Stylizer) -> None:
    painting = noise_png(80, 64)
    found = _painted(served, {"style_image": ("painting.png", painting)})
    np.testing.assert_array_equal(found, np.asarray(stylizer(PHOTO, style_image=painting)))


@pytest.mark.parametrize(("name", "kind"), [("jpg", "image/jpeg"), ("webp", "image/webp"), ("tiff", "image/tiff")])
def test_formats(served: Served, name: str, kind: str) -> None:
    files = {"photo": ("my cat.png", PHOTO)}
    answer = served.client.post("/pictures", files=files, data={"style": "mural", "format": name, "quality": "50"})
    assert answer.headers["content-type"] == kind
    assert answer.headers["content-disposition"].endswith(f"my%20cat-mural.{name}")
    assert picture_of(answer).size == (64, 48)
    assert answer.headers["impasto-model"] == "fast"


def test_16_bits_stay_16_bits(served: Served) -> None:
    deep = np.random.default_rng(0).integers(0, 65536, (48, 64, 3)).astype(np.uint16)
    answer = served.client.post("/pictures", files={"photo": encode_deep(deep, "PNG", {})}, data={"style": "mural"})
    assert answer.content[24] == 16  # the bit depth in a PNG's header


def test_what_a_photo_says_is_kept_or_left_out(served: Served) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    buffer = io.BytesIO()
    Image.open(io.BytesIO(PHOTO)).save(buffer, "JPEG", exif=exif)
    for strip, kept in (("false", "Camera"), ("true", None)):
        data = {"style": "mural", "strip_metadata": strip}
        answer = served.client.post("/pictures", files={"photo": buffer.getvalue()}, data=data)
        assert picture_of(answer).getexif().get(0x010F) == kept


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"style": "murl"}, "no style 'murl': did you mean mural"),
        ({"style": "zzzzzz"}, "no style 'zzzzzz': GET styles lists all"),
        ({}, "give either a style or a style image"),
        ({"style": "mural", "strength": "2"}, "strength 2: must be between 0 and 1.5"),
        ({"style": "mural", "strength": "nan"}, "strength nan: must be between 0 and 1.5"),
        ({"style": "mural", "strength": "much"}, "strength 'much': must be a number between 0 and 1.5"),
        ({"style": "mural", "keep_color": "perhaps"}, "keep_color 'perhaps': must be True or False"),
        ({"style": "mural", "strenght": "1"}, "no field 'strenght': did you mean strength"),
        ({"style": ["mural", "kiss"]}, "style: is given 2 times"),
        ({"style": "mural", "quality": "101"}, "quality 101: must be between 1 and 100"),
        ({"style": "mural", "format": "gif"}, "no format 'gif'"),
        ({"style": "mural", "model": "huge"}, "no model 'huge': known names are fast, paper"),
        ({"style": "mural", "region_style": "kiss"}, "send a region_mask for every region_style"),
        ({"style": "mural", "style_image": "text"}, "style_image: is not a file"),
        ({"style": "/etc/passwd.png"}, "a str names a style"),
        ({"style": "../../mural"}, "no style '../../mural'"),
    ],
)
def test_wrong_fields_get_the_command_lines_sentences(served: Served, data: dict[str, Any], said: str) -> None:
    assert said in detail(served.client.post("/pictures", files={"photo": PHOTO}, data=data), 422)


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"<svg/>", 415, "photo: is not a picture that can be read"),
        (b"FUJIFILMCCD-RAW" + bytes(80), 415, "photo: is a camera's raw file"),
        (PHOTO[:-200], 422, "photo: is damaged"),
        (b"", 422, "photo: is empty"),
    ],
)
def test_wrong_photos(served: Served, content: bytes, status: int, said: str) -> None:
    answer = served.client.post("/pictures", files={"photo": ("photo.jpg", content)}, data={"style": "mural"})
    assert said in detail(answer, status)


def test_wrong_style_files(served: Served, stylizer: Stylizer) -> None:
    other = load("paper").predict(noise_png(80, 64)).content
    damaged = stylizer.predict(noise_png(80, 64))
    damaged.row[5] = np.nan
    for name, content, said in [
        ("mine.safetensors", b"no style", "damaged"),
        ("mine.safetensors", damaged.content, "its numbers are not finite"),
        ("mine.safetensors", other, "was made for another network"),
        ("a b.safetensors", damaged.content, "call it by lower-case letters"),
    ]:
        files = {"photo": PHOTO, "style_file": (name, content)}
        assert said in detail(served.client.post("/pictures", files=files), 422)


def test_wrong_bodies(served: Served) -> None:
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    assert "send multipart/form-data" in detail(served.client.post("/pictures", json={"style": "mural"}), 415)
    assert "send multipart/form-data" in detail(served.client.post("/pictures"), 415)
    for body in (b"nonsense", b'--x\r\nContent-Disposition: form-data; name="photo"\r\n\r\nabc'):
        answer = served.client.post("/pictures", content=body, headers=form)
        assert answer.status_code in (400, 422)
    bare = {"Content-Type": "multipart/form-data"}
    assert "body: is damaged" in detail(served.client.post("/pictures", content=b"", headers=bare), 400)


@pytest.mark.parametrize("name", ["a+2AA-.png", "+2AAAYQ-.png"])
def test_halves_of_characters_are_no_fault(served: Served, name: str) -> None:
    """A form may say that it is in UTF-7, in which there may be such."""
    part = '--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n'
    body = (part % ("photo", f'; filename="{name}"')).encode() + noise_png(8, 8)
    body += ("\r\n" + part % ("style", "") + "mural\r\n--x--\r\n").encode()
    headers = {"Content-Type": "multipart/form-data; boundary=x; charset=utf-7"}
    assert served.client.post("/pictures", content=body, headers=headers).status_code == 200
