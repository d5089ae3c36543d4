"""``impasto webcam``."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from impasto.cli.options import model_option, precision_option, runtime_option
from impasto.errors import ImpastoError, needs_extra
from impasto.models.choice import choose
from impasto.stylize.typed import read_styles

if TYPE_CHECKING:
    from impasto.film.device import VirtualCamera
    from impasto.stylize.live import Live


@click.command(short_help="Show what the camera sees, repainted.")
@click.option("-s", "--style", "styles", multiple=True, help="A style or blend. Repeat it to switch between several.")
@click.option("--camera", default="0", help="The number of a camera, or a film in its place.")
@click.option("--size", type=click.IntRange(64, 1920), default=480, help="Long side of the picture, in pixels.")
@click.option("--preview", is_flag=True, help="Show it on a page in the browser, which only this computer can open.")
@click.option(
    "--to", "device", type=click.Path(path_type=Path), help="Write it to a virtual camera on Linux, /dev/videoN."
)
@click.option("--no-mirror", is_flag=True, help="Do not mirror the picture.")
@model_option()
@runtime_option
@precision_option
def webcam(
    styles: tuple[str, ...],
    camera: str,
    size: int,
    preview: bool,
    device: Path | None,
    no_mirror: bool,
    **options: Any,
) -> None:
    """Show what the camera sees, repainted, in a window, in the browser, or as another camera.

    Keys: N and P change the style, and B blends it with the next one. + and - change the strength. S saves a picture
    here. Q and Escape end it.
    """
    if preview and device:
        raise ImpastoError("--preview and --to: give only one of them")
    if preview:
        _needs_serve()
    from impasto.film.camera import Camera
    from impasto.film.device import VirtualCamera
    from impasto.stylize.live import Live

    stylizer, blends = _loaded(styles, options)
    source = int(camera) if camera.isdecimal() else camera
    live = Live(stylizer, blends, size)
    opened = VirtualCamera(device) if device else None
    seen = Camera(source, mirrored=not no_mirror)
    if opened is not None:
        _write(live, seen, opened)
    elif preview:
        _preview(live, seen)
    else:
        _show(live, seen)


def _loaded(styles: tuple[str, ...], options: dict[str, Any]) -> tuple[Any, list[Any]]:
    from impasto.models.library import bundled_with
    from impasto.stylize.stylizer import load

    blends = read_styles(styles or ("all",), [], options["model"])
    chosen = options["model"] or choose(bundled_with(name for blend in blends for name in blend))
    return load(chosen, runtime=options["runtime"], precision=options["precision"]), list(blends)


def _needs_serve() -> None:
    with needs_extra("serve"):
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401


def _preview(live: Live, camera: Any) -> None:
    """A page in the browser with the newest picture, until somebody ends it or the camera ends."""
    from impasto.server.preview import preview

    preview(live, camera.frames(), Path(), lambda address: click.echo(f"impasto: {address}  (Ctrl-C stops it)"))


def _write(live: Live, camera: Any, device: VirtualCamera) -> None:
    """Write pictures to a virtual camera, until Ctrl-C or until the camera ends."""
    with closing(camera.frames()) as frames, device:
        for frame in frames:
            device.write(live.paint(frame))


def _show(live: Live, camera: Any) -> None:
    """A window with the newest picture, until it is closed or the camera ends."""
    window = _window(camera)
    from PIL import Image, ImageTk

    window.title("impasto")
    label = _label(window)
    label.pack()
    window.bind("<Key>", lambda event: _press(live, event.keysym, window))

    def show() -> None:
        frame = camera.newest()
        if frame is None:
            window.destroy()
            return
        label.image = ImageTk.PhotoImage(Image.fromarray(live.paint(frame)))
        label.configure(image=label.image)
        window.after(1, show)

    window.after(1, show)
    try:
        window.mainloop()
    finally:
        camera.close()


def _save(live: Live) -> None:
    """Save a picture, and say where; the window stays open if it cannot be saved."""
    try:
        click.echo(live.save(Path()))
    except ImpastoError as error:
        click.echo(f"impasto: {error}", err=True)


def _window(camera: Any) -> Any:
    """A window.

    Raises:
        ImpastoError: there is no screen, or Python has no tkinter; the camera is let go.
    """
    needs = "a window needs a screen and Python's tkinter"
    try:
        import tkinter
    except ImportError as error:
        camera.close()
        raise ImpastoError(f"{needs} ({error})") from None
    try:
        return tkinter.Tk(className="impasto")
    except tkinter.TclError as error:
        camera.close()
        raise ImpastoError(f"{needs} ({error})") from None


def _label(window: Any) -> Any:
    import tkinter

    return tkinter.Label(window)


def _press(live: Live, key: str, window: Any) -> None:
    """Do what a key says."""
    if key in ("q", "Q", "Escape"):
        window.destroy()
    elif key in ("s", "S"):
        _save(live)
    else:
        live.press({"plus": "+", "minus": "-", "equal": "+"}.get(key, key.lower()))
    if key not in ("q", "Q", "Escape"):
        window.title(f"impasto: {live.title}")
