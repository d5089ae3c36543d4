"""The simulation of many nodes, where its answer is known."""

from __future__ import annotations

import pytest

from scale import Setting, simulate, sizes_of

PLAIN = Setting(2, photos=8 * 64, most=1, dispatch=0.0, spread=0.0, slow=0.0, lost=0.0)


def test_without_waste_no_thread_is_idle() -> None:
    found = simulate(PLAIN, [2.0])
    assert (found["a second"], found["seconds"], found["idle or lost"]) == (4.0, 128, 0.0)


def test_a_driver_that_is_too_slow_decides() -> None:
    slow = Setting(100, photos=4_000, most=1, dispatch=0.1, spread=0.0, slow=0.0, lost=0.0)
    assert simulate(slow, [1.0])["a second"] == pytest.approx(10, rel=0.01)


def test_losses_cost_time_and_no_photo() -> None:
    lossy = Setting(20, photos=16_000, most=8, dispatch=0.0, spread=0.0, slow=0.0, lost=4.0)
    assert 0.05 < simulate(lossy, [2.0])["idle or lost"] < 0.6


@pytest.mark.parametrize("guided", [False, True])
def test_tasks_have_all_photos(guided: bool) -> None:
    sizes = sizes_of(Setting(3, photos=924, most=16, guided=guided))
    assert sum(sizes) == 924
    assert max(sizes) <= 16
    assert (min(sizes) == 1) is guided
