"""The one error that users see."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ImpastoError(Exception):
    """Something the user can put right.

    The message is one line that says what is wrong, with which file or value, and what to do about it. The command
    line prints it and exits with 2; Python callers catch it.
    """


def unknown(kind: str, value: str, known: Iterable[str]) -> ImpastoError:
    """The error for a ``value`` that is none of ``known``: it suggests near names, else lists what there is."""
    known = sorted(known)
    near = difflib.get_close_matches(value, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there is {', '.join(known) or 'none'}"
    return ImpastoError(f"no {kind} {value!r}: {hint}")
