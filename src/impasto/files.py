"""Files that appear whole or not at all, and how one tells that a file is the same."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def write_file(path: Path, content: bytes) -> None:
    """Write ``content`` under a temporary name, then give it the name ``path``.

    Raises:
        OSError: the folder is missing or may not be written, or the disk is full; ``path`` is as it was then.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    except OSError:
        if temporary.parent.is_dir():
            temporary.unlink(missing_ok=True)
        raise


def digest(content: bytes) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
