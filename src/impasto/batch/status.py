"""What the record of a batch says, summed up."""

from __future__ import annotations

import msgspec

from impasto.batch import places
from impasto.batch.manifest import Manifest
from impasto.errors import ImpastoError


class Status(msgspec.Struct, frozen=True):
    """What is there."""

    target: str
    painted: int
    failed: int
    bytes: int
    """The size of all pictures."""
    seconds: float
    """How long one thread would have painted."""
    styles: dict[str, int]
    """Model and style, as names and fingerprints -> number of pictures."""
    last: str
    """When the last picture was painted, in UTC."""
    failures: tuple[tuple[str, str], ...]
    """Address of each photo that failed, and why."""

    def in_words(self) -> str:
        """The same in lines."""
        lines = [f"{self.target}: {self.painted:,} pictures, {self.bytes / 1e6:,.1f} MB; the last one at {self.last}"]
        lines += [f"  {count:,} by {style}" for style, count in self.styles.items()]
        if self.failed:
            lines += [f"{self.failed:,} failed:", *(f"  {why}" for _, why in self.failures)]
        return "\n".join(lines)


def status_of(target: str) -> Status:
    """The status of a folder of pictures, or the prefix of a bucket.

    Raises:
        ImpastoError: it has no record, or that cannot be read.
    """
    from pyarrow import compute

    rows = Manifest(places.normal(target)).read()
    if not rows.num_rows:
        raise ImpastoError(f"{target}: has no record of a batch; give the --out of a batch")
    painted = rows.filter(compute.equal(rows["status"], "painted"))
    failed = rows.filter(compute.equal(rows["status"], "failed"))
    by = compute.value_counts(compute.binary_join_element_wise(painted["model"], painted["style"], " "))
    last = compute.max(rows["painted"]).as_py()
    return Status(
        target=target,
        painted=painted.num_rows,
        failed=failed.num_rows,
        bytes=compute.sum(painted["bytes"]).as_py() or 0,
        seconds=round(compute.sum(painted["seconds"]).as_py() or 0, 1),
        styles={each["values"].as_py(): each["counts"].as_py() for each in by},
        last=f"{last:%Y-%m-%d %H:%M:%S} UTC",
        failures=tuple(zip(failed["source"].to_pylist(), failed["error"].to_pylist(), strict=True)),
    )
