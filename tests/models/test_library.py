"""The user's own styles: kept, listed, found, shared and removed; what is wrong is said in one line."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner

import impasto
from impasto import ImpastoError, Style
from impasto.cli.main import main
from impasto.models import library
from impasto.models.model import Model, load_model


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def model(trained: Path) -> Model:
    return load_model(trained)


def named(style: Style, slug: str, **changes: object) -> Style:
    return dataclasses.replace(style, info=msgspec.structs.replace(style.info, slug=slug, **changes))


@pytest.fixture
def mine(model: Model) -> Style:
    """A style between two of the model's."""
    return impasto.blend([(model.styles["mural"], 1), (model.styles["stained-glass"], 1)], "mine")


def call(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, list(map(str, arguments)), prog_name="impasto")
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.stdout, result.stderr


def test_a_kept_style_paints_like_any(trained: Path, model: Model, mine: Style, photo: Path) -> None:
    before = np.asarray(impasto.load(trained)(photo, "mural"))
    path = library.keep(mine, model)
    stylizer = impasto.load(trained)
    assert list(stylizer.styles) == [*model.styles, "mine"]
    expected = np.asarray(stylizer(photo, {"mural": 1, "stained-glass": 1}))
    for style in ("mine", mine, path, {path: 2}):
        assert np.array_equal(np.asarray(stylizer(photo, style)), expected)
    assert np.array_equal(np.asarray(stylizer(photo, "mural")), before)


def test_styles_are_for_one_network(trained: Path, model: Model, mine: Style, tmp_path: Path) -> None:
    other = named(mine, "other", network="another")
    with pytest.raises(ImpastoError, match="another network"):
        library.keep(other, model)
    with pytest.raises(ImpastoError, match="different networks"):
        impasto.blend([(mine, 1), (other, 1)])
    other.save(tmp_path / "other.safetensors")
    status, _, error = call("styles", "--model", trained, "import", tmp_path / "other.safetensors")
    assert (status, error.count("\n")) == (2, 1)
    assert "another network" in error
    # The same name, kept for another network.
    path = library.root() / "another" / "other.safetensors"
    path.parent.mkdir(parents=True)
    other.save(path)
    with pytest.raises(ImpastoError, match="add the style to this one with impasto add-style"):
        library.find("other", library.with_own_styles(model))


@pytest.mark.parametrize(
    ("name", "replace", "message"),
    [
        ("mural", True, "choose another"),
        ("identity", False, "choose another"),
        ("all", True, "means every style"),
        ("aux", False, "Windows reserves it for a device"),
        ("mine", False, "--replace"),
        ("My Style!", False, "such as my-style"),
        ("../up", False, "such as up"),
    ],
)
def test_names_that_cannot_be_had(model: Model, mine: Style, name: str, replace: bool, message: str) -> None:
    library.keep(mine, model)
    with pytest.raises(ImpastoError, match=message):
        library.keep(named(mine, name), model, replace=replace)


def test_a_style_of_ones_own_can_be_replaced(model: Model, mine: Style) -> None:
    library.keep(mine, model)
    library.keep(named(mine, "mine", artist="me"), model, replace=True)
    assert library.with_own_styles(model).styles["mine"].info.artist == "me"


def test_broken_files_are_left_out_with_a_warning(
    trained: Path, model: Model, mine: Style, caplog: pytest.LogCaptureFixture
) -> None:
    library.keep(mine, model)
    (library.folder(model) / "broken.safetensors").write_bytes(b"no style")
    assert "mine" in impasto.load(trained).styles
    assert "broken.safetensors: damaged" in caplog.text


def test_command_line(trained: Path, model: Model, mine: Style, photo: Path, tmp_path: Path) -> None:
    file = tmp_path / "file.safetensors"
    mine.save(file)
    styles = ["styles", "--model", trained]
    assert call(*styles, "import", file, "--name", "ours")[0] == 0
    listed = json.loads(call(*styles, "--json")[1])
    assert [info["slug"] for info in listed] == [*model.styles, "ours"]
    assert call(*styles, "rename", "ours", "theirs")[0] == 0
    assert call(*styles, "export", "theirs", "-o", tmp_path / "theirs.safetensors")[0] == 0
    assert np.array_equal(Style.load(tmp_path / "theirs.safetensors").row, mine.row)
    picture = tmp_path / "picture.png"
    assert call("stylize", photo, "-s", "theirs:0.5,mural:0.5", "-o", picture, "--model", trained)[0] == 0
    assert call(*styles, "remove", "theirs")[0] == 0
    assert "theirs" not in call(*styles)[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rename", "mural", "other"], "comes with "),
        (["remove", "nothing"], "no style of your own 'nothing'"),
        (["remove", "../../x"], "no style of your own"),
        (["export", "nothing"], "no style 'nothing'"),
        (["export", "mural", "-o", "mural.png"], "mural.safetensors"),
        (["export", "mural", "-o", "no/folder/mural.safetensors"], "No such file"),
        (["import", "nothing.safetensors"], "no such file"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(trained: Path, arguments: list[str], message: str) -> None:
    status, _, error = call("styles", "--model", trained, *arguments)
    assert (status, error.count("\n")) == (2, 1)
    assert message in error


def test_a_style_folder_that_cannot_be_written(model: Model, mine: Style) -> None:
    library.root().parent.mkdir(parents=True)
    library.root().write_text("a file where the folder should be")
    with pytest.raises(ImpastoError, match="make it writable"):
        library.keep(mine, model)


def test_appended_styles_belong_to_the_model(trained: Path, mine: Style, photo: Path, tmp_path: Path) -> None:
    copy = tmp_path / "model"
    shutil.copytree(trained, copy)
    library.append(mine, load_model(copy))
    slugs = list(load_model(trained).styles)
    assert list(load_model(copy).styles) == [*slugs, "mine"]
    for runtime in ("openvino", "torch"):
        before, after = (impasto.load(folder, runtime=runtime) for folder in (trained, copy))
        for slug in slugs:
            assert np.array_equal(np.asarray(before(photo, slug)), np.asarray(after(photo, slug)))
    with pytest.raises(ImpastoError, match="choose another"):
        library.append(mine, load_model(copy))
