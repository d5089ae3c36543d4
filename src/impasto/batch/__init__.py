"""Many photos: which file each becomes, what is to be done, and who does it.

The package is also the function of its name: ``impasto.batch("photos", "mural", "pictures")`` is
:func:`impasto.batch.run.batch`.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from impasto.batch.run import Summary


class _Callable(ModuleType):
    """A module that is a function, too: Python binds ``impasto.batch`` to this package as soon as a part is imported,
    whatever else had that name."""

    def __call__(self, *arguments: Any, **options: Any) -> Summary:
        from impasto.batch.run import batch

        return batch(*arguments, **options)


sys.modules[__name__].__class__ = _Callable
