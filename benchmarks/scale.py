"""A batch on 1 to 1,000 nodes, simulated from measured times: throughput, idle threads, the last picture.

A picture takes as long, in the mean, as benchmarks/folder.py measured for a photo of 2.5 megapixels on one core, times
a heavy-tailed size. Some nodes are slow, some are lost and come back. The driver hands out tasks one after the other.

python benchmarks/scale.py --json benchmarks/results/scale.json
"""

from __future__ import annotations

import heapq
import json
import math
import random
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from report import benchmark_options, table, write

MEASURED = Path("benchmarks/results/folder.json")
_BACK = 180.0
"""Seconds until a node that was lost is replaced."""


@dataclass(frozen=True)
class Setting:
    """What is simulated.

    Attributes:
        nodes: machines.
        threads: of each, all of which paint.
        photos: all that are to be painted.
        most: photos of a task.
        guided: whether tasks become smaller towards the end.
        dispatch: seconds of the driver for each task.
        spread: standard deviation of the logarithm of a picture's time, for sizes that differ.
        slow: share of nodes that take four times as long.
        lost: nodes lost an hour, as a share of all; each is replaced after three minutes.
        speculative: whether threads that find no task left repeat one that still runs elsewhere.
    """

    nodes: int
    threads: int = 4
    photos: int = 1_000_000
    most: int = 16
    guided: bool = True
    dispatch: float = 0.002
    spread: float = 0.8
    slow: float = 0.02
    lost: float = 0.05
    speculative: bool = False


def sizes_of(setting: Setting) -> deque[int]:
    """The photos of each task, in the order in which they are handed out."""
    left, threads = setting.photos, setting.nodes * setting.threads
    sizes: deque[int] = deque()
    while left:
        size = min(left, setting.most, math.ceil(left / (2 * threads)) if setting.guided else left)
        sizes.append(max(1, size))
        left -= sizes[-1]
    return sizes


@dataclass(frozen=True, order=True)
class _Task:
    """Some photos on a thread: their number, when they are begun and done, and seconds of work on a usual node."""

    number: int = 0
    size: int = 0
    began: float = 0.0
    ends: float = 0.0
    work: float = 0.0


def _times(rng: random.Random, rate: float) -> list[float]:
    """The first times at which something happens that does so at a rate, within a day."""
    found = [0.0]
    while rate and found[-1] < 86_400:
        found.append(found[-1] + rng.expovariate(rate))
    return found[1:]


class _Cluster:
    """The state of a simulation."""

    def __init__(self, setting: Setting, seconds: float, seed: int) -> None:
        self.setting, self.seconds = setting, seconds
        self.rng, self.sizes = random.Random(seed), np.random.default_rng(seed)
        nodes = range(setting.nodes)
        self.pace = [4.0 if self.rng.random() < setting.slow else 1.0 for _ in nodes]
        self.lost = [_times(self.rng, setting.lost / 3600) for _ in nodes]
        self.todo = sizes_of(setting)
        # When a thread is free, its node, and the task that it has then done.
        self.free = [(0.0, thread // setting.threads, _Task()) for thread in range(setting.nodes * setting.threads)]
        self.idle: list[int] = []
        self.running: dict[int, _Task] = {}
        self.driver = self.last = self.worked = 0.0
        self.handed = 0

    def run(self) -> None:
        """Do all tasks."""
        while self.free:
            now, node, task = heapq.heappop(self.free)
            death = next((time for time in self.lost[node] if task.began < time <= now), None)
            if death is not None and task.size:
                self._lose(task, now)
                heapq.heappush(self.free, (max(now, death + _BACK), node, _Task()))
                continue
            if self.running.pop(task.number, None):
                self.worked += task.work
                self.last = now
            if another := self._next():
                heapq.heappush(self.free, self._begun(another, now, node))
            else:
                self.idle.append(node)

    def _lose(self, task: _Task, now: float) -> None:
        """Put a lost task back, for a thread that is idle if there is one."""
        if self.running.pop(task.number, None):
            self.todo.appendleft(task.size)
            if self.idle:
                heapq.heappush(self.free, (now, self.idle.pop(), _Task()))

    def _next(self) -> _Task | None:
        """What a free thread is to do: the next task, or, once more, the one that would end last."""
        if self.todo:
            self.handed += 1
            return _Task(self.handed, self.todo.popleft())
        if self.setting.speculative and self.running:
            return max(self.running.values(), key=lambda each: each.ends)
        return None

    def _begun(self, task: _Task, now: float, node: int) -> tuple[float, int, _Task]:
        """A task that a thread has got from the driver, which hands out one after the other."""
        self.driver = max(self.driver, now) + self.setting.dispatch
        spread = self.setting.spread
        sizes = self.sizes.lognormal(-(spread**2) / 2, spread, task.size)  # 1 in the mean
        work = self.seconds * float(sizes.sum())
        begun = replace(task, began=self.driver, ends=self.driver + self.pace[node] * work, work=work)
        if begun.number not in self.running or begun.ends < self.running[begun.number].ends:
            self.running[begun.number] = begun
        return begun.ends, node, begun


def simulate(setting: Setting, seconds: float, seed: int = 0) -> dict[str, float]:
    """Run it once.

    Returns:
        Pictures a second, the share of the threads' time that is idle, slow or lost before the last picture, seconds to
        the last picture, and the share of the time for which the driver is busy.
    """
    cluster = _Cluster(setting, seconds, seed)
    cluster.run()
    threads = setting.nodes * setting.threads
    return {
        "a second": round(setting.photos / cluster.last, 1),
        "idle or lost": round(1 - cluster.worked / threads / cluster.last, 3),
        "seconds": round(cluster.last),
        "driver busy": round(cluster.handed * setting.dispatch / cluster.last, 3),
    }


def measured() -> float:
    """Seconds of one core for a picture, from the benchmark of folders."""
    found = json.loads(MEASURED.read_text())
    seconds, *_ = found["results"]["impasto stylize FOLDER"]
    return float(seconds * found["environment"]["cores"] / found["photos"])


def main() -> None:
    parser = benchmark_options(__doc__, "scale.json")
    parser.add_argument("--dispatch", type=float, default=0.005, help="seconds of the driver for a task")
    arguments = parser.parse_args()
    seconds = measured()
    base = Setting(1, dispatch=arguments.dispatch)
    results: dict[str, Any] = {"dispatch": arguments.dispatch, "seconds a picture": round(seconds, 2)}
    rows = []

    def add(what: str, setting: Setting) -> None:
        found = simulate(setting, seconds)
        results[what] = found
        rows.append([what, *map(str, found.values())])
        print(*rows[-1], sep="  ", flush=True)

    for nodes in (1, 10, 100, 1_000):
        add(f"{nodes:,} nodes", replace(base, nodes=nodes))
    many = replace(base, nodes=1_000)
    for most in (8, 32, 64):
        add(f"1,000 nodes, tasks of {most}, smaller at the end", replace(many, most=most))
    add("1,000 nodes, tasks of 16, all as large", replace(many, guided=False))
    add("1,000 nodes, the last tasks done twice", replace(many, speculative=True))
    add("1,000 nodes, none slow, none lost", replace(many, slow=0.0, lost=0.0))
    add("1,000 nodes, a driver four times as slow", replace(many, dispatch=4 * arguments.dispatch))
    add("1,000 nodes, half of them lost an hour", replace(many, lost=0.5))
    print(table(["what", "a second", "idle or lost", "s to the last picture", "driver busy"], rows))
    write(arguments.json, results)


if __name__ == "__main__":
    main()
