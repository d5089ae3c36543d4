"""The log of a run: a progress bar, TensorBoard, and ``log.jsonl``."""

from __future__ import annotations

import time

import msgspec
import torch
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from impasto.data.batch import Batch
from impasto.losses.perceptual import style_gap_closed
from impasto.training.objective import Losses
from impasto.training.run import Run

_PREDICTED = -1
"""Stands for the slot of pictures in predicted styles."""


class Log:
    """The progress bar, TensorBoard and ``log.jsonl`` of a run, with the style gap closed by each style.

    Args:
        run: the run; its output folder holds the files.
        every: the number of steps between two records; there is one after the first step, too.
    """

    def __init__(self, run: Run, every: int = 10) -> None:
        self.run = run
        self.every = every
        self.slugs = {entry.slot: entry.slug for entry in run.recipe.styles if entry.image}
        if run.paintings:
            self.slugs[_PREDICTED] = "predicted"
        self.writer = SummaryWriter(str(run.out / "tensorboard"))
        self.file = (run.out / "log.jsonl").open("a")
        self.bar: tqdm[None] | None = None
        self.began = 0.0
        self.recent: list[tuple[int, float, float, float]] = []

    def add(self, losses: Losses, batch: Batch) -> None:
        """Take in the losses of one step on ``batch``."""
        content, style, photo = torch.stack([losses.content, losses.style, losses.photo]).tolist()
        slots = batch.named.slot.tolist()
        slots += [_PREDICTED] * (len(content) - len(slots))
        self.recent += zip(slots, content, style, photo, strict=True)
        if self.bar is None:
            # Only now: the first step compiles and reads for minutes, which the time left must leave out.
            self.bar = self._new_bar()
            self._write(self.bar, None)
        else:
            self.bar.update()
            if self.run.step % self.every == 0:
                images = len(self.recent) * self.run.accelerator.num_processes
                self._write(self.bar, images / (time.perf_counter() - self.began))

    def _new_bar(self) -> tqdm[None]:
        steps, name = self.run.options.steps, self.run.recipe.name
        return tqdm(total=steps, initial=self.run.step, unit="step", desc=name, smoothing=0.05)

    def _write(self, bar: tqdm[None], speed: float | None) -> None:
        """Write a record of the steps since the last one, with the images per second, where they are known."""
        step = self.run.step
        content = sum(row[1] for row in self.recent) / len(self.recent)
        style = sum(row[2] for row in self.recent) / len(self.recent)
        closed = {slug: self._closed(slot) for slot, slug in self.slugs.items()}
        record = {"step": step, "content": content, "style": style, "images_per_s": speed}
        self.file.write(msgspec.json.encode(record | {"style_gap_closed": closed}).decode() + "\n")
        self.file.flush()
        for name, value in (record | {f"style_gap_closed/{slug}": value for slug, value in closed.items()}).items():
            if value is not None:
                self.writer.add_scalar(name, value, step)
        known = [value for value in closed.values() if value is not None]
        shown = [f"style gap closed {100 * sum(known) / len(known):.0f} %"] if known else []
        shown += [f"content {content:.3g}, style {style:.3g}"]
        bar.set_postfix_str(", ".join(shown + ([f"{speed:.1f} images/s"] if speed else [])))
        self.recent, self.began = [], time.perf_counter()

    def _closed(self, slot: int) -> float | None:
        """The mean style gap closed in a slot since the last record; None if no crop was drawn for it."""
        gaps = [style_gap_closed(style, photo) for place, _, style, photo in self.recent if place == slot]
        return sum(gaps) / len(gaps) if gaps else None

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()
        self.writer.close()
        self.file.close()
