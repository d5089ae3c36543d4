"""Which model `impasto stylize` takes, and what it says of it."""

from __future__ import annotations

import functools
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import impasto
from impasto import ImpastoError
from impasto.cli.main import main
from impasto.models import library
from impasto.models.model import load_model
from impasto.runtime import load_runtime
from impasto.runtime.base import Runtime
from impasto.stylize import stylizer


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@functools.cache
def runtime_of(path: Path, at_once: int) -> Runtime:
    """A model's network, compiled once for all tests here."""
    return load_runtime("openvino", load_model(path), at_once=at_once)


@pytest.fixture(autouse=True)
def _compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stylizer, "load_runtime", lambda _, model, __, at_once, ___: runtime_of(model.path, at_once))


@pytest.fixture(autouse=True)
def _no_styles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No styles of one's own."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def mine(model: str, slug: str = "mine") -> Path:
    """A style of one's own for a model."""
    loaded = load_model(model)
    return library.keep(loaded.styles["mural"].renamed(slug), loaded)


@pytest.fixture
def asked_for(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """The model that `impasto stylize` would load with some arguments, which ends before it does."""

    def load(name: object, **more: object) -> None:
        raise ImpastoError(f"asked for {name}")

    def ask(*arguments: object) -> str:
        with monkeypatch.context() as patch:
            patch.setattr(stylizer, "load", load)
            error = invoke("stylize", *arguments).stderr
        assert "impasto: asked for " in error
        return error.split()[-1]

    return ask


def test_the_quicker_model_paints_unless_another_is_named(asked_for: Callable[..., str], photo: Path) -> None:
    mural = ("-s", "mural")
    assert asked_for(photo, *mural) == "fast"
    assert asked_for(photo, "--style-image", photo) == "fast"
    assert asked_for(photo, *mural, "--model", "paper") == "paper"
    assert asked_for(photo, *mural, "--model", "elsewhere/model") == "elsewhere/model"
    assert asked_for(photo.with_name("none.jpg"), *mural) == "fast"


def test_a_picture_is_what_the_named_model_paints(photo: Path, tmp_path: Path) -> None:
    for name, options in (("a.png", ()), ("b.png", ("--model", "paper")), ("c.png", ("--model", "fast"))):
        assert invoke("stylize", photo, "-s", "mural", "-o", tmp_path / name, *options).exit_code == 0
    chosen, paper, fast = ((tmp_path / name).read_bytes() for name in ("a.png", "b.png", "c.png"))
    assert chosen == fast != paper


def test_one_line_says_by_which_model_and_names_the_other(photo: Path, tmp_path: Path) -> None:
    out = ("-s", "mural", "-o", tmp_path / "out.png")
    for options, words in (
        ((photo, *out), ("(fast, ", " s; --model paper takes longer and comes nearer to the painting)")),
        ((photo, *out, "--model", "fast"), ("(fast, ", " s)")),
    ):
        result = invoke("stylize", *options)
        assert (result.stdout.count("\n"), result.stderr) == (1, "")
        assert all(each in result.stdout for each in words)
        assert ("--model" in result.stdout) == ("--model" in words[1])


def test_a_batch_takes_both_models_where_its_styles_need_both_and_says_so_once(
    photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine("paper")
    loaded = []
    load = stylizer.load
    monkeypatch.setattr(stylizer, "load", lambda name, **more: loaded.append(name) or load(name, **more))
    another = photo.with_name("another.jpg")
    another.write_bytes(photo.read_bytes())
    photos = ["stylize", photo, another, "-o", tmp_path / "out"]
    result = invoke(*photos, "-s", "mural", "-s", "mine", "--json")
    models = {Path(line["picture"]).name: line["model"] for line in map(json.loads, result.stdout.splitlines())}
    assert models == {
        "photo-mural.jpg": "fast",
        "another-mural.jpg": "fast",
        "photo-mine.jpg": "paper",
        "another-mine.jpg": "paper",
    }
    assert (sorted(loaded), result.stderr) == (["fast", "paper"], "")

    result = invoke(*photos, "-s", "mural")
    assert "fast" not in result.stdout
    assert result.stderr == "impasto: 2 by fast; --model paper takes longer and comes nearer to the painting\n"
    assert invoke(*photos, "-s", "mural", "--model", "fast").stderr == ""


def test_a_style_of_ones_own_is_painted_by_the_model_that_has_it(
    asked_for: Callable[..., str], photo: Path, tmp_path: Path
) -> None:
    file = mine("paper")
    mine("fast", "other")
    for style in ("mine", "mine:.5,mural:.5", file, f"{file}:.5,{photo}:.5"):
        assert asked_for(photo, "-s", style) == "paper"
    assert asked_for(photo, "-s", "mural", "--region", "mask.png=mine") == "paper"
    assert asked_for(photo, "-s", "other") == "fast"
    result = invoke("stylize", photo, "-s", "mine", "-o", tmp_path / "out.png")
    assert "(paper, " in result.stdout
    assert "--model" not in result.stdout  # the other one could not paint it
    mine("fast")
    assert asked_for(photo, "-s", "mine") == "fast"


def test_a_style_that_no_model_has_is_refused(photo: Path) -> None:
    mine("fast")
    mine("paper", "other")
    for style, words in (("nobody", "no style 'nobody'"), ("mine,other", "'other': was made for another network")):
        result = invoke("stylize", photo, "-s", style)
        assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
        assert words in result.stderr


def test_styles_of_ones_own_are_listed_and_changed_whichever_model_has_them(tmp_path: Path) -> None:
    file = mine("fast")
    mine("paper", "other")
    listed = json.loads(invoke("styles", "--json").stdout)
    network = {style["slug"]: style["network"] for style in listed}
    assert list(network)[-2:] == ["mine", "other"]
    assert network["mine"] == load_model("fast").info.network == network["mural"] != network["other"]
    assert "mine" not in invoke("styles", "--model", "paper").stdout
    assert invoke("styles", "export", "mine", "-o", tmp_path / "mine.safetensors").exit_code == 0
    assert invoke("styles", "rename", "mine", "yours").exit_code == 0
    assert invoke("styles", "import", tmp_path / "mine.safetensors").stdout.strip() == str(file)
    assert invoke("styles", "remove", "yours").exit_code == 0
    assert [path.name for path in file.parent.iterdir()] == ["mine.safetensors"]


@pytest.mark.parametrize("command", [("stylize", "photo.jpg", "-s", "mural", "--json"), ("styles",), ("info",)])
def test_quality_is_another_word_for_paper(
    command: tuple[str, ...], photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(photo.parent)
    old, new = invoke(*command, "--quality"), invoke(*command, "--model", "paper")
    assert (old.exit_code, old.stderr) == (0, "impasto: --quality is now called --model paper\n")
    timeless = [re.sub(r'"seconds":[\d.]+', "", result.stdout) for result in (old, new)]
    assert timeless[0] == timeless[1]
    assert "--quality" not in re.split(r"[\s,]+", invoke(command[0], "--help").stdout)


def test_a_model_that_is_named_goes_before_quality(asked_for: Callable[..., str], photo: Path) -> None:
    assert asked_for(photo, "-s", "mural", "--quality").endswith("paper")
    assert asked_for(photo, "-s", "mural", "--quality", "--model", "fast").endswith("fast")


def test_the_model_may_be_named_before_and_after_what_is_done(tmp_path: Path) -> None:
    for before, after in ((("--model", "fast"), ()), ((), ("--model", "fast")), ((), ())):
        file = mine("fast")
        assert invoke("styles", *before, "remove", "mine", *after).exit_code == 0
        assert not file.exists()
    mine("paper")
    result = invoke("styles", "--model", "paper", "remove", "mine", "--model", "fast")
    assert (result.exit_code, result.stderr) == (2, "impasto: no style of your own 'mine': there are none\n")


def test_a_model_is_called_as_it_was_typed(trained: Path, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(photo.parent)
    shutil.copytree(trained, "my-model")
    for typed in ("my-model", "./my-model/"):
        result = invoke("stylize", photo, "-s", "mural", "-o", "a.png", "--model", typed)
        assert "a.png  (my-model, " in result.stdout
    mine("fast")
    assert (
        "'mine': was made for another network than 'my-model'"
        in invoke("stylize", photo, "-s", "mine", "--model", "my-model").stderr
    )
    assert (
        "'mine': was made for another network than 'paper'"
        in invoke("stylize", photo, "-s", "mine", "--model", "paper").stderr
    )


def test_an_unknown_model_is_refused_with_near_ones(photo: Path) -> None:
    result = invoke("stylize", photo, "-s", "mural", "--model", "papr")
    assert (result.exit_code, result.stderr) == (2, "impasto: no model 'papr': did you mean paper?\n")


def test_python_takes_the_default_too() -> None:
    assert impasto.load().model.name == "fast"
    assert impasto.load("fast").model.name == "fast"
