"""The polling booth: a page on this machine that shows pairs one by one and takes votes. It needs no network."""

from __future__ import annotations

import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import Any

import msgspec

from blind.key import picture_path, read_key
from blind.votes import Vote, Votes, cast, read_votes, votes_path
from impasto.errors import ImpastoError

_PAGE = Path(__file__).with_name("page.html")
_MOST = 1000
"""Bytes of a request, at most."""


class _Cast(msgspec.Struct, frozen=True):
    """What the page sends."""

    number: int
    vote: Vote


class _State(msgspec.Struct, frozen=True):
    """What the page shows: nothing of the key but the numbers of pairs."""

    numbers: list[int]
    votes: Votes


class Booth(ThreadingHTTPServer):
    """Serves the pairs of a folder to one voter, on this machine only. Votes are in the voter's file at once.

    Args:
        folder: has pairs and their key.
        voter: whose votes these are; those already in the file are gone on from.
        port: 0 for any that is free.

    Raises:
        ImpastoError: the folder has no pairs, the voter's file is damaged, or the port is taken.
    """

    daemon_threads = True  # browsers keep connections open

    def __init__(self, folder: Path, voter: str, port: int = 0) -> None:
        self.folder, self.key, self.path = folder, read_key(folder), votes_path(folder, voter)
        self.numbers = [pair.number for pair in self.key.pairs if picture_path(folder, pair.number).exists()]
        if not self.numbers:
            raise ImpastoError(f"{folder}: no pair is made yet; go on with pairs.py make")
        read_votes(self.path, self.key)
        self._lock = Lock()
        try:
            super().__init__(("127.0.0.1", port), _Handler)
        except OSError as error:
            raise ImpastoError(f"port {port}: cannot be used ({error.strerror}); give another --port") from None

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing if a browser only went away before it had its picture."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"

    @property
    def votes(self) -> Votes:
        """What the voter has voted so far."""
        return read_votes(self.path, self.key)

    def take(self, body: bytes) -> None:
        """Write down a vote, as the page sends it.

        Raises:
            ImpastoError: it is no vote for a pair that there is.
        """
        try:
            sent = msgspec.json.decode(body, type=_Cast)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ImpastoError(f"this is no vote: {error}") from None
        with self._lock:
            cast(self.path, {sent.number: sent.vote}, self.key)


class _Handler(BaseHTTPRequestHandler):
    server: Booth

    def do_GET(self) -> None:  # the name that http.server wants
        if self.path == "/":
            self._answer(_PAGE.read_bytes(), "text/html; charset=utf-8")
        elif self.path == "/state":
            self._answer(msgspec.json.encode(_State(self.server.numbers, self.server.votes)), "application/json")
        elif self.path in {f"/{number}.jpg" for number in self.server.numbers}:
            picture = picture_path(self.server.folder, int(self.path[1:-4]))
            self._answer(picture.read_bytes(), "image/jpeg")
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), _MOST))
        if self.path != "/votes":
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        try:
            self.server.take(body)
        except ImpastoError as error:
            self._answer(str(error).encode(), "text/plain; charset=utf-8", HTTPStatus.BAD_REQUEST)
        else:
            self._answer(b"", "text/plain")

    def _answer(self, content: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing: the terminal shows where the page is."""
