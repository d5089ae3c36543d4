"""Peak memory of the whole process for a picture of 100 megapixels.

python benchmarks/memory.py --json benchmarks/results/memory.json
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from impasto.assets import examples
from report import benchmark_options, write


def main() -> None:
    parser = benchmark_options(__doc__, "memory.json")
    parser.add_argument("--size", type=int, nargs=2, default=(12_000, 8_400), metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("options", nargs="*", help="for impasto stylize, after --")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        photo, picture = Path(name) / "photo.jpg", Path(name) / "picture.jpg"
        with Image.open(examples() / "neuschwansteincastle.jpg") as image:
            image.convert("RGB").resize(arguments.size).save(photo, quality=90)
        command = [sys.executable, "-m", "impasto", "stylize", str(photo), "-s", "mural", "-o", str(picture)]
        began = time.perf_counter()
        subprocess.run([*command, *arguments.options], check=True)
        seconds = time.perf_counter() - began
        with Image.open(picture) as image:
            assert image.size == tuple(arguments.size)
    gigabytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e9
    width, height = arguments.size
    print(f"{width} × {height}: {gigabytes:.2f} GB at the peak, {seconds:.0f} s")
    write(
        arguments.json, {"size": arguments.size, "peak GB": gigabytes, "seconds": seconds, "options": arguments.options}
    )


if __name__ == "__main__":
    main()
