"""What public functions say to what is no path and no name: one sentence, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import impasto
from impasto import ImpastoError, Style
from impasto.batch.ray import Paint
from impasto.models.model import Model, load_model
from impasto.nn import StyleTransferNetwork
from impasto.nn.load import load_network, load_predictor
from impasto.nn.save import save_network
from impasto.styles.style import StyleInfo

FRAME = np.zeros((48, 64, 3), np.uint8)
NO_NAME: list[Any] = [5, 2.5, b"folder", ["a"], ""]
"""Neither a name nor a path, whatever a parameter is."""
NO_PATH = [*NO_NAME, "a\0b", "x" * 5000, "none/a", "text/a"]
"""Nor a path: no file can be called so, or its folder is missing, or is a file."""
Calls = dict[str, tuple[list[Any], Callable[[Any], Any]]]


def _of_stylizers(stylizer: impasto.Stylizer) -> Calls:
    return {
        "load model": ([*NO_PATH, "folder", "text"], impasto.load),
        "load runtime": ([*NO_NAME, None], lambda given: impasto.load(runtime=given)),
        "load precision": ([*NO_NAME, None], lambda given: impasto.load(precision=given)),
        "photo": ([*NO_PATH, None, "folder", "text"], lambda given: stylizer(given, "mural")),
        "style": ([*NO_PATH, None, "folder"], lambda given: stylizer(FRAME, given)),
        "style file": (["folder", "text/a", "none/a"], lambda given: stylizer(FRAME, Path(given))),
        "style image": ([*NO_PATH, None, "folder"], lambda given: stylizer(FRAME, style_image=given)),
        "mask": ([*NO_PATH, None, "folder"], lambda given: stylizer(FRAME, "mural", regions=[(given, "mural")])),
        "painting": ([*NO_PATH, None, "folder"], stylizer.predict),
        "film": ([*NO_PATH, None, "folder"], lambda given: next(stylizer.video(given, "mural"))),
        "key frames": ([*NO_NAME, [("a", "mural")]], lambda given: next(stylizer.video([FRAME], given))),
        "other model": ([*NO_NAME, None, "fast"], stylizer.with_model),
        "array": ([*NO_NAME, None, "photo.png"], stylizer.reproduce),
    }


def _of_styles(style: Style) -> Calls:
    return {
        "save": ([*NO_PATH, None, "folder"], style.save),
        "load": ([*NO_PATH, None, "folder", "text"], Style.load),
        "info": ([*NO_NAME, None], lambda given: Style(given, style.row)),
        "new slug": ([*NO_NAME, None], style.renamed),
        "title": ([5, None, b"a", ["a"]], lambda given: StyleInfo(slug="mine", name=given)),
        "parts": ([*NO_NAME, None, [(style, None)]], impasto.blend),
        "slug of a blend": ([*NO_NAME, None], lambda given: impasto.blend([(style, 1)], given)),
    }


def _of_fits() -> Calls:
    def add(given: Any = "mine", **options: Any) -> Style:
        return impasto.add_style("photo.png", given, as_is=True, **options)

    return {
        "paintings": ([*NO_PATH, None, [], "folder"], lambda given: impasto.add_style(given, "mine")),
        "name": ([*NO_NAME, None, "No Slug"], add),
        "to": ([*NO_PATH, "folder"], lambda given: add(to=given)),
        "content": ([*NO_PATH, "folder", "text"], lambda given: add(content=given)),
        "title of a fit": ([5, None, b"a"], lambda given: add(title=given)),
        "weights": ([*NO_PATH, "folder", "text"], lambda given: add(vgg=given)),
    }


def _of_batches() -> Calls:
    texts = ("style", "region", "model", "runtime", "precision", "column", "name", "format")
    calls: Calls = {
        text: (
            [5, 2.5, b"a", ["a"], None],
            lambda given, text=text: impasto.batch("photos", **{"target": "painted", text: given}),
        )
        for text in texts
    }
    return calls | {
        "source": ([*NO_PATH, None, "folder"], lambda given: impasto.batch(given, "mural", "painted")),
        "target": ([*NO_NAME, None, "a\0b", "text/a"], lambda given: impasto.batch("photos", "mural", given)),
        "on": ([*NO_NAME, None], lambda given: impasto.batch("photos", "mural", "painted", on=given)),
        "style of a step": ([5, None, b"a", ["a"], ""], Paint),
        "target of a step": ([5, None, b"a", ["a"], "a\0b"], lambda given: Paint("mural", given)),
        "address": ([5, ["a"]], lambda given: impasto.batch("photos", "mural", "painted", address=given)),
    }


def _of_networks(model: Model) -> Calls:
    network = load_network(model)
    return {
        "network": ([*NO_NAME, None, "fast"], load_network),
        "predictor": ([*NO_NAME, None, "fast"], load_predictor),
        "architecture": ([*NO_NAME, None], StyleTransferNetwork),
        "saved network": ([*NO_NAME, None], lambda given: save_network(given, model, "new")),
        "saved model": ([*NO_NAME, None], lambda given: save_network(network, given, "new")),
        "saved predictor": (NO_NAME, lambda given: save_network(network, model, "new", predictor=given)),
        "out": (
            [*NO_NAME, None, "a\0b", "text/a", "folder", "text"],
            lambda given: save_network(network, model, given),
        ),
    }


@pytest.mark.parametrize("kind", ["stylizers", "styles", "fits", "batches", "networks"])
def test_each_is_refused_in_a_sentence(
    kind: str, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    for folder in ("folder", "photos"):
        Path(folder).mkdir()
    Path("text").write_text("no picture")
    Image.fromarray(FRAME).save("photos/a.png")
    Image.effect_noise((64, 48), 80).convert("RGB").save("photo.png")
    stylizer = impasto.load(trained)
    made = {
        "stylizers": lambda: _of_stylizers(stylizer),
        "styles": lambda: _of_styles(stylizer.styles["mural"]),
        "fits": _of_fits,
        "batches": _of_batches,
        "networks": lambda: _of_networks(load_model(trained)),
    }
    before = {*tmp_path.iterdir()}
    for name, (given, call) in made[kind]().items():
        for each in given:
            with pytest.raises(ImpastoError) as caught:  # anything else says nothing to a user
                call(each)
            assert len(str(caught.value).splitlines()) == 1, name
            assert len(str(caught.value)) < 400, name
    assert {*tmp_path.iterdir()} - before <= {tmp_path / "painted", tmp_path / "data"}
