"""What every benchmark shares: its options, calls that take turns, a table, and raw results with their environment."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

PACKAGES = ("impasto", "torch", "openvino", "onnxruntime", "numpy")
"""Packages whose versions are reported."""


def benchmark_options(description: str | None, results: str | None = None) -> argparse.ArgumentParser:
    """The options of a benchmark: at first only ``--json``, which is required if there is no default name of a file."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(results) if results else None
    parser.add_argument("--json", type=Path, default=default, required=default is None, help="file for the raw results")
    return parser


def environment() -> dict[str, Any]:
    """The machine and the software on which the numbers were measured."""
    import torch  # voters on blind pairs, who need a table only, may not have it

    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    flags = next((set(line.split()) for line in lines if line.startswith("flags")), set())
    return {
        "processor": names[0] if names else platform.processor(),
        "vector units": sorted(flags & {"avx2", "avx512f", "avx512_bf16", "amx_bf16"}),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
    }


def interleaved(
    contestants: Mapping[str, Callable[[], object]], *, rounds: int, warmup: int = 2
) -> dict[str, list[float]]:
    """Seconds of each call, by contestant: ``rounds`` values each, after ``warmup`` calls that are not timed.

    The contestants take turns, so that a slow spell of the machine hits all of them.
    """
    for call in contestants.values():
        for _ in range(warmup):
            call()
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, call in contestants.items():
            began = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - began)
    return seconds


class Costs(NamedTuple):
    """What a process costs.

    Attributes:
        seconds: from its start to its end.
        core_seconds: of all cores together.
        gigabytes: the most memory that it had.
    """

    seconds: float
    core_seconds: float
    gigabytes: float

    @property
    def idle(self) -> float:
        """The share of the time of this machine's cores in which the process did not use them."""
        return 1 - self.core_seconds / self.seconds / (os.cpu_count() or 1)


def costs(command: list[str]) -> Costs:
    """Run a command to its end."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"failed: {' '.join(command)}")
    return Costs(time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e6)


def median(values: list[float]) -> float:
    return statistics.median(values)


def write(path: Path, results: Mapping[str, Any]) -> None:
    """Write raw results as JSON, with the environment in which they were measured."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"environment": environment(), **results}, indent=2, ensure_ascii=False) + "\n", "utf-8")
    print(f"raw results: {path}")


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table; all columns but the first are numbers, and flush right."""
    rule = "|" + "|".join(["---"] + ["---:"] * (len(header) - 1)) + "|"
    return "\n".join("| " + " | ".join(row) + " |" if row else rule for row in (header, [], *rows))
