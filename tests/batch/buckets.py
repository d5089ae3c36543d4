"""A bucket on this machine, that of moto's server, which fails now and then if it is told to."""

from __future__ import annotations

import logging
import os
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

_FAULT = b"<Error><Code>%s</Code><Message>injected</Message></Error>"


class Faulty:
    """A web application whose answers are errors, or nothing at all, with some probability.

    Args:
        application: what answers otherwise.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application
        self._random = random.Random(0)
        self._lock = threading.Lock()
        self.share = 0.0
        self.stall = 0.0
        self.requests: Counter[str] = Counter()
        self.injected: Counter[str] = Counter()

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        with self._lock:
            self.requests[environ["REQUEST_METHOD"]] += 1
            fault = self._random.choice(["500", "503", "nothing", "late"]) if self._random.random() < self.share else ""
            self.injected[fault] += 1
        if fault in ("500", "503"):
            name = {"500": b"InternalError", "503": b"SlowDown"}[fault]
            start(f"{fault} Fault", [("Content-Type", "application/xml")])
            return [_FAULT % name]
        if fault == "nothing":
            return self._hang_up(environ)
        if fault == "late":  # the request is done, and nobody hears of it
            list(self._application(environ, lambda *_: lambda _: None))
            time.sleep(self.stall)
            return self._hang_up(environ)
        return self._application(environ, start)

    def _hang_up(self, environ: dict[str, Any]) -> Iterable[bytes]:
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        raise ConnectionError


@contextmanager
def server() -> Iterator[Faulty]:
    """A server of S3, to which this process, and those that it starts, then go."""
    application = Faulty(DomainDispatcherApplication(create_backend_app))
    serving = make_server("127.0.0.1", 0, application, threaded=True)
    thread = threading.Thread(target=serving.serve_forever, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{serving.server_port}"
    keys = {"AWS_ENDPOINT_URL": address, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in keys.items():
            patch.setenv(name, value)
        logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
        yield application
    serving.shutdown()
    thread.join()


def _client() -> Any:
    import boto3

    return boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"], region_name="us-east-1")


def files_in(bucket: str) -> dict[str, bytes]:
    """Key -> content of all files in a bucket."""
    client = _client()
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    keys = [each["Key"] for page in pages for each in page.get("Contents", ())]
    return {key: client.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


def unfinished_in(bucket: str) -> list[Any]:
    """Files that are sent in parts, of which some are missing."""
    return list(_client().list_multipart_uploads(Bucket=bucket).get("Uploads", ()))


def make(bucket: str, files: dict[str, bytes] | None = None) -> str:
    """Make a bucket with some files, key -> content, and return its name."""
    client = _client()
    client.create_bucket(Bucket=bucket)
    for key, content in (files or {}).items():
        client.put_object(Bucket=bucket, Key=key, Body=content)
    return bucket
