"""Films are painted all of a piece."""

from __future__ import annotations

import itertools
import threading
from fractions import Fraction

import numpy as np
import openvino
import pytest
from tests.film.films import moving

import impasto
from impasto.assets import examples
from impasto.errors import ImpastoError
from impasto.film.frames import Frame
from impasto.images.reading import read_photo
from impasto.stylize.stylizer import Stylizer
from impasto.stylize.timeline import timeline
from impasto.stylize.video import Work, paint_frames

Arrays = list[np.ndarray]


@pytest.fixture(scope="module")
def stylizer() -> Stylizer:
    return impasto.load(precision="f32")


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return read_photo(examples() / "colosseum.jpg").resized(200).array


def distance(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.abs(first.astype(int) - second).mean())


def test_one_frame_is_a_photo(stylizer: Stylizer, photo: np.ndarray) -> None:
    (frame,) = stylizer.video([photo], "mural")
    assert distance(frame, stylizer(photo, "mural")) < 1


def test_light_does_not_jump_when_something_bright_comes_in(stylizer: Stylizer, photo: np.ndarray) -> None:
    bright = photo.copy()
    bright[:60, :80] = 255
    film = [photo, bright, photo]
    alone, frames = [stylizer(each, "mural") for each in film], list(stylizer.video(film, "mural", steady=0))
    untouched = np.s_[90:, 120:]
    jumps = [abs(float(each[1][untouched].mean()) - float(each[0][untouched].mean())) for each in (alone, frames)]
    assert jumps[1] < 0.25 * jumps[0]
    assert distance(frames[0], frames[2]) < 1  # nor does noise crawl


def test_light_does_not_jump_in_a_pan(stylizer: Stylizer) -> None:
    """By the measures of benchmarks/steadiness.py: what two frames both show, and the mean of whole frames."""
    wide = read_photo(examples() / "colosseum.jpg").resized(400).array
    step, width = 12, 240
    film = [np.ascontiguousarray(wide[:160, step * number : step * number + width]) for number in range(8)]
    jumps, means = {}, {}
    for name, frames in (
        ("film", film),
        ("alone", [stylizer(frame, "mural") for frame in film]),
        ("video", list(stylizer.video(film, "mural"))),
    ):
        shared = [(a[:, step:].mean(), b[:, :-step].mean()) for a, b in itertools.pairwise(frames)]
        jumps[name] = np.mean([abs(before - after) for before, after in shared])
        means[name] = np.abs(np.diff([frame.mean() for frame in frames], 2))
    assert jumps["video"] < 0.6 * jumps["alone"]
    beyond = {name: np.maximum(0, means[name] - means["film"]).mean() for name in ("alone", "video")}
    assert beyond["video"] <= 0.25 * beyond["alone"]


def test_black_frames_and_fades(stylizer: Stylizer, photo: np.ndarray) -> None:
    shades = [*np.linspace(0, 1, 8), *np.linspace(1, 0, 8)]
    frames = list(stylizer.video([(photo * shade).astype(np.uint8) for shade in shades], "starry-night", fps=8))
    light = [float(frame.mean()) for frame in frames]
    assert light[0] < 0.6 * max(light)
    assert light[-1] < 0.6 * max(light)
    assert np.std(frames[0]) < 0.6 * np.std(frames[8])  # black is not painted as noise
    assert np.abs(np.diff(light)).max() < 30


def test_a_cut_begins_a_new_shot(stylizer: Stylizer, photo: np.ndarray) -> None:
    other = np.ascontiguousarray(255 - photo[::-1])
    both = list(stylizer.video([photo, photo, other, other], "mural"))
    assert distance(both[2], next(iter(stylizer.video([other], "mural")))) < 0.5


def test_steady_films_change_less(stylizer: Stylizer) -> None:
    rng = np.random.default_rng(0)
    film = [np.clip(each + rng.normal(0, 6, each.shape), 0, 255).astype(np.uint8) for each in moving(6, 96, 128)]

    def changes(steady: float) -> float:
        frames = list(stylizer.video(film, "mural", steady=steady))
        return float(np.mean([distance(a[48:], b[48:]) for a, b in itertools.pairwise(frames)]))

    assert changes(0.7) < 0.6 * changes(0)


def test_it_goes_on_from_a_state(stylizer: Stylizer) -> None:
    frames = [Frame(array, Fraction(number, 25)) for number, array in enumerate(moving(6))]
    how = timeline(stylizer.plan, "0:mural, 1:scream", (), {"strength": 0.9})
    whole = list(paint_frames(frames, how, 0.7))
    rest = list(paint_frames(frames[3:], how, 0.7, whole[2][1]))
    for (first, _), (second, _) in zip(whole[3:], rest, strict=True):
        assert distance(first.array, second.array) == 0


def test_styles_and_numbers_in_time(stylizer: Stylizer, photo: np.ndarray) -> None:
    film = [photo + np.uint8(number % 2) * 3 for number in range(11)]
    frames = list(stylizer.video(film, "0:mural, 1:scream", fps=10, steady=0))
    ends = [distance(frames[0], stylizer(photo, "mural")), distance(frames[-1], stylizer(film[10], "scream"))]
    assert max(ends) < 3
    assert distance(frames[5], frames[0]) > 5 < distance(frames[5], frames[10])
    waking = list(stylizer.video(film, "mural", strength="0:0, 1:1", fps=10, steady=0))
    assert distance(waking[0], photo) < 1
    assert distance(waking[10], frames[0]) < 4
    growing = list(stylizer.video(film, "mural", stroke=[(0, 1), (1, 2)], fps=10, steady=0))
    assert distance(growing[10], stylizer(film[10], "mural", stroke=2)) < 3
    steps = [distance(a, b) for a, b in itertools.pairwise(growing)]
    assert max(steps) < 0.6 * distance(growing[0], growing[10]) + 3


def test_a_flash(stylizer: Stylizer, photo: np.ndarray) -> None:
    """Half a second begins and ends alike, and in between the network has more to do."""
    for usual, most in ((1, 1.5), (0, 1)):
        flash = f"0:{usual}, 0.1:{most}, 0.2:{usual}"
        frames = list(stylizer.video([photo] * 3, "mural", strength=flash, fps=10, steady=0))
        assert distance(frames[1], stylizer(photo, "mural", strength=most)) < 3
        assert distance(frames[2], frames[0]) < 1


@pytest.mark.parametrize("stroke", [1.0, 1.3])
def test_networks_are_not_compiled_for_plans_in_turn(
    stroke: float, stylizer: Stylizer, photo: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between sizes of strokes that are painted, two pictures are mixed: they would push each other's networks out."""
    made: list[object] = []
    compile_model = openvino.Core.compile_model

    def counted(core: openvino.Core, *given: object) -> openvino.CompiledModel:
        made.append(given)
        return compile_model(core, *given)

    film = [photo + np.uint8(number % 2) * 3 for number in range(4)]
    list(stylizer.video(film, "scream", stroke=[(0, stroke), (9, stroke)], strength=1.5, steady=0))
    monkeypatch.setattr(openvino.Core, "compile_model", counted)
    list(stylizer.video(film, "scream", stroke=[(0, stroke), (9, stroke)], strength=1.4, steady=0))
    assert bool(made) == (stroke == 1)


def test_styles_go_on_while_no_frame_comes(stylizer: Stylizer, photo: np.ndarray) -> None:
    """Recordings of screens have frames only where something happens."""
    how = timeline(stylizer.plan, "0:mural, 1:scream", (), {})
    frames = [Frame(photo, Fraction(0)), Frame(photo, Fraction(5))]
    *_, (last, _) = paint_frames(frames, how, 0.6)
    assert distance(last.array, stylizer(photo, "scream")) < 3


def test_no_thread_is_left_where_painting_fails(
    stylizer: Stylizer, photo: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Work, "picture", lambda work: 1 / 0)
    how, before = timeline(stylizer.plan, "mural", (), {}), threading.active_count()
    frames = (Frame(photo, Fraction(number)) for number in range(50))
    with pytest.raises(ZeroDivisionError) as kept:
        list(paint_frames(frames, how, 0))
    assert threading.active_count() == before, kept


@pytest.mark.parametrize(
    ("source", "options", "words"),
    [
        ([np.zeros((4, 4), np.uint8)], {}, r"frame 0 is \(4, 4\) uint8"),
        ([np.zeros((40, 40, 3), np.uint8), np.zeros((44, 40, 3), np.uint8)], {}, "give one size"),
        (3, {}, "source: is an int"),
        ("none.mp4", {}, "no such file"),
        ([], {"steady": 2}, "steady 2"),
        ([], {"start": -1}, "start -1"),
        ([], {"end": 1, "start": 2}, "must come after"),
        ([], {"strength": "x"}, "is not a number"),
        ([], {"stroke": "0:1, 1:9"}, "between 0.5 and 4"),
    ],
)
def test_what_is_wrong(stylizer: Stylizer, source: object, options: dict[str, object], words: str) -> None:
    with pytest.raises(ImpastoError, match=words):
        list(stylizer.video(source, "mural", **options))  # type: ignore[arg-type]
