"""A bundled network at 512² and 1024² in every runtime, side by side.

python benchmarks/inference.py --json benchmarks/results/inference.json
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from impasto.assets import examples
from impasto.images.reading import read_photo
from impasto.models.choice import DEFAULT
from impasto.models.model import load_model
from impasto.runtime import RUNTIMES, load_runtime
from report import benchmark_options, interleaved, median, table, write


def main() -> None:
    parser = benchmark_options(__doc__, "inference.json")
    parser.add_argument("--model", type=Path, default=Path(DEFAULT))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 1024])
    arguments = parser.parse_args()
    model = load_model(arguments.model)
    runtimes = {name: load_runtime(name, model) for name in RUNTIMES}
    runtimes["openvino, f32"] = load_runtime("openvino", model, "f32")
    photo = read_photo(examples() / "cat.jpg").pixels
    row = next(iter(model.styles.values())).row[None]
    results, rows = {}, []
    for size in arguments.sizes:
        image = np.ascontiguousarray(np.pad(photo, ((0, 0), (0, 0), (0, 256), (0, 0)), "reflect")[:, :, :size, :size])
        pictures = {name: runtime.run(image, row) for name, runtime in runtimes.items()}
        calls = {name: partial(runtime.run, image, row) for name, runtime in runtimes.items()}
        seconds = interleaved(calls, rounds=arguments.rounds)
        best = median(seconds["openvino"])
        for name, times in seconds.items():
            apart = float(np.abs(pictures[name] - pictures["torch"]).max() * 255)
            results[f"{name} {size}"] = {"seconds": times, "most apart from torch, /255": apart}
            rows.append([f"{name}, {size}²", f"{median(times):.3f}", f"{median(times) / best:.2f}", f"{apart:.2f}"])
    print(table(["runtime and size", "seconds, median", "× OpenVINO", "apart from torch, /255"], rows))
    write(arguments.json, {"architecture": model.info.architecture, "results": results})


if __name__ == "__main__":
    main()
