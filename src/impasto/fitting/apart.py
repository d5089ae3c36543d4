"""Add a style in a process of its own, which can be stopped at any time and gives all its memory back.

Nothing here imports PyTorch before that process does.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from impasto.errors import ImpastoError
from impasto.progress import Progress

_WAIT = 0.2
"""How often the caller is asked whether to go on, in seconds."""
_GENTLE = 10
"""How much the process lets others go first: the higher, the more, up to 19."""


def add_style_apart(paintings: Sequence[bytes], name: str, progress: Progress, **options: Any) -> None:
    """:func:`impasto.fitting.add_style.add_style` in a process of its own.

    Args:
        paintings: the content of the paintings' files.
        name: the style's slug.
        progress: see there. When it raises an error the process is killed, and nothing is kept.
        options: all other arguments.

    Raises:
        ImpastoError: see there; or the process was killed.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_add_style, args=(there, tuple(paintings), name, options), daemon=True)
    child.start()
    there.close()
    told: tuple[int, int, str] = (0, 0, "starting")
    try:
        while told:
            progress(*told)
            if here.poll(_WAIT):
                told = _told(here)
    finally:
        child.kill()
        child.join()
        here.close()


def _told(here: Connection) -> Any:
    """What the process reports; nothing when it has ended well."""
    try:
        told = here.recv()
    except EOFError:
        raise ImpastoError("the fit was killed; there may be too little memory") from None
    if isinstance(told, str):
        raise ImpastoError(told)
    return told


def _add_style(there: Connection, paintings: tuple[bytes, ...], name: str, options: dict[str, Any]) -> None:
    """What the process does: it ends as soon as nobody listens."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this process
    if hasattr(os, "nice"):
        os.nice(_GENTLE)
    with suppress(BrokenPipeError):
        try:
            from impasto.fitting.add_style import add_style

            sources = [io.BytesIO(painting) for painting in paintings]
            add_style([*sources], name, progress=lambda *told: there.send(told), **options)
        except ImpastoError as error:
            there.send(str(error))
        else:
            there.send(())
