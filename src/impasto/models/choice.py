"""Which of the models that come with the package paints a picture for which none is named.

Nothing here imports NumPy or reads a model, because every ``--help`` reads this module.
"""

from __future__ import annotations

from collections.abc import Collection

from impasto.assets import BUNDLED

DEFAULT = "fast"
"""The model that paints where none is named. Blind, people choose its pictures as often as those of :data:`FINE`, and
it needs a third of the time (docs/reports/distribution-fits.md)."""
FINE = "paper"
"""The model whose pictures are nearest to the paintings, by the distributions of VGG-16's activations."""
_MERITS = {DEFAULT: "is quicker", FINE: "takes longer and comes nearer to the painting"}
"""What is said of a model to somebody who has a picture by another one."""


def choose(among: Collection[str] = BUNDLED) -> str:
    """The model that paints.

    Args:
        among: the models that have the styles.
    """
    return next((name for name in (DEFAULT, *among) if name in among), DEFAULT)


def alternative(model: str, among: Collection[str] = BUNDLED) -> str:
    """What to say below a picture by ``model``: that there is another one ``among`` those that have its styles.

    It is empty if there is none.
    """
    other = FINE if model == DEFAULT else DEFAULT
    return f"--model {other} {_MERITS[other]}" if other in among else ""
