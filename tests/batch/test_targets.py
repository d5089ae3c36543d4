"""Which photo becomes which file."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto import ImpastoError
from impasto.batch.targets import STREAM, Naming, find_targets


def targets(photos: tuple[Path, ...], out: Path, styles: tuple[str, ...] = ("mural",), **more: object) -> list[tuple]:
    """Photo and picture of every target."""
    found = find_targets(photos, styles, Naming(out=out, **more))  # type: ignore[arg-type]
    return [(photo, picture) for photo, _, picture in found]


def make(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


@pytest.fixture
def album(tmp_path: Path) -> Path:
    return make(tmp_path / "album", "b.jpg", "a.HEIC", "deep/c.gif", "deep/er/d.png", ".hidden.png", "notes.txt")


def test_one_photo_becomes_the_file_that_is_named(tmp_path: Path) -> None:
    photo = Path("photo.jpg")
    assert targets((photo,), tmp_path / "a.webp") == [(photo, tmp_path / "a.webp")]
    assert targets((STREAM,), STREAM) == [(STREAM, STREAM)]
    with pytest.raises(ImpastoError, match="no picture format"):
        targets((photo,), Path("a.xyz"))


def test_photos_are_named_after_their_style(tmp_path: Path) -> None:
    photos = (Path("x/one.jpg"), Path("two.gif"))  # GIF is read, not written
    assert targets(photos, tmp_path) == [
        (photos[0], tmp_path / "one-mural.jpg"),
        (photos[1], tmp_path / "two-mural.png"),
    ]


def test_a_folder_is_mirrored_without_what_is_no_photo(album: Path) -> None:
    out = make(album / "out", "deep/c-mural.png")  # a picture of before, not a photo
    found = dict(targets((album,), out))
    assert found.pop(album / "b.jpg") == out / "b-mural.jpg"
    assert found.pop(album / "deep/c.gif") == out / "deep/c-mural.png"
    assert found.pop(album / "deep/er/d.png") == out / "deep/er/d-mural.png"
    assert list(found) == [album / "a.HEIC"]


def test_out_may_be_any_folder_above(album: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(album.parent)
    assert (Path("album/deep/c.gif"), Path("deep/c-mural.png")) in targets((Path("album"),), Path())
    assert len(targets((Path("album/deep"),), Path())) == 2
    assert len(targets((album,), album.parent.parent)) == 4


def test_hidden_and_system_folders_are_left_out_and_folders_are_no_photos(album: Path) -> None:
    make(album, ".thumbs/a.jpg", "deep/@eaDir/b.jpg", "__MACOSX/._b.jpg", "__MACOSX/b.jpg", "trip.jpg/e.jpg")
    photos = {str(photo.relative_to(album)) for photo, _ in targets((album,), album.parent / "out")}
    assert photos == {"b.jpg", "a.HEIC", "deep/c.gif", "deep/er/d.png", "trip.jpg/e.jpg"}
    assert targets((album / "trip.jpg",), album.parent / "out")[0][1] == album.parent / "out" / "e-mural.jpg"


def test_a_hidden_folder_that_is_named_is_searched(tmp_path: Path) -> None:
    hidden = make(tmp_path / ".album", "a.jpg")
    assert targets((hidden,), tmp_path / "out") == [(hidden / "a.jpg", tmp_path / "out" / "a-mural.jpg")]


@pytest.mark.parametrize(("depth", "count"), [(1, 2), (2, 3), (3, 4), (None, 4)])
def test_depth_is_the_number_of_levels(album: Path, depth: int | None, count: int) -> None:
    assert len(targets((album,), album.parent / "out", depth=depth)) == count


def test_photos_of_one_stem_get_different_names_in_any_order(tmp_path: Path) -> None:
    folder, out = make(tmp_path / "in", "a.gif", "a.png", "a.ppm"), tmp_path / "out"
    names = {"a.gif": "a.gif-mural.png", "a.png": "a-mural.png", "a.ppm": "a.ppm-mural.png"}
    assert {photo.name: picture.name for photo, picture in targets((folder,), out)} == names
    several = tuple(folder / name for name in ("a.png", "a.ppm", "a.gif"))
    assert {photo.name for photo, _ in targets(several, out)} == set(names)
    assert len({picture for _, picture in targets((folder,), out, format="jpg")}) == 3


def test_every_style_has_a_picture_and_a_second_one_has_another_name(album: Path) -> None:
    out = album.parent / "out"
    both = targets((album,), out, ("mural", "scream"))
    assert len({picture for _, picture in both}) == 8
    assert {*both} == {*targets((album,), out)} | {*targets((album,), out, ("scream",))}


def test_pictures_of_several_styles_never_have_one_name(tmp_path: Path) -> None:
    with pytest.raises(ImpastoError, match=r"would be written to .*a.jpg like a.jpg; .* {stem} and {style}"):
        targets((Path("a.jpg"),), tmp_path, ("mural", "scream"), name="{stem}")
    both = (Path("cat.jpg"), Path("cat-mural.jpg"))
    assert len(targets(both, tmp_path, ("scream",))) == 2
    with pytest.raises(ImpastoError, match=r"would be written to .*cat-mural-scream.jpg like cat.jpg"):
        targets(both, tmp_path, ("mural-scream", "scream"))


def test_names_formats_and_folders_of_styles(album: Path) -> None:
    out, photo = album.parent / "out", (album / "b.jpg",)
    assert targets(photo, out, name="{style} of {stem}")[0][1] == out / "mural of b.jpg"
    assert targets(photo, out, name="{style}/{stem}")[0][1] == out / "mural" / "b.jpg"
    assert targets(photo, out, format="webp")[0][1] == out / "b-mural.webp"
    assert (album / "deep/c.gif", out / "deep/mural/c.tiff") in targets(
        (album,), out, name="{style}/{stem}", format="tiff"
    )
    assert targets((Path("a.b.{c}.jpg"),), out)[0][1].name == "a.b.{c}-mural.jpg"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("{photo}", "only {stem} and {style} are replaced"),
        ("{stem.parent}", "only {stem} and {style} are replaced"),
        ("{stem!r}", "only {stem} and {style} are replaced"),
        ("{}", "only {stem} and {style} are replaced"),
        ("{stem", "write {stem}-{style}"),
        ("", "is not a name inside --out"),
        ("{stem}/", "is not a name inside --out"),
        ("../{stem}", "is not a name inside --out"),
        ("/{stem}", "is not a name inside --out"),
        ("{stem}.jpg", "--format jpg adds it"),
    ],
)
def test_what_is_no_name_is_said(name: str, message: str) -> None:
    with pytest.raises(ImpastoError, match=message):
        Naming(name=name)


@pytest.mark.parametrize("link", [False, True])
def test_a_picture_takes_no_photos_place_unless_it_may(tmp_path: Path, link: bool) -> None:
    photo = make(tmp_path, "photo.jpg") / "photo.jpg"
    out = tmp_path / "other.jpg" if link else tmp_path / "." / "photo.jpg"
    if link:
        out.symlink_to(photo)
    with pytest.raises(ImpastoError, match="is a photo, which its own picture would replace"):
        targets((photo,), out)
    with pytest.raises(ImpastoError, match="its own picture would replace"):
        targets((photo,), tmp_path, name="{stem}")
    assert targets((photo,), out, overwrite=True) == [(photo, out)]
    make(tmp_path, "photo-mural.jpg")
    with pytest.raises(ImpastoError, match=r"which the picture of .*photo.jpg would replace"):
        targets((photo, tmp_path / "photo-mural.jpg"), tmp_path)


def test_a_photo_that_is_given_twice_is_painted_once(tmp_path: Path) -> None:
    assert len(targets((Path("a.jpg"), Path("a.jpg")), tmp_path)) == 1


def test_a_photo_whose_name_no_system_has_is_left_to_its_job(tmp_path: Path) -> None:
    photo = Path("x" * 300 + ".jpg")
    ((found, picture),) = targets((photo,), tmp_path)
    assert found == photo
    assert len(picture.name) <= 255
    assert targets((photo,), tmp_path / photo) == [(photo, tmp_path / photo)]


def test_long_names_are_cut_and_stay_different(tmp_path: Path) -> None:
    stems = [f"{'é' * 125}{number}" for number in range(2)] + ["x" * 251]
    folder = make(tmp_path / "in", *(f"{stem}.jpg" for stem in stems))
    pictures = [picture for _, picture in targets((folder,), tmp_path / "out")]
    assert len({*pictures}) == 3
    for picture in pictures:
        assert len(os.fsencode(picture.name)) <= 255
        assert picture.name.endswith("-mural.jpg")
    make(tmp_path / "out", *(picture.name for picture in pictures))


@given(st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=250), st.sampled_from(["a", "b" * 90]))
def test_no_name_is_longer_than_systems_allow(stem: str, style: str) -> None:
    try:
        os.fsencode(stem)
    except UnicodeEncodeError:
        return
    assert len(os.fsencode(Naming().picture(stem, style, ".jpg").name)) <= 255


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="names are Unicode there")
def test_names_that_are_no_utf8_are_kept_byte_by_byte(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9.jpg"
    Path(os.fsdecode(name)).touch()
    ((photo, picture),) = targets((tmp_path,), tmp_path / "out")
    assert os.fsencode(photo) == name
    assert os.fsencode(picture.name) == b"caf\xe9-mural.jpg"


@pytest.mark.parametrize(
    ("photos", "out", "message"),
    [
        (("album",), "album", "be written among its photos"),
        (("album",), "all.png", "give a folder as --out"),
        (("one.jpg", "two.jpg"), "all.png", "give a folder as --out"),
        (("one.jpg", "two.jpg"), "-", "give a folder as --out"),
        (("x/one.jpg", "y/one.jpg"), "out", "stylize them apart"),
        (("-",), "out", "has no name"),
        (("empty",), "out", "no photos in it"),
    ],
)
def test_what_cannot_be_is_said(
    album: Path, monkeypatch: pytest.MonkeyPatch, photos: tuple[str, ...], out: str, message: str
) -> None:
    monkeypatch.chdir(album.parent)
    Path("empty").mkdir()
    with pytest.raises(ImpastoError, match=message):
        targets(tuple(map(Path, photos)), Path(out))


def test_one_file_holds_one_picture_of_its_format() -> None:
    with pytest.raises(ImpastoError, match="one file for several pictures"):
        targets((Path("a.jpg"),), Path("b.jpg"), ("mural", "scream"))
    with pytest.raises(ImpastoError, match="does not match --format png"):
        targets((Path("a.jpg"),), Path("b.jpg"), format="png")
    assert targets((Path("a.jpg"),), Path("b.JPEG"), format="jpg") == [(Path("a.jpg"), Path("b.JPEG"))]


def test_two_photos_whose_pictures_differ_by_case_only_are_refused_where_they_would_be_one_file(tmp_path: Path) -> None:
    photos = (Path("x/A.jpg"), Path("y/a.jpg"))
    assert len(targets(photos, tmp_path, folds=False)) == 2
    with pytest.raises(ImpastoError, match=r"y.a\.jpg: would be written to .*a-mural\.jpg like x.A\.jpg"):
        targets(photos, tmp_path, folds=True)
    # What changes its ending gets out of the way, as it does for the same name.
    kept = dict(targets((Path("x/A.gif"), Path("y/a.png")), tmp_path, folds=True))
    assert kept == {Path("x/A.gif"): tmp_path / "A.gif-mural.png", Path("y/a.png"): tmp_path / "a-mural.png"}


def test_pictures_have_names_that_windows_takes() -> None:
    naming = Naming(name="{style}\\{stem}", windows=True)
    assert naming.picture_of("trip./aux.jpg", "mural") == "trip%2E/mural/%61ux.jpg"
    assert naming.picture("a:b", "mural", ".jpg") == Path("mural/a%3Ab.jpg")
    assert Naming(windows=False).picture_of("trip./aux.jpg", "mural") == "trip./aux-mural.jpg"


@pytest.mark.parametrize(
    "name", ["C:{stem}", "\\{stem}", "C:\\{stem}", "..\\{stem}", "{stem}\\", "\\\\host\\share\\{stem}"]
)
def test_names_with_drives_and_backslashes_stay_below_the_folder(name: str) -> None:
    with pytest.raises(ImpastoError, match="is not a name inside --out"):
        Naming(name=name, windows=True)
    assert Naming(name=name, windows=False).name == name  # elsewhere these are usual letters
