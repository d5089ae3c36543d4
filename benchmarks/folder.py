"""A folder of photos: `impasto stylize FOLDER` against one call a photo in a loop, both from files to files.

python benchmarks/folder.py --photos 200 --json docs/benchmarks/folder.json
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from impasto.images import examples
from report import table, write

LOOP = """
import sys, impasto
from pathlib import Path
photos, out, style, model, precision = sys.argv[1:6]
stylizer = impasto.load(model or None, precision=precision)
for photo in sorted(Path(photos).glob("*.jpg")):
    stylizer(photo, style).save(Path(out) / photo.name, quality=95, subsampling=0)
"""


def make_photos(folder: Path, count: int, megapixels: float) -> None:
    """The example photos, enlarged, over and over."""
    sources = sorted(examples().glob("*.jpg"))
    folder.mkdir()
    for number in range(count):
        with Image.open(sources[number % len(sources)]) as image:
            scale = (megapixels * 1e6 / (image.width * image.height)) ** 0.5
            size = round(image.width * scale), round(image.height * scale)
            image.convert("RGB").resize(size).save(folder / f"{number:04}.jpg", quality=92)


def seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--style", default="mural")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument("--megapixels", type=float, default=2.5)
    parser.add_argument("--json", type=Path, default=Path("folder.json"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_photos(folder / "photos", arguments.photos, arguments.megapixels)
        (folder / "loop").mkdir()
        model = ["--model", str(arguments.model)] if arguments.model else []
        batch = [sys.executable, "-m", "impasto", "stylize", str(folder / "photos"), "-s", arguments.style]
        batch += ["--precision", arguments.precision]
        loop = [sys.executable, "-c", LOOP, str(folder / "photos"), str(folder / "loop"), arguments.style]
        results = {
            "one call a photo in a loop": seconds([*loop, str(arguments.model or ""), arguments.precision]),
            "impasto stylize FOLDER": seconds([*batch, "-o", str(folder / "out"), *model]),
        }
        assert len(list((folder / "out").iterdir())) == len(list((folder / "loop").iterdir())) == arguments.photos
    slowest = max(results.values())
    rows = [[name, f"{value:.1f}", f"{slowest / value:.2f}"] for name, value in results.items()]
    print(table([f"{arguments.photos} photos of {arguments.megapixels:g} MP", "seconds", "× as fast"], rows))
    settings = {name: getattr(arguments, name) for name in ("photos", "megapixels", "precision")}
    write(arguments.json, {**settings, "seconds": results})


if __name__ == "__main__":
    main()
