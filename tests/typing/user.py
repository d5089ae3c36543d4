"""What a user's own script looks like to type checkers: ``make lint`` checks it as strictly as they can."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image
from typing_extensions import assert_type

import impasto
from impasto.stylize.controls import Controls

if TYPE_CHECKING:
    from impasto.stylize.plan import Plan
    from impasto.stylize.stylizer import Stylizer


def show(done: int, total: int, note: str) -> None:
    print(done, total, note)


def paint(photo: Path, painting: Path) -> Image.Image:
    stylizer: Stylizer = impasto.load("fast", precision="bf16", at_once=2)
    picture = assert_type(stylizer(photo, "mural", strength=0.8, progress=show), Image.Image)
    array: npt.NDArray[np.uint8] = np.asarray(picture)
    painted = assert_type(stylizer(array, {"mural": 0.6, "scream": 0.4}), npt.NDArray[np.uint8])
    assert_type(stylizer([photo, painting], "mural:0.6,scream:0.4", size=64), list[Image.Image])
    assert_type(stylizer([array, painted], "mural"), list[npt.NDArray[np.uint8]])
    sky = np.zeros(array.shape[:2], bool)
    stylizer(array, "mural", regions=[(sky, "starry-night")])
    style: impasto.Style = stylizer.predict(painting)
    plan: Plan = stylizer.plan(style, Controls(strength=0.5))
    mixed: impasto.Style = impasto.blend([(stylizer.styles["mural"], 0.5), (style, 0.5)], "mixed")
    try:
        return plan.paint(picture)
    except impasto.ImpastoError as error:
        raise SystemExit(str(error)) from error
    finally:
        print(mixed.info.slug)
