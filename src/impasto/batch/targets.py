"""Which photo becomes which file: one for each photo and style, the same in every run."""

from __future__ import annotations

import os
import string
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import NamedTuple

import msgspec

from impasto.errors import ImpastoError, check_ranges
from impasto.files import FOLDS, WINDOWS, digest, identity, is_folder, place, portable
from impasto.images.folders import pictures_in
from impasto.images.formats import FORMATS, READABLE, image_format

STREAM = Path("-")
"""Stands for standard input as a source, and for standard output as a target."""
NAME = "{stem}-{style}"
"""What pictures are called, without the ending."""
_MOST_BYTES = 255
"""The longest name of a file, in bytes, on nearly all systems."""


class Naming(msgspec.Struct, frozen=True, kw_only=True):
    """Where pictures go and what they are called.

    Raises:
        ImpastoError: ``name`` or ``format`` cannot be part of a file's name.
    """

    out: Path = Path()
    """A file (for one picture), a folder, or :data:`STREAM`."""
    name: str = NAME
    """The name in a folder, without the ending: ``{stem}`` is the photo's, ``{style}`` what was asked for. With a slash
    in it, folders are made."""
    format: str = ""
    """The ending of pictures, such as ``png``. Without it they have their photo's, or ``.png`` if that is only read."""
    depth: int | None = None
    """How many levels of a folder are searched for photos: 1 is the folder alone, None is all."""
    overwrite: bool = False
    """Whether a picture may take the place of a photo."""
    windows: bool = WINDOWS
    """Whether names must be such as Windows takes."""
    folds: bool = FOLDS
    """Whether names that differ by case only are one file."""

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.format:
            image_format(f"a.{self.format}")
        _check_name(self.name, PureWindowsPath if self.windows else PurePosixPath)

    @property
    def is_file(self) -> bool:
        """Whether ``out`` has the name of a picture, and is no folder, or is standard output."""
        return self.out == STREAM or (self.out.suffix.lower() in FORMATS and not is_folder(self.out))

    def suffix(self, photo: Path) -> str:
        """The ending of a photo's picture."""
        if self.format:
            return f".{self.format}"
        return photo.suffix if photo.suffix.lower() in FORMATS else ".png"

    def picture(self, stem: str, style: str, suffix: str) -> Path:
        """The path of a picture below its folder. A stem that makes the name too long is cut, and its digest added."""
        whole = Path(self._named(stem, style, suffix))
        excess = len(os.fsencode(whole.name)) - _MOST_BYTES
        if excess <= 0:
            return whole
        mark = f"~{digest(os.fsencode(stem))[:8]}"
        kept = stem
        while kept and len(os.fsencode(kept)) > len(os.fsencode(stem)) - excess - len(mark):
            kept = kept[:-1]
        return Path(self._named(kept + mark, style, suffix))

    def picture_of(self, photo: str, style: str) -> str:
        """The path of a photo's picture below ``out``, which the photo's own path decides, whatever others there are.

        A photo whose ending changes keeps the old one in the name, so that ``a.gif`` and ``a.png`` stay two.

        Args:
            photo: its path, with slashes.
            style: what was asked for.
        """
        folder, slash, name = photo.rpartition("/")
        stem, dot, ending = name.rpartition(".")
        suffix = f".{self.format}" if self.format else dot + ending if dot + ending.lower() in FORMATS else ".png"
        stem = stem if dot + ending == suffix else name
        picture = self._named(stem, style, suffix)
        if len(os.fsencode(picture)) > _MOST_BYTES:  # pathlib is slow, for a million names
            picture = self.picture(stem, style, suffix).as_posix()
        return (portable(folder) if self.windows else folder) + slash + picture

    def _named(self, stem: str, style: str, suffix: str) -> str:
        """The name with what it is made of, with slashes."""
        if not self.windows:
            return self.name.format(stem=stem, style=style) + suffix
        return portable(self.name.replace("\\", "/").format(stem=stem, style=style) + suffix)


class Target(NamedTuple):
    """A photo, the style that it is painted in, and the file that it becomes."""

    photo: Path
    style: str
    picture: Path


def find_targets(photos: Iterable[Path], styles: Sequence[str], naming: Naming) -> list[Target]:
    """Which photos become which files. Folders are searched, and their tree is mirrored under ``naming.out``.

    Args:
        photos: files and folders of photos, or :data:`STREAM`.
        styles: what styles are called in the names of pictures.
        naming: where pictures go.

    Raises:
        ImpastoError: several pictures or photos would share one file, a folder has no photos, a picture would take a
            photo's place, or a file name has an unknown format.
    """
    photos = list(dict.fromkeys(photos))
    alone = len(photos) == len(styles) == 1 and not is_folder(photos[0])
    if naming.is_file or (alone and naming.out.suffix and not is_folder(naming.out)):
        targets = [Target(photos[0], styles[0], _one_file(naming, alone=alone))]
    else:
        sources = [source for photo in photos for source in _sources(photo, naming)]
        targets = [target for style in styles for target in _in_style(sources, style, naming)]
        _part_pictures(targets, folds=naming.folds)
    if not naming.overwrite:
        _spare_photos(targets)
    return targets


def _one_file(naming: Naming, *, alone: bool) -> Path:
    """``naming.out``, once it is certain that it is meant."""
    out = naming.out
    if not alone:
        raise ImpastoError(f"{out}: is one file for several pictures; give a folder as --out")
    if out != STREAM and image_format(out) != image_format(f"a.{naming.format}" if naming.format else out):
        raise ImpastoError(f"{out}: does not match --format {naming.format}; change its name, or leave out --format")
    return out


def _sources(photo: Path, naming: Naming) -> Iterator[tuple[Path, Path]]:
    """The photos that are meant by a file or folder, each with the folder that its pictures go to."""
    if photo == STREAM:
        raise ImpastoError("the photo from standard input has no name; say where the picture goes: -o FILE or -o -")
    if not is_folder(photo):
        yield photo, naming.out
        return
    for path in _photos_in(photo, naming):
        yield path, naming.out / path.relative_to(photo).parent


def _photos_in(folder: Path, naming: Naming) -> list[Path]:
    """The photos in a folder, without the pictures of earlier runs, if those go to a folder inside it."""
    inside, root = naming.out.resolve(), folder.resolve()
    if inside == root:
        raise ImpastoError(f"{folder}: its pictures would be written among its photos; give another folder as --out")
    photos = pictures_in(folder, naming.depth)
    if root in inside.parents:
        photos = [path for path in photos if inside not in (root / path.relative_to(folder)).parents]
    if not photos:
        raise ImpastoError(f"{folder}: no photos in it ({', '.join(sorted(READABLE))})")
    return photos


def _in_style(sources: list[tuple[Path, Path]], style: str, naming: Naming) -> list[Target]:
    """The targets of one style. Where two would have one name, the picture of ``a.gif`` keeps the name a.gif-STYLE.png.

    Which of the two it is does not depend on their order: a photo whose ending stays has the plain name.
    """
    taken: set[str] = set()
    targets = []
    for source, folder in sorted(sources, key=lambda pair: pair[0].suffix != naming.suffix(pair[0])):
        suffix = naming.suffix(source)
        picture = folder / naming.picture(source.stem, style, suffix)
        if place(picture, folds=naming.folds) in taken and source.suffix != suffix:
            picture = folder / naming.picture(source.name, style, suffix)
        taken.add(place(picture, folds=naming.folds))
        targets.append(Target(source, style, picture))
    return targets


def _part_pictures(targets: list[Target], *, folds: bool) -> None:
    """Refuse two pictures of one name, also those of different styles: a-b in style c, and a in style b-c."""
    found: dict[str, Target] = {}
    for target in targets:
        other = found.setdefault(place(target.picture, folds=folds), target)
        if other is not target:
            both = f"{target.photo}: would be written to {target.picture} like {other.photo}"
            raise ImpastoError(f"{both}; stylize them apart, or give a --name with {{stem}} and {{style}}")


def _spare_photos(targets: list[Target]) -> None:
    """Refuse to put a picture in the place of a photo of this run, whatever the two paths to it look like."""
    photos = {identity(target.photo) for target in targets} - {None}
    for photo, _, picture in targets:
        if picture != STREAM and (replaced := identity(picture)) in photos:
            whose = "its own picture" if replaced == identity(photo) else f"the picture of {photo}"
            raise ImpastoError(
                f"{picture}: is a photo, which {whose} would replace; give another --out, or --overwrite the photo"
            )


def _check_name(name: str, kind: type[PurePath]) -> None:
    """Refuse what cannot be a name of pictures, on systems with paths of this kind."""
    try:
        fields = [tuple(rest) for _, *rest in string.Formatter().parse(name) if rest[0] is not None]
    except ValueError as error:
        raise ImpastoError(f"name {name!r}: {error}; write {NAME}") from None
    if not {*fields} <= {("stem", "", None), ("style", "", None)}:
        raise ImpastoError(f"name {name!r}: only {{stem}} and {{style}} are replaced; write {NAME}")
    path, slashes = kind(name), ("/", "\\") if kind is PureWindowsPath else "/"
    if not path.name or name.endswith(slashes) or path.anchor or ".." in path.parts:
        raise ImpastoError(f"name {name!r}: is not a name inside --out; write {NAME}")
    if path.suffix.lower() in FORMATS:
        raise ImpastoError(f"name {name!r}: leave out {path.suffix}; --format {path.suffix[1:]} adds it")
