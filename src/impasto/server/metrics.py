"""Numbers for Prometheus."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from impasto.server.endpoints import Endpoint

if TYPE_CHECKING:
    from impasto.server.service import Service

_SECONDS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100)
"""The bounds of the histogram."""


class Metered:
    """Counts requests and the seconds that they take.

    Args:
        app: what answers them.
        registry: has the numbers.
        service: whose places are counted.
    """

    def __init__(self, app: ASGIApp, registry: CollectorRegistry, service: Service) -> None:
        self._app = app
        labels = ("method", "path", "status")
        self._requests = Counter("impasto_requests", "Requests that were answered.", labels, registry=registry)
        self._seconds = Histogram(
            "impasto_request_seconds", "How long they took.", ("method", "path"), registry=registry, buckets=_SECONDS
        )
        taken = Gauge("impasto_places_taken", "Requests that are painted or wait.", registry=registry)
        taken.set_function(lambda: service.queue.taken)
        ProcessCollector(registry=registry)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, and count it under the path that it was meant for."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            endpoint = getattr(scope.get("endpoint"), "__self__", None)
            method, path = (endpoint.method, endpoint.path) if isinstance(endpoint, Endpoint) else ("", "other")
            self._requests.labels(method, path, status).inc()
            self._seconds.labels(method, path).observe(time.perf_counter() - began)
