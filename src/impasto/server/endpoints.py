"""What a path takes and answers: one value, from which requests are read, and which OpenAPI describes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from impasto.errors import ImpastoError, TooLargeError
from impasto.server.forms import read_form, values_of
from impasto.server.problems import RefusedError

if TYPE_CHECKING:
    from impasto.server.service import Service

PREFIX = "/api/v1"
_MOST_JSON = 64 * 1024
"""The most bytes of a JSON body."""
JSON, BYTES = "application/json", "application/octet-stream"
Struct = type[msgspec.Struct]
Handler = Callable[..., Awaitable[Response | msgspec.Struct]]
NOTHING = Response(status_code=204)


@dataclass(frozen=True)
class Endpoint:
    """A path of the service.

    Attributes:
        method: of HTTP.
        path: below :data:`PREFIX`, parameters in braces.
        handler: is given the service, the request, and a value for each struct of ``query``, ``form`` and ``body``.
            Its docstring is the description.
        query: what may be asked for in the address.
        form: what a multipart body has the fields of.
        body: what a JSON body is, or the media type of any other body, which the handler reads itself.
        answer: what is answered: a struct as JSON, or a media type; None is nothing.
        status: of the answer, when all is well.
        errors: the statuses of problems, beside those that every path may have.
        admit: raises what refuses a request, before its body is read.
    """

    method: str
    path: str
    handler: Handler
    query: tuple[Struct, ...] = ()
    form: tuple[Struct, ...] = ()
    body: Struct | str | None = None
    answer: Any = None
    status: int = 200
    errors: tuple[int, ...] = field(default=())
    admit: Callable[[Service], None] = lambda service: None

    async def answer_to(self, request: Request) -> Response:
        """Read the request, call the handler, and answer with what it returns."""
        service: Service = request.app.state.service
        with ExitStack() as held:
            given: list[Any] = []
            self.admit(service)
            if self.form:
                held.enter_context(service.place(request))
            if self.query:
                texts = {name: request.query_params.getlist(name) for name in request.query_params}
                given += values_of(texts, self.query)
            if self.form:
                given += await read_form(request, self.form, held, service.settings.max_bytes)
            elif isinstance(self.body, type):
                given.append(await _read_json(request, self.body))
            answer = await self.handler(service, request, *given)
        if isinstance(answer, Response):
            return answer
        return Response(msgspec.json.encode(answer), self.status, media_type=JSON)


async def read_bytes(request: Request, most: int) -> bytes:
    """A body of at most so many bytes.

    Raises:
        TooLargeError: it has more.
    """
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > most:
            raise TooLargeError(f"body: is larger than {most // 1024} KB; send less")
    return bytes(content)


async def _read_json(request: Request, struct: Struct) -> msgspec.Struct:
    """A JSON body as a value."""
    content = await read_bytes(request, _MOST_JSON)
    try:
        return msgspec.json.decode(content, type=struct)
    except msgspec.ValidationError as error:
        raise ImpastoError(f"body: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RefusedError(400, f"body: is not JSON ({error})") from None
