"""What users type for styles becomes slugs, paths and blends, and names of files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto import ImpastoError
from impasto.models.library import search
from impasto.stylize.controls import Controls
from impasto.stylize.typed import find, label, labelled, parse_blend, parse_region, read_styles, styles_of


def test_blends_on_the_command_line() -> None:
    assert parse_blend("mural") == {"mural": 1}
    assert parse_blend("mural:0.6, scream:.4") == {"mural": 0.6, "scream": 0.4}
    for text, words in (
        ("mural:much", "'much' is not a number"),
        ("mural,mural", "named twice"),
        ("mural:0,4", "decimals have a point; write mural:0.4"),
        ("mural:0,6,scream:0,4", "write mural:0.6,scream:0.4"),
    ):
        with pytest.raises(ImpastoError, match=words):
            parse_blend(text)


def test_what_has_the_name_of_a_file_is_a_path() -> None:
    mine = Path("my.safetensors")
    assert parse_blend("./my.safetensors") == {mine: 1}
    assert parse_blend("./my.safetensors:2,mural:.5") == {mine: 2, "mural": 0.5}
    assert parse_blend("painting.jpg, mural") == {Path("painting.jpg"): 1, "mural": 1}
    assert parse_blend(r"C:\my.safetensors") == {Path(r"C:\my.safetensors"): 1}
    assert parse_blend(r"C:\a\my.JPG:.4,D:/x.png") == {Path(r"C:\a\my.JPG"): 0.4, Path("D:/x.png"): 1}
    assert parse_region("sky=.png=painting.jpg:.5,mural") == (Path("sky=.png"), {Path("painting.jpg"): 0.5, "mural": 1})


@pytest.mark.parametrize(
    ("typed", "slug"),
    [
        ("scream", "scream"),
        ("The Scream", "scream"),
        ("munch", "scream"),
        ("edvard MUNCH", "scream"),
        ("Starry Night", "starry-night"),
        ("starry", "starry-night"),
        ("seurat", "grande-jatte"),
        ("星夜", "starry-night"),
    ],
)
def test_styles_are_found_by_artist_and_title(typed: str, slug: str) -> None:
    assert find(typed, None) == find(typed, Path("fast")) == slug
    assert read_styles([f"{typed}:.5,mural:.5"], [], None) == [{slug: 0.5, "mural": 0.5}]


@pytest.mark.parametrize("typed", ["vangogh", "Van Gogh", "gogh"])
def test_a_name_of_several_styles_names_them(typed: str) -> None:
    with pytest.raises(ImpastoError, match=f"style '{typed}': may be starry-night or irises; name one of them"):
        find(typed, None)


@pytest.mark.parametrize("typed", ["nobody", "murale", "-", "the", "night tarry", "", "!", "x" * 300])
def test_a_name_that_means_nothing_stays_for_the_model_to_refuse(typed: str) -> None:
    assert find(typed, None) == typed


@given(st.text(max_size=8))
def test_a_search_finds_only_what_begins_so(words: str) -> None:
    styles = styles_of(Path("fast"))
    letters = "".join(filter(str.isalnum, words.casefold()))
    for slug in search(words, styles):
        info = styles[slug].info
        texts = "".join(filter(str.isalnum, f"{slug} {info.name} {info.name_zh} {info.artist}".casefold()))
        assert letters.isascii() is False or letters in texts


def test_a_file_without_a_known_ending_is_a_painting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("painting", "photo.jpg?width=800", "scream"):
        Path(name).touch()
    assert find("painting", None) == Path("painting")
    assert find("photo.jpg?width=800", None) == Path("photo.jpg?width=800")
    assert find("scream", None) == "scream"  # a style's name goes before a file's


def test_several_styles_are_several_blends_and_all_is_every_one(tmp_path: Path) -> None:
    painting = tmp_path / "a.jpg"
    assert read_styles(["mural", "scream"], [painting], None) == [{"mural": 1}, {"scream": 1}, {painting: 1}]
    every = read_styles(["all"], [], None)
    assert [*map(dict, every)] == [{slug: 1.0} for slug in styles_of(None) if slug != "identity"]
    assert {"mural": 1.0} in every
    with pytest.raises(ImpastoError, match="give --style or --style-image"):
        read_styles([], [], None)


@pytest.mark.parametrize(
    ("typed", "controls", "region", "model", "expected"),
    [
        ("mural", {}, None, None, "mural"),
        ("mural:.5", {}, None, None, "mural"),
        ("mural,scream", {}, None, None, "mural-scream"),
        ("mural:.5,scream:.5", {}, None, None, "mural-scream"),
        ("mural:.6,scream:.4", {}, None, None, "mural-0.6-scream-0.4"),
        ("art/my.jpg:2,mural", {}, None, None, "my-2-mural-1"),
        ("mural", {"strength": 0.8, "keep_color": True}, None, None, "mural-strength-0.8-keep-color"),
        ("mural", {"size": 1024, "stroke": 2}, None, None, "mural-stroke-2-size-1024"),
        ("mural", {}, "masks/sky.png=scream", None, "mural-sky-scream"),
        ("mural", {}, None, Path("models/mine"), "mural-mine"),
        ("mural", {}, None, Path("fast"), "mural-fast"),
    ],
)
def test_what_was_asked_for_is_in_the_name(
    typed: str, controls: dict, region: str | None, model: Path | None, expected: str
) -> None:
    regions = [parse_region(region)] if region else []
    assert label(parse_blend(typed), Controls(**controls), regions, model) == expected


def test_two_styles_of_one_name_are_refused_and_one_given_twice_is_one() -> None:
    first, second = ({Path(folder) / "a.jpg": 1.0} for folder in "xy")
    assert labelled([first, first], ["a", "a"]) == {"a": first}
    with pytest.raises(ImpastoError, match="style 'a': two styles would have this name"):
        labelled([first, second], ["a", "a"])
