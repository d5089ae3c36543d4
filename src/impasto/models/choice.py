"""Which of the models that come with the package paints a picture for which none is named.

Nothing here imports NumPy or reads a model, because every ``--help`` reads this module.
"""

from __future__ import annotations

from collections.abc import Collection

from impasto.assets import BUNDLED

DEFAULT = "paper"
"""The model whose pictures are nearer to the paintings. It is also the one where no picture has a size yet, as in
Python."""
FOR_LARGE = "fast"
"""The model for larger pictures, for which it needs up to four times less time."""
READS_PAINTINGS = "paper"
"""The model that paints in the style of a painting, at every size. The predictor of
:data:`FOR_LARGE` is farther from paintings: .76 of the gap of distributions closed against .81."""
MEGAPIXELS = 2.1
"""The largest picture that :data:`DEFAULT` paints, in megapixels: about two, 1920 × 1080 pixels among them."""
_MERITS = {DEFAULT: "finer", FOR_LARGE: "quicker"}
"""What is said of a model to somebody who has a picture by the other one."""


def choose(pixels: float = 0, among: Collection[str] = BUNDLED) -> str:
    """The model that paints a picture.

    Args:
        pixels: how many the picture has.
        among: the models that have its styles. The size decides between them; a single one paints every size.
    """
    by_size = (DEFAULT, FOR_LARGE) if pixels <= MEGAPIXELS * 1e6 else (FOR_LARGE, DEFAULT)
    return next((name for name in (*by_size, *among) if name in among), DEFAULT)


def alternative(model: str, among: Collection[str] = BUNDLED) -> str:
    """What to say below a picture by ``model``: that there is another one ``among`` those that have its styles.

    It is empty if there is none.
    """
    other = FOR_LARGE if model == DEFAULT else DEFAULT
    return f"--model {other} is {_MERITS[other]}" if other in among else ""
