"""The user's own styles, in addition to those that come with a model.

Each is a file, in a folder for each network: ``$XDG_DATA_HOME/impasto/styles/<network>/<slug>.safetensors``, or below
the system's own folder for data of applications.
"""

from __future__ import annotations

import dataclasses
import logging
import re
import tempfile
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec
import platformdirs

from impasto.assets import BUNDLED, bundled
from impasto.errors import ImpastoError, kind_of, unknown
from impasto.files import is_device, is_file, write_file
from impasto.models.model import INFO, STYLES, Model, ModelInfo, read_info
from impasto.styles.style import IDENTITY, Style

logger = logging.getLogger(__name__)

SUFFIX = ".safetensors"
"""How the names of style files end."""
ALL = "all"
"""Stands for every style that has a name, and so is the name of none."""


def root() -> Path:
    """The folder that holds all of the user's styles."""
    return platformdirs.user_data_path("impasto") / "styles"


def folder(model: Model) -> Path:
    """The folder that holds the user's styles for a model's network."""
    return root() / model.info.network


def with_own_styles(model: Model) -> Model:
    """The model with the user's styles after its own. Files that cannot be read are left out, with a warning."""
    own = {}
    for path in sorted(folder(model).glob(f"[!.]*{SUFFIX}")):
        try:
            style = Style.load(path)
            check_fits(style, model)
        except ImpastoError as error:
            logger.warning("impasto: %s; left out", error)
        else:
            own[path.stem] = style
    return dataclasses.replace(model, styles={**model.styles, **own} | dict(model.styles)) if own else model


def bundled_with(styles: Iterable[str | Path]) -> tuple[str, ...]:
    """The models that come with the package and have all of ``styles``, the user's own among them.

    Args:
        styles: slugs and files. A style file is one model's, every model can read a painting.

    Raises:
        ImpastoError: a style file cannot be read.
    """
    styles = list(styles)
    infos = {name: read_info(bundled(name)) for name in BUNDLED}
    return tuple(name for name, info in infos.items() if all(_has(info, style) for style in styles))


def _is_painting(style: str | Path) -> bool:
    return isinstance(style, Path) and style.suffix.lower() != SUFFIX


def _has(info: ModelInfo, style: str | Path) -> bool:
    if isinstance(style, Path):
        return _is_painting(style) or Style.load(style).info.network == info.network
    own = root() / info.network / f"{style}{SUFFIX}"
    return style in info.styles or (_is_slug(style) and is_file(own))


def find(name: str, model: Model) -> Style:
    """The style of a model that has this slug.

    Args:
        name: the slug.
        model: the model, with the user's styles if they are to be found.

    Raises:
        ImpastoError: there is no such style, or it was made for another network.
    """
    if name in model.styles:
        return model.styles[name]
    if _is_slug(name) and next(root().glob(f"*/{name}{SUFFIX}"), None):
        raise ImpastoError(
            f"style {name!r}: was made for another network than {model.name!r}; "
            "name that model, or add the style to this one with impasto add-style"
        )
    raise unknown("style", name, model.styles, "impasto styles")


def search(words: str, styles: Mapping[str, Style]) -> list[str]:
    """The slugs of the styles that people mean by some words. They are the beginning of a slug, title or artist, or of
    a word in one. Case, accents and spaces do not count: ``vangogh`` finds "Vincent van Gogh".

    Args:
        words: whatever is searched for; nothing is found without a letter or digit.
        styles: slug -> style.
    """
    wanted = _letters(words)
    if not wanted:
        return []
    by_slug = {slug: (slug, style.info.name, style.info.name_zh, style.info.artist) for slug, style in styles.items()}
    whole = [slug for slug, texts in by_slug.items() if wanted in map(_letters, texts)]
    return whole or [slug for slug, texts in by_slug.items() if any(_begins_a_word(wanted, text) for text in texts)]


def _begins_a_word(wanted: str, text: str) -> bool:
    words = re.split(r"\W+", text)
    return any(_letters("".join(words[first:])).startswith(wanted) for first in range(len(words)))


def _letters(text: str) -> str:
    """The letters and digits of a text, without case and accents."""
    return "".join(each for each in unicodedata.normalize("NFKD", text).casefold() if each.isalnum())


def check_fits(style: Style, model: Model) -> None:
    """Raise an :class:`ImpastoError` if ``style`` was made for another network than the model's."""
    if style.info.network != model.info.network or style.row.shape != (model.info.style_size,):
        raise ImpastoError(f"style {style.slug!r} was made for another network than {model.name!r}")


def check_name(name: str, model: Model, *, replace: bool = False) -> None:
    """Raise an :class:`ImpastoError` if a new style cannot have this name.

    Args:
        name: the slug that the style shall have.
        model: the model, with the user's styles.
        replace: whether one of the user's styles may have this name already.
    """
    if not isinstance(name, str):
        raise ImpastoError(f"name: is {kind_of(name)}; give a name such as my-style")
    if not _is_slug(name):
        near = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "my-style"
        raise ImpastoError(f"name {name!r}: use lower-case letters, digits and hyphens, such as {near}")
    if is_device(name):
        raise ImpastoError(f"name {name!r}: Windows reserves it for a device; choose another")
    if name == ALL:
        raise ImpastoError(f"name {name!r}: means every style; choose another")
    if name in model.info.styles or name == IDENTITY:
        raise ImpastoError(f"name {name!r}: {model.name} has a style of that name; choose another")
    if name in model.styles and not replace:
        raise ImpastoError(f"name {name!r}: there is a style of that name; choose another, or --replace it")


def _is_slug(name: str) -> bool:
    """Whether ``name`` has only lower-case letters, digits and hyphens, does not begin with a hyphen, and is short
    enough for the name of a file."""
    return bool(re.fullmatch(r"[a-z0-9][a-z0-9-]{,199}", name))


def keep(style: Style, model: Model, *, replace: bool = False) -> Path:
    """Write a style into the user's folder.

    Args:
        style: the style.
        model: the model for whose network it was made.
        replace: whether it may replace one of the user's styles of the same name.

    Returns:
        The file.

    Raises:
        ImpastoError: the style was made for another network, its name is taken, or the folder cannot be written.
    """
    check_fits(style, model)
    check_name(style.slug, with_own_styles(model), replace=replace)
    path = folder(model) / f"{style.slug}{SUFFIX}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, style.content)
    except OSError as error:
        raise _unwritable(path, error) from None
    return path


def export(name: str, model: Model, out: Path | None = None) -> Path:
    """Write a style, the model's or one of the user's, to a file for others, and return the file.

    Args:
        name: a slug.
        model: the model that the style is for.
        out: the file; without it, ``NAME.safetensors`` in the current folder.

    Raises:
        ImpastoError: there is no such style, the file has another ending, or it cannot be written.
    """
    out = out or Path(f"{name}{SUFFIX}")
    if out.suffix != SUFFIX:
        raise ImpastoError(f"output {out}: style files are called {out.stem}{SUFFIX}")
    style = find(name, with_own_styles(model))
    try:
        write_file(out, style.content)
    except OSError as error:
        raise ImpastoError(f"output {out}: {error.strerror}") from None
    return out


def remove(name: str, model: Model) -> None:
    """Delete one of the user's styles, and its preview.

    Raises:
        ImpastoError: the user has no such style, or it cannot be deleted.
    """
    path = _own(name, model)
    try:
        path.unlink()
        preview(name, model).unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from None


def rename(old: str, new: str, model: Model) -> None:
    """Give one of the user's styles another name.

    Raises:
        ImpastoError: the user has no such style, or the new name is taken or not allowed.
    """
    _own(old, model)
    style = find(old, with_own_styles(model))
    keep(style.renamed(new), model)
    remove(old, model)


def preview(name: str, model: Model, *, appended: bool = False) -> Path:
    """Where the picture that shows a style is kept: beside the style's file.

    Args:
        name: the slug of the style.
        model: the model for which the style was made.
        appended: whether the style is in the model's folder; otherwise it is in the user's.
    """
    return (model.path / STYLES if appended else folder(model)) / f"{name}.jpg"


def _own(name: str, model: Model) -> Path:
    """The file of one of the user's styles; an :class:`ImpastoError` if they have no style of that name."""
    path = folder(model) / f"{name}{SUFFIX}"
    if not (_is_slug(name) and path.exists()):
        if name in model.info.styles:
            raise ImpastoError(f"style {name!r}: comes with {model.name}; you can only change your own styles")
        raise unknown("style of your own", name, [path.stem for path in folder(model).glob(f"[!.]*{SUFFIX}")])
    return path


def _unwritable(path: Path, error: OSError) -> ImpastoError:
    """The error for a style file ``path`` that cannot be written."""
    return ImpastoError(f"style folder {path.parent}: {error.strerror}; make it writable, or name another one")


def append(style: Style, model: Model) -> Path:
    """Write a style into the model's folder, after the styles that are there.

    Returns:
        The file.

    Raises:
        ImpastoError: the style was made for another network, its name is taken, or the folder cannot be written.
    """
    check_fits(style, model)
    check_name(style.slug, model)
    path = model.path / STYLES / f"{style.slug}{SUFFIX}"
    info = msgspec.structs.replace(model.info, styles=(*model.info.styles, style.slug))
    try:
        write_file(path, style.content)
        write_file(model.path / INFO, msgspec.json.format(msgspec.json.encode(info), indent=2))
    except OSError as error:
        raise _unwritable(path, error) from None
    return path


def check_writable(model: Model, *, appended: bool) -> None:
    """Raise now the :class:`ImpastoError` that :func:`add` would raise later, if the folder cannot be written."""
    place = model.path / STYLES if appended else folder(model)
    try:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise _unwritable(place / STYLES, error) from None


def add(style: Style, model: Model, *, appended: bool, replace: bool = False) -> Path:
    """:func:`append` a style to the model's folder, or :func:`keep` it in the user's."""
    return append(style, model) if appended else keep(style, model, replace=replace)
