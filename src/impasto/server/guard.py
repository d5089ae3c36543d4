"""Who is let in, how much may arrive, and what browsers are told.

A page on the web can make a browser call a service on its user's own computer. So a request must name this computer as
its host, and may come from the service's own pages alone. What can be reached from elsewhere needs a token.
"""

from __future__ import annotations

import re
import secrets

import anyio
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from impasto.errors import ImpastoError, TooLargeError, shown
from impasto.server.endpoints import PREFIX
from impasto.server.problems import RefusedError, on_impasto_error
from impasto.server.settings import LOCAL_NAMES, Settings

COOKIE = "impasto-token"
"""The cookie that has the token, which ``/?token=…`` sets; it ends with the port, as browsers tell hosts apart only."""
HEALTH = f"{PREFIX}/health"
"""The path that needs no token: whoever starts the service asks it whether it is ready."""
FILMS = f"{PREFIX}/films"
"""The path to which films are sent, which are larger than pictures."""
_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "connect-src 'self' blob:",
        "worker-src 'self' blob:",
        "font-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""What every answer tells browsers."""


class Guard:
    """The outermost layer of the service.

    Args:
        app: what it guards.
        settings: how the service is set up.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._films = settings.for_films

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        answer = _with_headers(send)
        limits = self._films if scope["path"] == FILMS else self._settings
        try:
            self._check(request, limits)
        except ImpastoError as error:
            response: Response = await on_impasto_error(request, error)
            await response(scope, receive, answer)
            return
        if scope["path"] == "/" and "token" in request.query_params:
            await self._to_page(request)(scope, receive, answer)
            return
        await self._app(scope, _Body(receive, limits), answer)

    def _check(self, request: Request, limits: Settings) -> None:
        """Raise :class:`RefusedError` for whoever has no business here, or says that too much will arrive."""
        headers, settings, path = request.headers, self._settings, request.scope["path"]
        host = re.sub(r":\d*$", "", headers.get("host", "")).lower()
        if settings.is_local and host not in LOCAL_NAMES:
            raise RefusedError(403, f"host {shown(host)}: this service is for {LOCAL_NAMES[0]} alone; call it so")
        if not self._is_own(request):
            raise RefusedError(403, "a page of another origin may not call this service; --allow-origin lets one")
        if path.startswith(PREFIX) and path != HEALTH and not self._knows_token(request):
            raise RefusedError(
                401,
                "the token is missing or wrong; open the address that the service printed, or send "
                "the header Authorization: Bearer TOKEN",
            )
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length) > limits.max_bytes:
            raise _too_large(limits)

    def _is_own(self, request: Request) -> bool:
        """Whether a request comes from no page, from one of the service, or from one that is allowed."""
        headers = request.headers
        origin = headers.get("origin")
        if origin is not None:
            return (
                origin in self._settings.allow_origin or origin == f"{request.scope['scheme']}://{headers.get('host')}"
            )
        if headers.get("sec-fetch-site", "none") in ("same-origin", "none"):
            return True
        # A link to the page may stand anywhere.
        return headers.get("sec-fetch-mode") == "navigate" and not request.scope["path"].startswith(PREFIX)

    def _knows_token(self, request: Request) -> bool:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        given = token.strip() if kind.lower() == "bearer" else request.cookies.get(_cookie(request), "")
        return self._is_token(given) if self._settings.token else True

    def _is_token(self, given: str) -> bool:
        return secrets.compare_digest(given.encode(), self._settings.token.encode())

    def _to_page(self, request: Request) -> Response:
        """To the page, which then knows the token; a wrong one does not take the place of what the browser has."""
        response, token = RedirectResponse("/", 303), request.query_params["token"]
        if self._settings.token and self._is_token(token):
            response.set_cookie(_cookie(request), token, httponly=True, samesite="strict")
        return response


def _cookie(request: Request) -> str:
    """The cookie's name: with the port that the browser called, which a container or a proxy may have changed."""
    port = re.search(r":(\d+)$", request.headers.get("host", ""))
    return f"{COOKIE}-{port[1]}" if port else COOKIE


class _Body:
    """What receives a request: it counts the bytes and the seconds until the body is there."""

    def __init__(self, receive: Receive, settings: Settings) -> None:
        self._receive = receive
        self._settings = settings
        self._left = settings.max_bytes
        self._arrived = False
        self._until = anyio.current_time() + settings.upload_seconds

    async def __call__(self) -> Message:
        if self._arrived:
            return await self._receive()
        try:
            with anyio.fail_after(max(0.0, self._until - anyio.current_time())):
                message = await self._receive()
        except TimeoutError:
            seconds = f"{self._settings.upload_seconds:g}"
            raise RefusedError(408, f"body: did not arrive within {seconds} seconds; send it again") from None
        self._left -= len(message.get("body", b""))
        self._arrived = not message.get("more_body", False)
        if self._left < 0:
            raise _too_large(self._settings)
        return message


def _with_headers(send: Send) -> Send:
    """``send``, which also tells browsers what a page of the service may do."""

    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return with_headers


def _too_large(settings: Settings) -> TooLargeError:
    return TooLargeError(f"body: is larger than {settings.max_megabytes:g} MB; send less")
