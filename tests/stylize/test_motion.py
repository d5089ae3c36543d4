"""Cuts, frames that stand still, and motion."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest

from impasto.assets import examples
from impasto.film.frames import Frame
from impasto.images.reading import read_photo
from impasto.stylize.motion import Flow, Seen, laid_under, watch

Arrays = list[np.ndarray]


@pytest.fixture(scope="module")
def photos() -> Arrays:
    return [read_photo(examples() / f"{name}.jpg").resized(480).array for name in ("cat", "colosseum")]


def panned(photo: np.ndarray, count: int, step: int) -> Arrays:
    return [photo[20:220, step * number : step * number + 320] for number in range(count)]


def seen(arrays: Arrays, *, flow: bool = False) -> list[Seen]:
    return list(watch((Frame(np.ascontiguousarray(a), Fraction(n, 25)) for n, a in enumerate(arrays)), flow=flow))


def test_cuts(photos: Arrays) -> None:
    film = [*panned(photos[0], 5, 8), *panned(photos[1], 5, 8)]
    assert [each.cut for each in seen(film)] == [False] * 5 + [True] + [False] * 4


def test_fades_and_noise_are_no_cuts(photos: Arrays) -> None:
    rng = np.random.default_rng(0)
    fading = [(photos[0] * (1 - number / 12)).astype(np.uint8) for number in range(13)]
    dissolving = [(photos[0][:300] * (1 - s) + photos[1][:300] * s).astype(np.uint8) for s in np.linspace(0, 1, 12)]
    noisy = [np.clip(photos[0] + rng.normal(0, 8, photos[0].shape), 0, 255).astype(np.uint8) for _ in range(4)]
    for film in (fading, dissolving, noisy):
        assert not any(each.cut for each in seen(film))


def test_what_stands_still(photos: Arrays) -> None:
    rng = np.random.default_rng(0)
    noisy = [np.clip(photos[0] + rng.normal(0, 1, photos[0].shape), 0, 255).astype(np.uint8) for _ in range(4)]
    assert [each.still for each in seen(noisy)] == [False, True, True, True]
    # Frames that each hardly differ from the last are not all like the first.
    creeping = [np.clip(photos[0].astype(int) + number, 0, 255).astype(np.uint8) for number in range(6)]
    assert sum(each.still for each in seen(creeping)) < 4


def test_it_goes_on_from_any_frame(photos: Arrays) -> None:
    """Frames that creep and are still, a fast pan in which changes are usual, and a cut."""
    creeping = [np.clip(photos[0][20:220, :320].astype(int) + 0.4 * n, 0, 255).astype(np.uint8) for n in range(6)]
    film = [*creeping, *panned(photos[0], 5, 30), *panned(photos[1], 3, 8)]
    frames = [Frame(np.ascontiguousarray(array), Fraction(n, 25)) for n, array in enumerate(film)]
    whole = list(watch(frames, flow=False))
    assert {each.still for each in whole} == {each.cut for each in whole} == {False, True}
    for begin in range(1, len(frames)):
        rest = list(watch(frames[begin:], flow=False, before=whole[begin - 1]))
        assert [(a.cut, a.still, a.changes) for a in rest] == [(b.cut, b.still, b.changes) for b in whole[begin:]]


def test_motion_is_that_of_the_film(photos: Arrays) -> None:
    film = panned(photos[1], 3, 4)
    for each in seen(film, flow=True)[1:]:
        assert each.flow is not None
        middle = each.flow.flow[40:-40, 40:-40] * 320 / each.flow.flow.shape[1]
        assert abs(np.median(middle[..., 0]) - 4) < 0.3
        assert abs(np.median(middle[..., 1])) < 0.3
        assert each.flow.same[40:-40, 40:-40].mean() > 0.8


def test_the_last_picture_is_moved_to_where_things_are(photos: Arrays) -> None:
    first, second = panned(photos[1], 2, 6)
    each = seen([first, second], flow=True)[1]
    assert each.flow is not None
    laid = laid_under(np.zeros_like(second), np.ascontiguousarray(first), each.flow, 1.0)
    inner = np.s_[30:-30, 30:-30]
    assert np.abs(laid[inner].astype(int) - second[inner]).mean() < 0.25 * second[inner].mean()


@pytest.mark.parametrize("share", [0.0, 0.1, 0.9])
def test_only_what_moves_is_moved(share: float, photos: Arrays) -> None:
    """Few pixels or many, those that rest, or are new: the result is that of moving and mixing every pixel."""
    rng = np.random.default_rng(0)
    last, picture = (photo[:200, :320] for photo in photos)
    flow = np.zeros((50, 80, 2), np.float32)
    flow[: round(50 * share)] = rng.normal(0, 1, (round(50 * share), 80, 2))
    same = np.ones((50, 80), np.float32)
    same[:, : round(80 * share)] = rng.random((50, round(80 * share)))
    y, x = np.indices((200, 320), np.float32)
    moves = cv2.resize(flow, (320, 200)) * 4
    moved = cv2.remap(last, x + moves[..., 0], y + moves[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    part = 0.7 * cv2.resize(same, (320, 200))[..., None]
    expected = picture + part * (moved.astype(float) - picture)
    assert np.abs(laid_under(picture, last, Flow(flow, same), 0.7) - expected).max() <= 2


def test_nothing_shows_through_what_is_new(photos: Arrays) -> None:
    """Where a square appears, the last picture has nothing to say; elsewhere it has."""
    before = np.ascontiguousarray(photos[1][:240, :320])
    after = before.copy()
    after[80:160, 100:200] = np.random.default_rng(1).integers(0, 255, (80, 100, 3), np.uint8)
    each = seen([before, after], flow=True)[1]
    assert each.flow is not None
    laid = laid_under(np.full_like(after, 255), np.zeros_like(after), each.flow, 1.0)
    assert laid[100:140, 120:180].mean() > 220
    assert laid[190:, 230:].mean() < 35
