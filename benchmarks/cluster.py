"""Batches: local Ray against threads, the start, a million names, the driver's memory, and a bucket that fails.

python benchmarks/cluster.py --photos 60 --json cluster.json
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from folder import make_photos
from report import benchmark_options, table, write

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "batch"))

STARTING = 8
"""Pictures that are not counted: while they are painted, networks are compiled."""
LISTED = """
import resource, sys, time
from pathlib import Path
began = time.perf_counter()
import impasto
from impasto.batch.run import run
source, target, on = sys.argv[1:]
first = []
def progress(done, total, note):
    first.append((time.perf_counter() - began, done)) if len(first) < 2 else None
impasto.batch(source, "mural", target, on=on, progress=progress, size=64)
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]
print(first[-1][0], int(peak) * 1024)
"""
"""Paints what is left of a list; prints the seconds to the first new picture, and the peak of memory in bytes."""


def painted(source: object, target: Path, on: str, *options: str) -> float:
    """Run `impasto batch`, and return when it began, in seconds since 1970."""
    began = time.time()
    command = [sys.executable, "-m", "impasto", "batch", str(source), "-s", "mural", "-o", str(target), "--on", on]
    subprocess.run([*command, *options], check=True, capture_output=True)
    return began


def times(target: Path) -> list[float]:
    """When each picture was written, in seconds since 1970."""
    return sorted(path.stat().st_mtime for path in target.glob("*.jpg"))


def throughput(folder: Path, count: int) -> dict[str, Any]:
    """Pictures a second after the first ones, and seconds from the start to the first picture."""
    make_photos(folder / "photos", count, 2.5)
    found: dict[str, Any] = {}
    for on in ("threads", "ray"):
        began = painted(folder / "photos", folder / on, on)
        written = times(folder / on)
        rate = (count - STARTING) / (written[-1] - written[STARTING - 1])
        found[on] = {"pictures a second": round(rate, 3), "seconds to the first picture": round(written[0] - began, 1)}
    found["ratio"] = round(found["ray"]["pictures a second"] / found["threads"]["pictures a second"], 3)
    found["seconds"] = services(folder / "threads")
    return found


def services(target: Path) -> list[float]:
    """How long each picture took, from the record."""
    from impasto.batch.manifest import Manifest

    return [round(each, 2) for each in Manifest(str(target)).read()["seconds"].to_pylist()]


def million(folder: Path, count: int, left: int) -> dict[str, Any]:
    """A list of which all but some are done: seconds to the first new picture, and the driver's memory."""
    import pyarrow as pa

    from impasto.batch.manifest import FOLDER, Manifest, schema
    from impasto.batch.settings import BatchSettings, checked, fingerprint
    from impasto.stylize.controls import Controls

    names = [f"{number // 1000:03}/{number:07}.jpg" for number in range(count)]
    make_photos(folder / "few", left, 0.05)
    photos = sorted((folder / "few").iterdir())
    listed = folder / "list.csv"
    addresses = [f"/photos/{name}" for name in names[left:]] + [str(photo) for photo in photos]
    listed.write_text("source,target\n" + "".join(f"{a},{n}\n" for a, n in zip(addresses, names, strict=True)))
    target = folder / "target"
    for name in names[: count - left : 1000]:
        (target / name).parent.mkdir(parents=True)
    for name in names[: count - left]:
        os.mknod(target / name)
    way = fingerprint(checked(BatchSettings(style="mural", controls=Controls(size=64))))._asdict()
    done = count - left
    same = {"status": "painted", "sha256": "0" * 64, "bytes": 0, "seconds": 1.0, "error": "", **way}
    columns = {name: pa.repeat(value, done) for name, value in same.items()}
    columns |= {"source": addresses[:done], "target": names[:done]}
    rows = pa.table({f.name: pa.array(columns[f.name], f.type) if f.name in columns else pa.nulls(done, f.type)
                     for f in schema()})  # fmt: skip
    Manifest(str(target))._write(rows, 1)
    assert (target / FOLDER).is_dir()
    found = {on: run_listed(listed, target, on) for on in ("threads",)}
    return {"names": count, "left": left, **found}


def run_listed(listed: Path, target: Path, on: str) -> dict[str, Any]:
    ended = subprocess.run(
        [sys.executable, "-c", LISTED, str(listed), str(target), on], check=True, capture_output=True, text=True
    )
    seconds, peak = ended.stdout.split()[-2:]
    return {"seconds to the first new picture": round(float(seconds), 1), "peak in MB": round(int(peak) / 1e6)}


def memory(folder: Path, counts: list[int]) -> dict[str, Any]:
    """The driver's memory for lists of photos of which none is there, so that each is a row within a millisecond."""
    found: dict[str, Any] = {}
    for count in counts:
        listed = folder / f"{count}.txt"
        listed.write_text("".join(f"/none/{number // 1000:03}/{number:07}.jpg\n" for number in range(count)))
        began = time.perf_counter()
        peak = run_listed(listed, folder / f"out{count}", "ray")["peak in MB"]
        seconds = time.perf_counter() - began
        found[f"{count}"] = {
            "peak in MB": peak,
            "list in MB": round(listed.stat().st_size / 1e6, 1),
            "s": round(seconds),
        }
    return found


def bucket(count: int) -> dict[str, Any]:
    """Small pictures in a bucket of which a tenth of all requests fails."""
    import buckets
    from test_places import photos

    import impasto

    with buckets.server() as server:
        buckets.make("originals", photos(count))
        buckets.make("painted")
        server.share = 0.1
        began = time.perf_counter()
        done = impasto.batch("s3://originals/in", "mural", "s3://painted/pictures")
        seconds = time.perf_counter() - began
        server.share = 0.0
        there = [key for key in buckets.files_in("painted") if "_manifest" not in key]
        return {
            "photos": count,
            "painted": done.painted,
            "failed": done.failed,
            "there": len(there),
            "requests": sum(server.requests.values()),
            "faults": {kind: number for kind, number in server.injected.items() if kind},
            "left over": len(buckets.unfinished_in("painted")),
            "seconds": round(seconds, 1),
        }


def main() -> None:
    parser = benchmark_options(__doc__, "cluster.json")
    parser.add_argument("--photos", type=int, default=500, help="of 2.5 megapixels")
    parser.add_argument("--names", type=int, default=1_000_000)
    parser.add_argument("--files", type=int, default=2_000, help="small ones in a bucket")
    parser.add_argument("--only", choices=["throughput", "million", "memory", "bucket"])
    arguments = parser.parse_args()
    parts: dict[str, Any] = {
        "throughput": lambda folder: throughput(folder, arguments.photos),
        "million": lambda folder: million(folder, arguments.names, 100),
        "memory": lambda folder: memory(folder, [10_000, 100_000, 300_000]),
        "bucket": lambda folder: bucket(arguments.files),
    }
    results = json.loads(arguments.json.read_text()) if arguments.only and _is_there(arguments) else {}
    for name, measure in parts.items():
        if arguments.only in (None, name):
            with tempfile.TemporaryDirectory() as temporary:
                results[name] = measure(Path(temporary))
    shown = [
        [name, json.dumps({key: value for key, value in results[name].items() if key != "seconds" or name == "bucket"})]
        for name in parts
        if name in results
    ]
    print(table(["what", "found"], shown))
    write(arguments.json, {"photos": arguments.photos, **results})


def _is_there(arguments: argparse.Namespace) -> bool:
    return bool(arguments.json and arguments.json.exists())


if __name__ == "__main__":
    main()
