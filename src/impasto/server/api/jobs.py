"""What takes minutes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from impasto.server.endpoints import NOTHING, Endpoint
from impasto.server.jobs import JobAnswer, JobsAnswer
from impasto.server.service import Service

_EVENTS = "text/event-stream"


async def list_jobs(service: Service, request: Request) -> JobsAnswer:
    """The jobs that are remembered, the newest first."""
    return JobsAnswer(service.jobs.listed())


async def get_job(service: Service, request: Request) -> JobAnswer:
    """A job as it is now."""
    return service.jobs.get(request.path_params["id"])


async def follow_job(service: Service, request: Request) -> Response:
    """A job as it is now, and again after every change, as server-sent events; the stream ends with the job."""
    job = service.jobs.get(request.path_params["id"])

    async def events() -> AsyncIterator[bytes]:
        async for state in service.jobs.follow(job.id):
            yield b"event: job\ndata: " + msgspec.json.encode(state) + b"\n\n"

    return StreamingResponse(events(), media_type=_EVENTS, headers={"Cache-Control": "no-store"})


async def cancel_job(service: Service, request: Request) -> Response:
    """Cancel a job; one that has ended is forgotten."""
    service.jobs.cancel(request.path_params["id"])
    return NOTHING


ENDPOINTS = (
    Endpoint("GET", "/jobs", list_jobs, answer=JobsAnswer),
    Endpoint("GET", "/jobs/{id}", get_job, answer=JobAnswer, errors=(404,)),
    Endpoint("GET", "/jobs/{id}/events", follow_job, answer=_EVENTS, errors=(404,)),
    Endpoint("DELETE", "/jobs/{id}", cancel_job, status=204, errors=(404,)),
)
