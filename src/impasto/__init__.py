"""impasto: one network, every style. Repaints photos in the manner of paintings."""

from impasto.errors import ImpastoError
from impasto.styles import Style, blend
from impasto.stylizer import Stylizer, load

__version__ = "0.1.0"
__all__ = ["ImpastoError", "Style", "Stylizer", "__version__", "blend", "load"]
