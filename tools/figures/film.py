"""Draw docs/figures/film.webp: a walk along a photograph, in styles that turn into one another.

    python tools/figures/film.py [FILM.mp4]

It writes the film that the README's command reads, and runs the command.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from impasto.assets import examples
from impasto.film.frames import Frame
from impasto.film.writing import Encoding, encode

ROOT = Path(__file__).parents[2]
SECONDS, RATE = 6, 12
HEIGHT, WIDTH = 320, 560


def frames() -> list[Frame]:
    """A slow move into a photograph and back, so that the film may begin anew where it ends."""
    photo = Image.open(examples() / "neuschwansteincastle.jpg").convert("RGB")
    found = []
    for number in range(SECONDS * RATE):
        way = 0.5 - 0.5 * np.cos(2 * np.pi * number / (SECONDS * RATE))
        width = photo.width * (1 - 0.35 * way)
        height = width * HEIGHT / WIDTH
        left, top = (photo.width - width) * (0.5 + 0.2 * way), (photo.height - height) * 0.35
        box = (left, top, left + width, top + height)
        picture = photo.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS, box)
        found.append(Frame(np.asarray(picture), Fraction(number, RATE), Fraction(1, RATE)))
    return found


def main() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    (command,) = re.findall(r"^impasto (video walk\.mp4 .* -o walk\.webp)$", readme, re.MULTILINE)
    with tempfile.TemporaryDirectory() as folder:
        film = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder) / "walk.mp4"
        encode(frames(), film, Encoding("h264", 12, Fraction(RATE), Fraction(1, 12800)))
        words = [str(film) if word == "walk.mp4" else word for word in shlex.split(command, comments=True)]
        words[words.index("-o") + 1] = str(ROOT / "docs" / "figures" / "film.webp")
        subprocess.run([sys.executable, "-m", "impasto", *words, "--overwrite"], check=True)


if __name__ == "__main__":
    main()
