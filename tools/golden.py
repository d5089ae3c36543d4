"""Writes tests/web/golden.json: what the Python code computes, for the tests of the JavaScript code to compare with.

Run it when a computation changes on purpose: python tools/golden.py [FILE]
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from impasto.images import color, transparency
from impasto.images.arrays import Array, mixed, resize, resized_part, scaled, to_pixels
from impasto.images.guided import guided_filter
from impasto.images.masks import read_mask
from impasto.images.noise import noise
from impasto.images.windows import Window, frame, read, tiles
from impasto.styles.painting import Painting, for_predictor
from impasto.styles.rows import blend_rows, recoloring, with_palette
from impasto.stylize.controls import Controls
from impasto.stylize.finish import finish
from impasto.stylize.regions import Regions
from impasto.stylize.strokes import keep_forms, sizes

FILE = Path(__file__).parents[1] / "tests" / "web" / "golden.json"
"""What is written."""
_FOLD = 2
"""The space-to-depth factor of the rows in the cases."""
_ROW = 40
"""The length of these rows."""


def cases() -> dict[str, list[dict[str, Any]]]:
    """Name of a computation -> its cases: inputs and what comes out."""
    draw = np.random.default_rng(5)
    makers = (_resizing, _parts, _mixing, _noise, _windows, _strokes, _rows, _colors, _finishing, _reading)
    return {name: found for make in makers for name, found in make(draw).items()}


def picture(draw: np.random.Generator, height: int, width: int, channels: int = 3) -> Array:
    """A random picture with large forms, hard edges and fine noise."""
    coarse = draw.integers(0, 256, (height // 6 + 2, width // 6 + 2, channels), np.uint8)
    forms = np.repeat(np.repeat(coarse, 6, axis=0), 6, axis=1)[:height, :width].astype(int)
    return np.clip(forms + draw.integers(-20, 21, forms.shape), 0, 255).astype(np.uint8)


def _row(draw: np.random.Generator) -> np.ndarray:
    return draw.normal(1, 0.7, _ROW).astype(np.float32)


def _resizing(draw: np.random.Generator) -> dict[str, Any]:
    sizes_of = [((13, 17), (9, 12)), ((13, 17), (40, 33)), ((90, 61), (7, 9)), ((64, 48), (64, 12)), ((5, 7), (1, 1))]
    given = [(picture(draw, *own), new) for own, new in sizes_of]
    mask = picture(draw, 50, 30, 1)[..., 0]
    return {
        "resize": [
            {"picture": each, "size": new, "result": resize(each, *new)} for each, new in [*given, (mask, (4, 6))]
        ],
        "scaled": [{"picture": each, "longer": 11, "result": scaled(each, longer=11)} for each, _ in given],
    }


def _parts(draw: np.random.Generator) -> dict[str, Any]:
    photo = picture(draw, 20, 26)
    places = [
        ((53, 61), (0, 0, 20, 30)),
        ((53, 61), (31, 40, 22, 21)),
        ((12, 13), (3, 2, 7, 9)),
        ((20, 26), (4, 5, 6, 7)),
    ]
    return {
        "resizedPart": [
            {"picture": photo, "size": size, "window": window, "result": resized_part(photo, size, window)}
            for size, window in places
        ]
    }


def _mixing(draw: np.random.Generator) -> dict[str, Any]:
    first, second = picture(draw, 9, 11), picture(draw, 9, 11)
    return {
        "mixed": [
            {"first": first, "second": second, "share": share, "result": mixed(first, second, share)}
            for share in (0.0, 0.1, 1 / 3, 0.8, 1.0)
        ]
    }


def _noise(draw: np.random.Generator) -> dict[str, Any]:
    places = [(0, 0, 9, 11), (-16, -17, 40, 36), (2040, 500, 12, 9), (4099, -2050, 8, 8)]
    return {"noise": [{"window": each, "result": noise(*each[2:], *each[:2])} for each in places]}


def _windows(draw: np.random.Generator) -> dict[str, Any]:
    photo = picture(draw, 8, 10)
    beyond = [(-3, -4, 12, 15), (2, 3, 4, 5), (0, 0, 40, 41), (6, 8, 9, 9)]
    found = [
        (size, tiles(frame(*size), Window(0, 0, *size), 1024, 52)) for size in [(900, 2300), (3000, 4001), (40, 9000)]
    ]
    return {
        "frame": [{"size": size, "result": frame(*size)} for size in [(1, 1), (31, 44), (1080, 1919)]],
        "tiles": [{"size": size, "side": 1024, "halo": 52, "result": each} for size, each in found],
        "read": [{"picture": photo, "window": each, "result": read(photo, Window(*each))} for each in beyond],
    }


def _strokes(draw: np.random.Generator) -> dict[str, Any]:
    asked = [(240, 320, 1.0), (333, 500, 3.0), (3000, 4000, 1.0), (1030, 1300, 1.0), (8, 4, 4.0), (6000, 4000, 0.5)]
    kept, draft = picture(draw, 60, 50), picture(draw, 24, 20)
    after = kept.copy()
    keep_forms(after, draft)
    return {
        "sizes": [{"asked": each, "result": sizes(*each)} for each in asked],
        "keepForms": [{"picture": kept, "draft": draft, "result": after}],
    }


def _rows(draw: np.random.Generator) -> dict[str, Any]:
    photo, rows, weights = picture(draw, 14, 15), [_row(draw) for _ in range(3)], [0.5, 0.3, 1.7]
    named = {str(number): row for number, row in enumerate(rows)}
    blend = blend_rows(named, {str(number): weight for number, weight in enumerate(weights)})
    return {
        "blend": [{"rows": np.stack(rows), "weights": weights, "result": blend}],
        "palette": [{"row": rows[0], "photo": photo, "fold": _FOLD, "result": with_palette(rows[0], photo, _FOLD)}],
        "recoloring": [{"row": rows[1], "photo": photo, "fold": _FOLD, "result": recoloring(rows[1], photo, _FOLD)}],
    }


def _colors(draw: np.random.Generator) -> dict[str, Any]:
    photo = picture(draw, 10, 12)
    lab = color.to_oklab(to_pixels(photo))
    light = np.clip(lab[:, :1] + 0.2, 0, 1)
    shown = color.shown(light, 1.5 * lab[:, 1:])
    guide, target = draw.random((2, 21, 18), np.float32)
    slope, offset = guided_filter(guide, target, 4, 0.01)
    return {
        "oklab": [{"picture": photo, "result": lab[0]}],
        "shown": [{"light": light[0, 0], "colors": 1.5 * lab[0, 1:], "result": shown[0]}],
        "guided": [{"guide": guide, "target": target, "radius": 4, "epsilon": 0.01, "slope": slope, "offset": offset}],
    }


def _finishing(draw: np.random.Generator) -> dict[str, Any]:
    painted, photo, mask = picture(draw, 40, 36), picture(draw, 40, 36), picture(draw, 40, 36, 1)[..., 0]
    one = Regions(_row(draw)[None], identity=(0.25,))
    two = Regions(np.stack([_row(draw), _row(draw)]), (mask,), (0.0, 1.0))
    asked = [(one, {"detail": 0.4}), (one, {"keep_color": True}), (two, {"detail": 0.7}), (two, {})]
    return {"finish": [_finished(painted, photo, regions, controls) for regions, controls in asked]}


def _finished(painted: Array, photo: Array, regions: Regions, controls: dict[str, Any]) -> dict[str, Any]:
    result = painted.copy()
    finish(result, photo, regions, Controls(**controls), _FOLD)
    given = {"styles": regions.styles, "masks": list(regions.masks), "identity": regions.identity}
    return {"picture": painted, "photo": photo, "controls": controls, "fold": _FOLD, **given, "result": result}


def _reading(draw: np.random.Generator) -> dict[str, Any]:
    photo, alpha = picture(draw, 70, 60), picture(draw, 70, 60, 1)[..., 0]
    alpha[alpha < 120] = 0
    filled = photo.copy()
    transparency.fill(filled, alpha)
    seen = for_predictor(Painting(photo[:40, :50]))
    drawn = np.where(photo > 128, 255, 0).astype(np.uint8)[..., :1].repeat(3, axis=2)
    masks = [(photo, None), (drawn, alpha), (photo, alpha), (drawn // 255, None)]
    return {
        "fill": [{"picture": photo, "alpha": alpha, "result": filled}],
        "forPredictor": [{"picture": photo[:40, :50], "shape": seen[0].shape, "corner": seen[0][0, :, :9, :9]}],
        "mask": [{"picture": each, "alpha": own, "result": _mask(each, own)} for each, own in masks],
    }


def _mask(array: Array, alpha: Array | None) -> Array:
    # What is under wholly transparent parts is filled in before, for masks as for photos.
    return read_mask(array if alpha is None else np.dstack([array, alpha]))


def written(value: Any) -> Any:
    """A value as JSON has it: arrays as {dtype, shape, data}, the last in base64, little-endian."""
    if isinstance(value, np.ndarray):
        content = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
        return {"dtype": value.dtype.name, "shape": value.shape, "data": content}
    if isinstance(value, dict):
        return {name: written(each) for name, each in value.items()}
    return [written(each) for each in value] if isinstance(value, Sequence) and not isinstance(value, str) else value


if __name__ == "__main__":
    text = json.dumps(written(cases()), separators=(",", ":"))
    (Path(sys.argv[1]) if len(sys.argv) > 1 else FILE).write_text(text + "\n")
