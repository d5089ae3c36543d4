"""impasto: one network, every style. Repaints photos in the manner of paintings."""

from typing import TYPE_CHECKING, Any

from impasto.errors import ImpastoError
from impasto.styles.rows import blend
from impasto.styles.style import Style
from impasto.stylize.stylizer import Stylizer, load

if TYPE_CHECKING:
    from impasto.fitting.add_style import add_style as add_style

__version__ = "0.1.0"
__all__ = ["ImpastoError", "Style", "Stylizer", "__version__", "blend", "load"]


def __getattr__(name: str) -> Any:
    # What needs PyTorch is imported when it is asked for, and not before.
    if name != "add_style":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from impasto.fitting.add_style import add_style

    return add_style
