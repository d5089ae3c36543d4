"""How the service is set up: one value. The command line reads its help, defaults and ranges from here."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from msgspec import Meta, Struct, structs

from impasto.errors import ImpastoError, check_ranges

LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")
"""The names of this computer, for itself."""


class Settings(Struct, frozen=True, kw_only=True):
    """How the service is set up.

    Raises:
        ImpastoError: a number is out of its range, or a token cannot be sent.
    """

    host: Annotated[str, Meta(description="The address to listen on; any but this computer's own needs a token.")] = (
        "127.0.0.1"
    )
    port: Annotated[int, Meta(ge=0, le=65535, description="The port to listen on; 0 is any free one.")] = 8000
    max_megapixels: Annotated[
        float,
        Meta(
            gt=0, description="Refuse larger photos before they are read, and larger pictures before they are painted."
        ),
    ] = 64.0
    max_megabytes: Annotated[float, Meta(gt=0, description="Refuse larger requests while they arrive.")] = 100.0
    max_film_megabytes: Annotated[
        float, Meta(gt=0, description="The limit for requests with a film, which is kept on disk.")
    ] = 1000.0
    upload_seconds: Annotated[
        float,
        Meta(
            gt=0,
            description="How long a request may take to arrive, in seconds. One with a film has longer.",
        ),
    ] = 120.0
    queue: Annotated[int, Meta(ge=0, description="How many requests may wait while others are painted.")] = 16
    workers: Annotated[int, Meta(ge=1, description="How many pictures are painted at the same time.")] = 2
    token: Annotated[
        str,
        Meta(
            description="The token that callers must send. By default one is made if it is needed.",
            extra={"env": "IMPASTO_TOKEN"},
        ),
    ] = ""
    allow_origin: Annotated[
        tuple[str, ...], Meta(description="An origin whose pages may call the service, too: https://example.org.")
    ] = ()

    @property
    def is_local(self) -> bool:
        """Whether only this computer can reach the service."""
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def max_pixels(self) -> int:
        """The most pixels of a photo or picture."""
        return round(self.max_megapixels * 1e6)

    @property
    def max_bytes(self) -> int:
        """The most bytes of a request's body that is kept in memory."""
        return round(self.max_megabytes * 1e6)

    @property
    def for_films(self) -> Settings:
        """The same settings with what films may have in place of what pictures may have."""
        times = self.max_film_megabytes / self.max_megabytes
        changes = {"max_megabytes": self.max_film_megabytes, "upload_seconds": self.upload_seconds * max(1.0, times)}
        return structs.replace(self, **changes)

    def __post_init__(self) -> None:
        check_ranges(self)
        if not re.fullmatch(r"[!-~]*", self.token):
            what = "no header can hold it; use letters without accents, digits and signs, and no spaces"
            raise ImpastoError(f"token: {what}")
