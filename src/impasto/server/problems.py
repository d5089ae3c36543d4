"""Errors as answers: problem details (RFC 9457), whose ``detail`` is the command line's sentence."""

from __future__ import annotations

import http

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from impasto.errors import ImpastoError, TooLargeError, UnreadableError

MEDIA_TYPE = "application/problem+json"
_GONE = 499
"""The status that nobody reads any more, as nginx has it."""


class Problem(msgspec.Struct, frozen=True):
    """What is wrong, and what to do."""

    title: str
    """The status in words."""
    status: int
    detail: str
    """One line for people: what is wrong, with which field or file, what to do."""
    type: str = "about:blank"


class RefusedError(ImpastoError):
    """A request that is answered with a status of its own.

    Args:
        status: of HTTP.
        message: what is wrong and what to do, one line.
        retry_after: after how many seconds to try again, where that helps.
    """

    def __init__(self, status: int, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


class GoneError(Exception):
    """The client has gone away; nobody waits for an answer."""


def status_of(error: ImpastoError) -> int:
    """The status of HTTP for an error."""
    if isinstance(error, RefusedError):
        return error.status
    if isinstance(error, TooLargeError):
        return 413
    return 415 if isinstance(error, UnreadableError) else 422


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """An answer that says what is wrong."""
    content = msgspec.json.encode(Problem(http.HTTPStatus(status).phrase, status, detail))
    return Response(content, status, headers, MEDIA_TYPE)


async def on_impasto_error(request: Request, error: Exception) -> Response:
    """Something the client can put right."""
    assert isinstance(error, ImpastoError)
    retry = getattr(error, "retry_after", None)
    detail = str(error).replace("`impasto styles`", "GET styles")  # who calls a service may have no command line
    return problem(status_of(error), detail, {"Retry-After": str(retry)} if retry else None)


async def on_http_error(request: Request, error: Exception) -> Response:
    """A path or method that there is not."""
    assert isinstance(error, HTTPException)
    headers = dict(error.headers) if error.headers else None
    return problem(error.status_code, f"{request.method} {request.scope['path']}: {error.detail}", headers)


async def on_gone(request: Request, error: Exception) -> Response:
    """Nobody reads this."""
    return Response(status_code=_GONE)


async def on_fault(request: Request, error: Exception) -> Response:
    """A fault of the service: uvicorn logs it, the client learns nothing of it."""
    if isinstance(error, MemoryError):
        return problem(413, "there is not enough memory; give a smaller photo or size")
    return problem(500, "the service failed; its log says why")
