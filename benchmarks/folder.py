"""A folder of photos: `impasto stylize FOLDER` against one call a photo in a loop in one process, of the command and of
a stylizer that is loaded once; all from files to files.

python benchmarks/folder.py --photos 200 --json benchmarks/results/folder.json
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from PIL import Image

from impasto.assets import examples
from report import benchmark_options, costs, table, write

COMMAND = "one `impasto stylize` a photo in a loop"
STYLIZER = "one call a photo of a loaded stylizer"
FOLDER = "impasto stylize FOLDER"
SCRIPTS = {
    COMMAND: """
import sys
from pathlib import Path
from impasto.cli.main import main
photos, out, *options = sys.argv[1:]
for photo in sorted(Path(photos).glob("*.jpg")):
    main(["stylize", str(photo), "-o", str(Path(out) / photo.name), *options], standalone_mode=False)
""",
    STYLIZER: """
import sys, impasto
from pathlib import Path
photos, out, _, style, _, precision, *model = sys.argv[1:]
stylizer = impasto.load(*model[1:], precision=precision)
for photo in sorted(Path(photos).glob("*.jpg")):
    stylizer(photo, style).save(Path(out) / photo.name, quality=95, subsampling=0)
""",
    FOLDER: """
import sys
from impasto.cli.main import main
photos, out, *options = sys.argv[1:]
main(["stylize", photos, "-o", out, *options], standalone_mode=False)
""",
}


def make_photos(folder: Path, count: int, megapixels: float) -> None:
    """Write ``count`` photos of that many megapixels: the example photos, enlarged, over and over."""
    sources = sorted(examples().glob("*.jpg"))
    folder.mkdir()
    for number in range(count):
        with Image.open(sources[number % len(sources)]) as image:
            scale = (megapixels * 1e6 / (image.width * image.height)) ** 0.5
            size = round(image.width * scale), round(image.height * scale)
            image.convert("RGB").resize(size).save(folder / f"{number:04}.jpg", quality=92)


def main() -> None:
    parser = benchmark_options(__doc__, "folder.json")
    parser.add_argument("--model", default="fast")
    parser.add_argument("--style", default="mural")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument("--megapixels", type=float, default=2.5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        make_photos(folder / "photos", arguments.photos, arguments.megapixels)
        options = ["--style", arguments.style, "--precision", arguments.precision, "--model", arguments.model]
        results = {}
        for number, (name, script) in enumerate(SCRIPTS.items()):
            (folder / str(number)).mkdir()
            paths = [str(folder / "photos"), str(folder / str(number))]
            results[name] = costs([sys.executable, "-c", script, *paths, *options])
            assert len(list((folder / str(number)).iterdir())) == arguments.photos
    slowest = max(each.seconds for each in results.values())
    rows = [
        [name, f"{each.seconds:.1f}", f"{slowest / each.seconds:.2f}", f"{100 * each.idle:.0f} %"]
        for name, each in results.items()
    ]
    header = [f"{arguments.photos} photos of {arguments.megapixels:g} MP", "seconds", "× as fast", "cores idle"]
    print(table(header, rows))
    settings = {name: getattr(arguments, name) for name in ("photos", "megapixels", "precision")}
    write(arguments.json, {**settings, "results": results})


if __name__ == "__main__":
    main()
