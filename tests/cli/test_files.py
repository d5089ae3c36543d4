"""Odd files on the command line: what they become, and what is said of them."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image
from tests.images.files import tiff
from tests.images.test_decoding import cut_out
from tests.images.test_metadata import camera_photo

from impasto.cli.main import main
from impasto.images.formats import FORMATS

PLAIN = ("-s", "mural", "--model", "fast", "--strength", 0)
"""A strength of 0 is the photo itself, and is not painted."""


def stylize(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["stylize", *map(str, arguments)])


@pytest.mark.parametrize("suffix", sorted(set(FORMATS) - {".bmp"}))
def test_strip_metadata(tmp_path: Path, suffix: str) -> None:
    photo, kept, stripped = (tmp_path / name for name in ("photo.jpg", f"kept{suffix}", f"stripped{suffix}"))
    camera_photo(photo)
    assert stylize(photo, *PLAIN, "-o", kept).exit_code == 0
    assert stylize(photo, *PLAIN, "-o", stripped, "--strip-metadata").exit_code == 0
    assert b"a camera" in kept.read_bytes()
    assert b"a camera" not in stripped.read_bytes()
    assert b"46" not in str(dict(Image.open(stripped).getexif().get_ifd(0x8825))).encode()


@pytest.mark.parametrize(("name", "size"), [("picture.webp", 20_000), ("picture.jpg", 70_000)])
def test_a_picture_too_large_for_its_format_is_refused_before_painting(tmp_path: Path, name: str, size: int) -> None:
    Image.new("RGB", (2000, 3)).save(tmp_path / "photo.png")
    out = tmp_path / name
    result = stylize(tmp_path / "photo.png", "-s", "mural", "--model", "fast", "--size", size, "-o", out)
    assert result.exit_code == 2
    assert re.fullmatch(
        rf"impasto: {out}: the picture has {size} × {size * 3 // 2000} pixels, and \w+ holds at most \d+ a side; "
        "give a PNG or TIFF as --out, or a smaller --size\n",
        result.stderr,
    )
    assert not out.exists()


def test_no_size_without_a_bound(tmp_path: Path) -> None:
    Image.new("RGB", (40, 30)).save(tmp_path / "photo.png")
    result = stylize(tmp_path / "photo.png", *PLAIN, "--size", 30_000, "-o", tmp_path / "picture.png")
    assert result.exit_code == 2
    assert "photo.png: would get more than 250 megapixels; raise --max-megapixels" in result.stderr
    result = stylize(tmp_path / "photo.png", *PLAIN, "--size", 80, "--max-megapixels", 0.1, "-o", tmp_path / "p.png")
    assert result.exit_code == 0


def test_standard_output_has_the_format_of_a_phones_photo(tmp_path: Path) -> None:
    first, second = Image.new("RGB", (24, 16), "red"), Image.new("RGB", (12, 8), "blue")
    first.save(tmp_path / "phone.jpg", "MPO", save_all=True, append_images=[second])
    result = stylize(tmp_path / "phone.jpg", *PLAIN, "-o", "-")
    assert Image.open(io.BytesIO(result.stdout_bytes)).format == "JPEG"


def test_a_phones_photo_is_a_style_image(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "phone.jpg", "MPO", save_all=True, append_images=[Image.new("RGB", (9, 9))])
    (tmp_path / "download").write_bytes((tmp_path / "phone.jpg").read_bytes())
    for name in ("phone.jpg", "download"):
        photo, out = tmp_path / "phone.jpg", tmp_path / f"{name}.png"
        result = stylize(photo, "-s", tmp_path / name, "--model", "fast", "--strength", 0, "-o", out)
        assert result.exit_code == 0, result.output


def test_a_sheet_shows_transparent_parts_white(tmp_path: Path) -> None:
    Image.fromarray(cut_out(0)).save(tmp_path / "cut-out.png")
    out = tmp_path / "sheet.png"
    arguments = ["sheet", str(tmp_path / "cut-out.png"), "--model", "fast", "--width", "40", "-o", str(out)]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    photo = np.asarray(Image.open(out))[26 : 26 + 40, :40]
    assert photo[0, 0].tolist() == [255, 255, 255]
    assert photo[20, 20].tolist() == [200, 30, 40]


def test_no_library_writes_to_the_terminal(tmp_path: Path) -> None:
    """What Pillow warns of, and what libtiff prints beside Python, in one folder; each stands in our own words."""
    album = tmp_path / "album"
    album.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (90, 90, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(album / "broken.tif", compression="tiff_lzw")
    content = bytearray((album / "broken.tif").read_bytes())
    content[2000:2400] = b"\xff" * 400
    (album / "broken.tif").write_bytes(content)
    tiff(album / "tags.tif", pixels[..., 0], t271=(2, b"a camera\0"), t65000=(4, (1, 2, 3)), t34665=(4, (5_000_000,)))
    tiff(album / "floats.tif", np.array([[np.nan, np.inf, 1e30, 0.5]], np.float32), kind=3)
    Image.new("L", (10_000, 9_000)).save(album / "large.png")  # Pillow warns of 90 megapixels
    Image.new("P", (8, 8)).save(album / "palette.png", transparency=bytes(range(8)))
    command = [sys.executable, "-W", "default", "-m", "impasto", "stylize", album, *PLAIN, "--size", "16"]
    ended = subprocess.run(
        [*map(str, command), "-o", str(tmp_path / "out")], capture_output=True, text=True, timeout=300, check=False
    )
    said = [line for line in ended.stderr.splitlines() if "photo:" not in line and line.strip()]
    assert said[0].startswith("impasto: 1 of 5 photos failed") or "damaged metadata" in said[0], ended.stderr
    assert "broken.tif: is damaged" in ended.stderr
    assert not re.search(r"Warning|LZW|TIFF\w+:|_TIFF|warnings\.warn", ended.stderr), ended.stderr
