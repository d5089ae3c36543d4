"""The browser paints the command line's picture."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.web.conftest import ISOLATION, Host, Tab, playwright_api, some_photo

from impasto.images.arrays import Array
from impasto.styles.style import Style
from impasto.stylize.stylizer import Stylizer

MOST = 2
"""By how many levels, of 255, a picture may differ."""

MASK = np.tile(np.linspace(-0.5, 1.5, 96).clip(0, 1) * 255, (72, 1)).astype(np.uint8)
CASES: dict[str, tuple[Any, dict[str, Any]]] = {
    "a style": ("mural", {}),
    "a blend": ("mural:0.5,scream:0.3,identity:0.2", {}),
    "weak, with the photo's forms": ("great-wave", {"strength": 0.6, "detail": 0.5}),
    "beyond the style": ("great-wave", {"strength": 1.2}),
    "the photo's colours": ("stained-glass", {"keep_color": True}),
    "large strokes": ("starry-night", {"stroke": 4.0}),
    "another size": ("kiss", {"size": 80}),
    "an area in another style": ("kiss", {"strength": 0.8, "region": "mosaic"}),
    "an area as it was": ("kiss", {"region": "identity"}),
}


def opened(browser: playwright_api.Browser, site: Path, headers: dict[str, str] | None) -> Iterator[Tab]:
    host = Host(site, headers)
    tab = Tab(browser, host.address)
    yield tab
    assert tab.faults == []
    tab.context.close()
    host.stop()


@pytest.fixture(scope="module")
def tab(browser: playwright_api.Browser, site: Path) -> Iterator[Tab]:
    """From a host that sends no headers."""
    yield from opened(browser, site, None)


@pytest.fixture(scope="module")
def isolated_tab(browser: playwright_api.Browser, site: Path) -> Iterator[Tab]:
    yield from opened(browser, site, ISOLATION)


def painted(
    tab: Tab, photo: Array, style: str, controls: dict[str, Any], size: int | None = None, regions: Sequence[Any] = ()
) -> Array:
    """What the module paints of (H,W,3) or (H,W,4): (H,W,4) uint8."""
    call = """async ([photo, style, controls, size, regions]) => {
      const image = async (text) => new Blob([bytes(text)], { type: "image/png" });
      const areas = await Promise.all(regions.map(async ([mask, style]) => ({ mask: await image(mask), style })));
      const options = { size, regions: areas };
      const { data, height, width } = await stylizer.paint(await image(photo), style, controls, options);
      return [await text(new Blob([data])), height, width];
    }"""
    content, height, width = tab.page.evaluate(call, [png(photo), style, controls, size, [*regions]])
    return np.frombuffer(base64.b64decode(content), np.uint8).reshape(height, width, 4)


def png(array: Array) -> str:
    file = io.BytesIO()
    Image.fromarray(array).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize("name", CASES)
def test_the_same_picture(tab: Tab, stylizer: Stylizer, name: str) -> None:
    style, options = CASES[name]
    controls, photo = dict(options), some_photo(72, 96)
    size, region = controls.pop("size", None), controls.pop("region", None)
    found = painted(tab, photo, style, controls, size, [[png(MASK), region]] if region else [])
    wanted = stylizer(photo, style, size=size, regions=[(MASK, region)] if region else [], **controls)
    assert found[..., 3].min() == 255
    assert found[..., :3].shape == wanted.shape
    assert np.abs(found[..., :3].astype(int) - wanted).max() <= MOST


@pytest.mark.slow
def test_the_same_picture_in_tiles_by_threads(isolated_tab: Tab, stylizer: Stylizer) -> None:
    cores = isolated_tab.page.evaluate("navigator.hardwareConcurrency")
    assert isolated_tab.page.evaluate("stylizer.threads") == min(8, cores)
    photo = some_photo(1220, 1340)
    found = painted(isolated_tab, photo, "mosaic", {})
    assert np.abs(found[..., :3].astype(int) - stylizer(photo, "mosaic")).max() <= MOST


def test_one_thread_where_the_page_is_not_isolated(tab: Tab) -> None:
    assert tab.page.evaluate("[crossOriginIsolated, stylizer.threads]") == [False, 1]


def test_transparent_parts(tab: Tab, stylizer: Stylizer) -> None:
    photo = np.dstack([some_photo(60, 90), np.tile(np.linspace(-60, 300, 90).clip(0, 255), (60, 1)).astype(np.uint8)])
    found, wanted = painted(tab, photo, "scream", {}), stylizer(photo, "scream")
    assert np.array_equal(found[..., 3], wanted[..., 3])
    assert np.abs(found.astype(int) - wanted).max() <= MOST


def test_a_predicted_style_is_the_command_lines(tab: Tab, stylizer: Stylizer, tmp_path: Path) -> None:
    painting = some_photo(300, 420, seed=4)
    call = """async (painting) => {
      const style = await stylizer.predict(new Blob([bytes(painting)], { type: "image/png" }), { slug: "mine" });
      const file = await stylizer.save(style);
      return [await text(file), (await stylizer.open(file)).info.slug];
    }"""
    content, slug = tab.page.evaluate(call, png(painting))
    path = tmp_path / "mine.safetensors"
    path.write_bytes(base64.b64decode(content))
    style = Style.load(path)
    assert slug == style.slug == "mine"
    assert np.allclose(style.row, stylizer.predict(painting).row, atol=1e-3)
    assert Image.open(io.BytesIO(style.thumbnail)).size == (192, 137)


@pytest.mark.parametrize("ending", ["jpg", "png", "webp"])
def test_a_file_is_upright_and_says_what_its_photo_says(tab: Tab, ending: str) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x013B] = 6, "Ada"
    exif.get_ifd(0x8769).update({0xA002: 96, 0xA003: 64})
    file = io.BytesIO()
    Image.fromarray(some_photo(64, 96)).save(file, "JPEG", exif=exif, xmp=b'<x:xmpmeta a="1" tiff:Orientation="6"/>')
    call = """async ([photo, format]) => {
      const given = new Blob([bytes(photo)], { type: "image/jpeg" });
      const file = await stylizer.file(given, "mural", {}, { format });
      const bare = await stylizer.file(given, "mural", {}, { format, strip: true });
      return [await text(file), await text(bare)];
    }"""
    content, bare = tab.page.evaluate(call, [base64.b64encode(file.getvalue()).decode(), ending])
    picture = Image.open(io.BytesIO(base64.b64decode(content)))
    picture.load()
    found = picture.getexif()
    assert picture.size == (64, 96)
    assert (found[0x0112], found[0x013B], found.get_ifd(0x8769)) == (1, "Ada", {0xA002: 64, 0xA003: 96})
    xmp = picture.info.get("xmp") or picture.info["XML:com.adobe.xmp"].encode()
    assert xmp == b'<x:xmpmeta a="1"/>'
    assert not Image.open(io.BytesIO(base64.b64decode(bare))).getexif()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ('stylizer.paint(new Blob(["no"], { type: "image/png" }), "mural")', "not a picture"),
        ('stylizer.paint(new ImageData(64, 64), "nobody")', "style nobody: there is none"),
        ('stylizer.paint(new ImageData(64, 64), "mural", { strength: 2 })', "strength 2: must be from 0 to 1.5"),
        ('stylizer.paint(new ImageData(64, 64), "mural", { strenght: 1 })', "no control strenght: there are strength"),
        ("stylizer.paint(new ImageData(64, 64))", "give a style"),
        (
            "(() => { const other = new stylizer.constructor(); other.close(); return other.save('mural'); })()",
            "is closed",
        ),
        ('stylizer.paint(new ImageData(64, 64), "mural", {}, { size: 9000 })', "more than 50 megapixels"),
        ('stylizer.open(new Blob(["no"]))', "not a style file"),
        ("stylizer.predict(new ImageData(64, 64))", "nothing but one colour"),
    ],
)
def test_what_is_wrong_is_said(tab: Tab, call: str, words: str) -> None:
    message = tab.page.evaluate(f"{call}.then(() => 'done', (error) => error.message)")
    assert words in message


@pytest.mark.slow
def test_a_picture_that_nobody_waits_for_is_left(tab: Tab) -> None:
    call = """async () => {
      const abort = new AbortController();
      const options = { signal: abort.signal, progress: () => abort.abort() };
      const first = stylizer.paint(new ImageData(2000, 1500), "mural", {}, options);
      const why = await first.catch((error) => error.name);
      const picture = await stylizer.paint(new ImageData(32, 32), "mural");
      return [why, picture.width];
    }"""
    assert tab.page.evaluate(call) == ["AbortError", 32]
