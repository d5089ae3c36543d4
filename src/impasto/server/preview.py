"""What a camera sees, repainted, on a page that only this computer can open: a stream of JPEG pictures."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path

import anyio
import uvicorn
from PIL import Image
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from impasto.errors import ImpastoError
from impasto.images.arrays import Array
from impasto.images.writing import encode
from impasto.server.guard import Guard
from impasto.server.run import address, listen
from impasto.server.settings import Settings
from impasto.stylize.live import Live

_PAGE = Path(__file__).parent / "preview_page"
_ICON = Path(__file__).parent / "static" / "icon.svg"
_QUALITY = 85
"""Of the pictures, as JPEG counts it."""
_BOUNDARY = "picture"
"""What stands between two pictures."""
_WAIT = 0.5
"""After so many seconds without a new picture it is looked whether there will be one, in seconds."""


class Screen:
    """The newest picture: one thread paints it, others show it and press keys.

    Args:
        live: paints.
        folder: where pictures are saved.
    """

    def __init__(self, live: Live, folder: Path) -> None:
        self._live, self._folder = live, folder
        self._painting = threading.Lock()
        self._changed = threading.Condition()
        self._number, self._picture, self.ended = 0, b"", False

    def show(self, frames: Iterable[Array]) -> None:
        """Paint frames (H,W,3) until there are no more, or somebody ends it."""
        try:
            for frame in frames:
                if self.ended:
                    break
                with self._painting:
                    picture = self._live.paint(frame)
                content = encode(Image.fromarray(picture), "JPEG", quality=_QUALITY)
                with self._changed:
                    self._number, self._picture = self._number + 1, content
                    self._changed.notify_all()
        finally:
            self.end()

    def press(self, key: str) -> str:
        """Do what a key of the window does, and say in a few words what is painted now."""
        if key == "q":
            self.end()
            return "The command has ended."
        with self._painting:
            if key == "s":
                return self._saved()
            self._live.press(key)
            return self._live.title

    def _saved(self) -> str:
        try:
            return f"saved as {self._live.save(self._folder)}"
        except ImpastoError as error:
            return str(error)

    def end(self) -> None:
        """Show no more."""
        with self._changed:
            self.ended = True
            self._changed.notify_all()

    def newer(self, number: int) -> tuple[int, bytes]:
        """The newest picture as JPEG, and its number; it waits a while for one after ``number``."""
        with self._changed:
            self._changed.wait_for(lambda: self._number > number or self.ended, _WAIT)
            return self._number, self._picture

    async def pictures(self) -> AsyncIterator[bytes]:
        """The parts of a stream of pictures."""
        shown = 0
        while not self.ended:
            number, content = await anyio.to_thread.run_sync(self.newer, shown)
            if number > shown:
                head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(content)}\r\n\r\n"
                yield head.encode() + content + b"\r\n"
            shown = number


def create_preview(screen: Screen, settings: Settings) -> Starlette:
    """The application: the page, its pictures, and its keys."""

    async def pictures(request: Request) -> Response:
        kind = f"multipart/x-mixed-replace; boundary={_BOUNDARY}"
        return StreamingResponse(screen.pictures(), media_type=kind, headers={"Cache-Control": "no-store"})

    def press(request: Request) -> Response:
        return PlainTextResponse(screen.press(request.query_params.get("key", "")))

    def icon(request: Request) -> Response:
        return FileResponse(_ICON)

    routes = [
        Route("/icon.svg", icon),
        Route("/pictures", pictures),
        Route("/press", press, methods=["POST"]),
        Mount("/", StaticFiles(directory=_PAGE, html=True)),
    ]
    return Starlette(routes=routes, middleware=[Middleware(Guard, settings=settings)])


class _Server(uvicorn.Server):
    """Ends with what it shows, and ends its streams when it ends."""

    def __init__(self, config: uvicorn.Config, screen: Screen) -> None:
        super().__init__(config)
        self._screen = screen

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or self._screen.ended

    async def shutdown(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        self._screen.end()
        await super().shutdown(sockets)  # type: ignore[arg-type]


def preview(live: Live, frames: Iterable[Array], folder: Path, ready: Callable[[str], None]) -> None:
    """Show frames, repainted, until they end, or somebody ends it.

    Args:
        live: paints.
        frames: (H,W,3) uint8.
        folder: where pictures are saved.
        ready: is given the address of the page, once it can be opened.

    Raises:
        ImpastoError: no port is free.
    """
    listening = listen(Settings(port=0))
    settings = Settings(port=listening.getsockname()[1])
    screen = Screen(live, folder)
    painting = threading.Thread(target=screen.show, args=(frames,), daemon=True)
    painting.start()
    config = uvicorn.Config(
        create_preview(screen, settings), ws="none", log_level="warning", server_header=False, proxy_headers=False
    )
    ready(address(settings))
    try:
        _Server(config, screen).run([listening])
    finally:
        screen.end()
        painting.join()
