"""What a run tells: a progress bar, TensorBoard, and ``log.jsonl``."""

from __future__ import annotations

import time

import msgspec
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from impasto.losses import style_gap_closed
from impasto.training.objective import Losses
from impasto.training.run import Run


class Log:
    """Progress bar, TensorBoard and ``log.jsonl`` of a run, per style in numbers people can read."""

    def __init__(self, run: Run, every: int = 50) -> None:
        self.run = run
        self.every = every
        self.slugs = {entry.slot: entry.slug for entry in run.recipe.styles if entry.image and not entry.hidden}
        self.writer = SummaryWriter(str(run.out / "tensorboard"))
        self.file = (run.out / "log.jsonl").open("a")
        self.bar = tqdm(total=run.options.steps, initial=run.step, unit="step", desc=run.recipe.name, smoothing=0.05)
        self.began = time.perf_counter()
        self.recent: list[tuple[int, float, float]] = []

    def add(self, losses: Losses, slots: Tensor) -> None:
        """Take in one step."""
        self.recent += zip(slots.tolist(), losses.content.tolist(), losses.style.tolist(), strict=True)
        self.bar.update()
        if self.run.step % self.every == 0:
            self._write()

    def _write(self) -> None:
        step, images = self.run.step, len(self.recent) * self.run.accelerator.num_processes
        speed = images / (time.perf_counter() - self.began)
        content = sum(row[1] for row in self.recent) / len(self.recent)
        style = sum(row[2] for row in self.recent) / len(self.recent)
        closed = {slug: self._closed(slot) for slot, slug in self.slugs.items()}
        record = {"step": step, "content": content, "style": style, "images_per_s": speed}
        self.file.write(msgspec.json.encode(record | {"style_gap_closed": closed}).decode() + "\n")
        self.file.flush()
        for name, value in (record | {f"style_gap_closed/{slug}": value for slug, value in closed.items()}).items():
            if value is not None:
                self.writer.add_scalar(name, value, step)
        self.bar.set_postfix_str(f"content {content:.3g}, style {style:.3g}, {speed:.1f} images/s")
        self.recent, self.began = [], time.perf_counter()

    def _closed(self, slot: int) -> float | None:
        """Mean style gap closed on the crops since the last record."""
        scores = [row[2] for row in self.recent if row[0] == slot]
        if not scores:
            return None
        return style_gap_closed(sum(scores) / len(scores), self.run.objective.photo_loss[slot].item())

    def close(self) -> None:
        self.bar.close()
        self.writer.close()
        self.file.close()
