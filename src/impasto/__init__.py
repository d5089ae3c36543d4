"""impasto: one network, every style. Repaints photos in the style of paintings."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from impasto.errors import ImpastoError, pip_install

if TYPE_CHECKING:
    from impasto.batch.run import batch as batch
    from impasto.fitting.add_style import add_style as add_style
    from impasto.styles.rows import blend
    from impasto.styles.style import Style
    from impasto.stylize.stylizer import Stylizer, load

__version__ = "1.0.0rc1"
__all__ = ["ImpastoError", "Style", "Stylizer", "__version__", "batch", "blend", "load"]

_HOMES = {
    "Style": "impasto.styles.style",
    "Stylizer": "impasto.stylize.stylizer",
    "add_style": "impasto.fitting.add_style",
    "blend": "impasto.styles.rows",
    "load": "impasto.stylize.stylizer",
}
"""Where public names live. They are imported when they are first used: ``import impasto`` alone loads neither NumPy nor
a runtime. ``add_style`` needs PyTorch, and so is not in ``__all__``: ``from impasto import *`` works without it."""


def __getattr__(name: str) -> Any:
    if name == "batch":  # a package that can be called
        return import_module("impasto.batch")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    except ModuleNotFoundError as error:
        raise ImpastoError(f"{name} needs {error.name}: {pip_install('train')}") from None
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, "batch"})
