"""What type checkers know of a call: an image gives an image, an array an array, a list a list.

`make lint` checks this file. An error that is expected and not found is one, too: its comment is then not needed.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from typing_extensions import assert_type

import impasto

Array = npt.NDArray[np.uint8]


def calls() -> None:
    stylizer = impasto.load()
    plan = stylizer.plan("mural")
    array: Array = np.zeros((9, 9, 3), np.uint8)
    image = Image.new("RGB", (9, 9))
    mask: npt.NDArray[np.bool_] = np.ones((9, 9), np.bool_)

    assert_type(stylizer("a.jpg", "mural", strength=0.5, max_megapixels=300), Image.Image)
    assert_type(
        stylizer(Path("a.jpg"), {"mural": 0.5, Path("b.jpg"): 0.5}, regions=[(mask, "scream")]),
        Image.Image,
    )
    assert_type(stylizer(b"", style_image=b""), Image.Image)
    assert_type(stylizer(io.BytesIO(), "mural:1,scream:2"), Image.Image)
    assert_type(stylizer(image, "mural"), Image.Image)
    assert_type(stylizer(array, "mural"), Array)
    assert_type(stylizer([array, array], "mural"), list[Array])
    assert_type(stylizer((array,), "mural"), list[Array])
    assert_type(stylizer([image, image], "mural"), list[Image.Image])
    assert_type(stylizer(["a.jpg", "b.jpg"], "mural"), list[Image.Image])
    assert_type(stylizer([Path("a.jpg")], "mural"), list[Image.Image])
    assert_type(stylizer((b"", image), "mural"), list[Image.Image])
    assert_type(plan.paint(image), Image.Image)
    assert_type(plan.paint(array, max_megapixels=1), Array)
    assert_type(plan.paint([array]), list[Array])
    assert_type(plan.paint(["a.jpg"]), list[Image.Image])

    stylizer(5, "mural")  # type: ignore[call-overload]
    stylizer("a.jpg", "mural", strength="1")  # type: ignore[call-overload]
    stylizer("a.jpg", "mural", strenght=1)  # type: ignore[call-overload]
    stylizer("a.jpg", "mural", max_megapixels="5")  # type: ignore[call-overload]
    stylizer([None], "mural")  # type: ignore[list-item]
