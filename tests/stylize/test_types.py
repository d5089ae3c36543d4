"""What type checkers know of a call: an image gives an image, an array an array, a list a list."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import impasto

api = pytest.importorskip("mypy.api")

SCRIPT = """
import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

import impasto

stylizer = impasto.load()
plan = stylizer.plan("mural")
array: npt.NDArray[np.uint8] = np.zeros((9, 9, 3), np.uint8)
image = Image.new("RGB", (9, 9))
mask: npt.NDArray[np.bool_] = np.ones((9, 9), np.bool_)
reveal_type(stylizer("a.jpg", "mural", strength=0.5, max_megapixels=300))  # Image
reveal_type(stylizer(Path("a.jpg"), {"mural": 0.5, Path("b.jpg"): 0.5}, regions=[(mask, "scream")]))  # Image
reveal_type(stylizer(b"", style_image=b""))  # Image
reveal_type(stylizer(io.BytesIO(), "mural:1,scream:2"))  # Image
reveal_type(stylizer(image, "mural"))  # Image
reveal_type(stylizer(array, "mural"))  # ndarray
reveal_type(stylizer([array, array], "mural"))  # list[ndarray]
reveal_type(stylizer((array,), "mural"))  # list[ndarray]
reveal_type(stylizer([image, image], "mural"))  # list[Image]
reveal_type(stylizer(["a.jpg", "b.jpg"], "mural"))  # list[Image]
reveal_type(stylizer([Path("a.jpg")], "mural"))  # list[Image]
reveal_type(stylizer((b"", image), "mural"))  # list[Image]
reveal_type(plan.paint(image))  # Image
reveal_type(plan.paint(array, max_megapixels=1))  # ndarray
reveal_type(plan.paint([array]))  # list[ndarray]
reveal_type(plan.paint(["a.jpg"]))  # list[Image]
stylizer(5, "mural")  # error
stylizer("a.jpg", "mural", strength="1")  # error
stylizer("a.jpg", "mural", strenght=1)  # error
stylizer("a.jpg", "mural", max_megapixels="5")  # error
stylizer([None], "mural")  # error
"""


def test_types_are_exact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYPYPATH", str(Path(impasto.__file__).parents[1]))
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    found, errors, _ = api.run(["--strict", "--follow-imports=silent", f"--cache-dir={tmp_path}", str(script)])
    assert not errors
    said = dict.fromkeys(range(1, SCRIPT.count("\n") + 1), "")
    for number, kind, text in re.findall(r"script\.py:(\d+): (\w+): (.*)", found):
        if kind == "error":
            said[int(number)] = kind
        elif revealed := re.match(r'Revealed type is "(.*)"', text):
            said[int(number)] = short(revealed[1])
    for number, line in enumerate(SCRIPT.splitlines(), 1):
        assert said[number] == line.partition("  # ")[2], f"{line}: {found}"


def short(name: str) -> str:
    """The name of a type without modules, shapes and dtypes."""
    return re.sub(r"ndarray\[.*?_8Bit\]+?\]\]", "ndarray", re.sub(r"(\w+\.)+(?=\w)", "", name))
