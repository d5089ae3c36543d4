"""The record of a batch: Parquet files beside its pictures, with a row for each photo.

Each file is written whole and never changed. So a run that is killed loses what it did in its last seconds only, and
paints that again. Of several rows for one picture the last one counts.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from impasto.batch import places
from impasto.errors import ImpastoError, needs_extra

if TYPE_CHECKING:
    import pyarrow as pa

FOLDER = "_manifest"
"""The folder of the record, below the target."""
_PATIENCE = 10.0
"""How long rows wait to be written, in seconds."""
_MOST = 5_000
"""How many rows wait to be written."""
_PARTS = 16
"""From how many files on they are made one when a run begins."""
_NAME = re.compile(r"\d{6}-[0-9a-f]{8}\.parquet")


def schema() -> pa.Schema:
    """What the record says of each photo; sizes are in bytes, ``painted`` is when it was painted."""
    import pyarrow as pa

    texts = dict.fromkeys(("source", "target", "status", "error", "sha256", "model", "style", "settings"), pa.string())
    numbers = dict.fromkeys(("width", "height"), pa.int32())
    sizes = dict.fromkeys(("bytes", "source_size", "source_modified"), pa.int64())
    return pa.schema({**texts, **numbers, **sizes, "seconds": pa.float32(), "painted": pa.timestamp("s", "UTC")})


class Manifest:
    """The record below a target.

    Args:
        target: a folder, or the prefix of a bucket.

    Raises:
        ImpastoError: it cannot be listed.
    """

    def __init__(self, target: str) -> None:
        self._folder = places.below(target, FOLDER)
        with needs_extra("cluster"):
            import pyarrow as pa  # noqa: F401
        found = sorted(each.name for each in places.files_below(self._folder))
        self._parts = [name for name in found if _NAME.fullmatch(name)]
        self._rows: list[dict[str, Any]] = []
        self._written = time.monotonic()

    def read(self) -> pa.Table:
        """The last row for each picture.

        Raises:
            ImpastoError: a file of the record is damaged.
        """
        import pyarrow as pa

        parts = [self._read(name) for name in self._parts]
        whole = pa.concat_tables(parts) if parts else schema().empty_table()
        numbered = whole.select(["target"]).append_column("row", pa.array(range(whole.num_rows), pa.int64()))
        last = numbered.group_by("target").aggregate([("row", "max")])["row_max"]
        return whole if len(last) == whole.num_rows else whole.take(last.sort())

    def tidied(self) -> pa.Table:
        """:meth:`read`, after many files have become one."""
        rows = self.read()
        if len(self._parts) >= _PARTS:
            old, number = self._parts, int(self._parts[-1][:6])
            self._parts = [self._write(rows, number)]
            for name in old:
                places.remove(places.below(self._folder, name))
        return rows

    def begin(self, source: str) -> None:
        """Say in ``about.json`` what is painted here, which raises now the :class:`ImpastoError` that writing a picture
        would raise later."""
        about = {"source": source, "began": time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())}
        places.write(places.below(self._folder, "about.json"), msgspec.json.encode(about))

    def add(self, row: Mapping[str, Any]) -> None:
        """Note down what became of a photo; it is written within some seconds, if more are added, or by
        :meth:`flush`."""
        self._rows.append({**row, "painted": int(time.time())})
        if len(self._rows) >= _MOST or time.monotonic() - self._written >= _PATIENCE:
            self.flush()

    def flush(self) -> None:
        """Write what was added."""
        import pyarrow as pa

        if self._rows:
            number = int(self._parts[-1][:6]) + 1 if self._parts else 1
            self._parts.append(self._write(pa.Table.from_pylist(self._rows, schema()), number))
        self._rows, self._written = [], time.monotonic()

    def _write(self, rows: pa.Table, number: int) -> str:
        import pyarrow as pa
        from pyarrow import parquet

        name, content = f"{number:06}-{uuid.uuid4().hex[:8]}.parquet", pa.BufferOutputStream()
        parquet.write_table(rows, content)
        places.write(places.below(self._folder, name), content.getvalue().to_pybytes())
        return name

    def _read(self, name: str) -> pa.Table:
        import pyarrow as pa
        from pyarrow import parquet

        address = places.below(self._folder, name)
        try:
            return parquet.read_table(pa.BufferReader(places.read(address)), schema=schema())
        except (pa.ArrowInvalid, OSError, KeyError) as error:
            raise ImpastoError(f"{address}: is damaged ({str(error).splitlines()[0]}); delete it") from None
