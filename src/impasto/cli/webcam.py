"""``impasto webcam``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from impasto.cli.options import model_option, precision_option, runtime_option
from impasto.cli.typed import read_styles
from impasto.errors import ImpastoError
from impasto.models.choice import choose

if TYPE_CHECKING:
    from impasto.stylize.live import Live


@click.command()
@click.option("-s", "--style", "styles", multiple=True, help="A style or blend; several, to change between them.")
@click.option("--camera", default="0", help="The number of a camera, or a film in its place.")
@click.option("--size", type=click.IntRange(64, 1920), default=480, help="Long side of the picture, in pixels.")
@click.option("--no-mirror", is_flag=True, help="Leave left and right as the camera sees them.")
@model_option()
@runtime_option
@precision_option
def webcam(styles: tuple[str, ...], camera: str, size: int, no_mirror: bool, **options: Any) -> None:
    """Show what the camera sees, repainted, in a window.

    Keys: N and P change the style, B blends it with the next one, + and - change the strength, S saves a picture here,
    Q and Escape end it.
    """
    from impasto.film.camera import Camera
    from impasto.stylize.live import Live

    stylizer, blends = _loaded(styles, options)
    source = int(camera) if camera.isdecimal() else camera
    live = Live(stylizer, blends, size)
    _show(live, Camera(source, mirrored=not no_mirror))


def _loaded(styles: tuple[str, ...], options: dict[str, Any]) -> tuple[Any, list[Any]]:
    from impasto.models.library import bundled_with
    from impasto.stylize.stylizer import load

    blends = read_styles(styles or ("all",), [], options["model"])
    chosen = options["model"] or choose(bundled_with(name for blend in blends for name in blend))
    return load(chosen, runtime=options["runtime"], precision=options["precision"]), list(blends)


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
        click.echo(live.save(Path()))
    else:
        live.press({"plus": "+", "minus": "-", "equal": "+"}.get(key, key.lower()))
    if key not in ("q", "Q", "Escape"):
        window.title(f"impasto: {live.title}")
