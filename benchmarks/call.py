"""A call in Python against the network alone: what all else costs, from an array to an array.

python benchmarks/call.py --json benchmarks/results/call.json
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

import impasto
from impasto.assets import BUNDLED, examples
from impasto.images.arrays import Array, to_pixels
from impasto.models.model import load_model
from impasto.runtime import load_runtime
from report import benchmark_options, interleaved, median, table, write

_UNIT = 1024
"""The side, in pixels, of the square that the network alone is measured at."""
_LIVE = [(_UNIT, _UNIT), (1280, 720)]
"""Width and height of the pictures that are compared with the network alone."""


def photo(width: int, height: int) -> Array:
    """An example photo, scaled to a size."""
    with Image.open(examples() / "colosseum.jpg") as image:
        return np.asarray(image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS))


def measured(model: str, large: tuple[int, int], rounds: int, live: list[tuple[int, int]]) -> dict[str, list[float]]:
    """Seconds of calls and of the network alone, by turns."""
    loaded = load_model(model)
    stylizer, network = impasto.load(model), load_runtime("openvino", loaded)
    row = next(iter(loaded.styles.values())).row[None]
    calls = {}
    for width, height in live:
        image = photo(width, height)
        calls[f"network, {width} × {height}"] = partial(network.run, to_pixels(image), row)
        calls[f"call, {width} × {height}"] = partial(stylizer, image, style=next(iter(loaded.styles)))
    square = to_pixels(photo(*live[0]))
    statistics = network.measure(square, row)
    calls["network, frozen"] = partial(network.run_frozen, square, row, statistics)
    seconds = interleaved(calls, rounds=rounds)
    # After a large picture memory is given back, so that the next call would be slower: it has rounds of its own.
    call = {f"call, {large[0]} × {large[1]}": partial(stylizer, photo(*large), style=next(iter(loaded.styles)))}
    return seconds | interleaved(call, rounds=rounds, warmup=1)


def main() -> None:
    parser = benchmark_options(__doc__, "call.json")
    parser.add_argument("--models", nargs="+", default=BUNDLED)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--large", type=int, nargs=2, default=[4000, 3000], metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("--side", type=int, default=_UNIT, help="of the square, in pixels")
    arguments = parser.parse_args()
    live = [(arguments.side, arguments.side), *_LIVE[1:]]
    large, rows, results = tuple(arguments.large), [], {}
    for model in arguments.models:
        seconds = measured(model, large, arguments.rounds, live)
        name, times = Path(model).name, {key: median(values) for key, values in seconds.items()}
        for size in live:
            alone, call = (times[f"{kind}, {size[0]} × {size[1]}"] for kind in ("network", "call"))
            rows.append([f"{name}, {size[0]} × {size[1]}", f"{alone:.3f}", f"{call:.3f}", f"{call / alone:.2f}"])
        call, alone = times[f"call, {large[0]} × {large[1]}"], times["network, frozen"]
        share = large[0] * large[1] / live[0][0] / live[0][1]
        rows.append([f"{name}, {large[0]} × {large[1]}, against the network frozen", f"{alone * share:.3f}",
                     f"{call:.3f}", f"{call / alone / share:.2f}"])  # fmt: skip
        results[name] = seconds
    print(table(["", "network, seconds", "call, seconds", "×"], rows))
    write(arguments.json, {"results": results})


if __name__ == "__main__":
    main()
