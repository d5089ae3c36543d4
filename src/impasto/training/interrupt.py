"""Ctrl-C between two steps, never within one: what is saved then is exact."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType

import torch
from accelerate import Accelerator


class Interrupt:
    """A context in which Ctrl-C is noted, not raised. Calling it tells whether any process was interrupted.

    A second Ctrl-C is raised as usual.

    Args:
        accelerator: asks the other processes, if there are any.
    """

    def __init__(self, accelerator: Accelerator) -> None:
        self._accelerator = accelerator
        self._noted = False

    def __enter__(self) -> Interrupt:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, self._before)

    def _note(self, _: int, __: FrameType | None) -> None:
        self._noted = True
        signal.signal(signal.SIGINT, self._before)

    def __call__(self) -> bool:
        if self._accelerator.num_processes == 1:
            return self._noted
        noted = torch.tensor(float(self._noted), device=self._accelerator.device)
        return bool(self._accelerator.reduce(noted, "sum") > 0)
