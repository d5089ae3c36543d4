"""The key of a folder of pairs: what each pair shows, and which of its two pictures is ours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from random import Random
from typing import Literal, TypeVar

import msgspec

from impasto.errors import ImpastoError
from impasto.files import write_file

Side = Literal["left", "right"]
Group = tuple[str, str, str]
"""Our model, ``named`` or ``predicted``, and the other contestant."""
KEY = "key.json"
T = TypeVar("T")
U = TypeVar("U")


class Manner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a photo is painted like.

    Attributes:
        painting: the file.
        style: the slug of a named style, painted by its row; None for a style that is predicted from the painting.
    """

    painting: str
    style: str | None = None


class Pair(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One pair.

    Attributes:
        number: from 1; the name of the picture file.
        photo: the file.
        manner: what it is painted like.
        ours: the name of our model.
        other: the name of the other contestant.
        side: where ours is.
    """

    number: int
    photo: str
    manner: Manner
    ours: str
    other: str
    side: Side

    @property
    def group(self) -> Group:
        return self.ours, "named" if self.manner.style else "predicted", self.other


class Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All pairs of a folder.

    Attributes:
        size: the most pixels on the long side of a photo.
        contestants: name -> what exactly it was, such as the SHA-256 of a model.
        pairs: in the order of their numbers.
    """

    size: int
    contestants: dict[str, str]
    pairs: tuple[Pair, ...]


def picture_path(folder: Path, number: int) -> Path:
    """The picture of a pair. Its name tells nothing but the number."""
    return folder / f"{number:03}.jpg"


def deal(
    seed: int, photos: Sequence[str], kinds: Sequence[Sequence[Manner]], contests: Sequence[tuple[str, str]], count: int
) -> tuple[Pair, ...]:
    """Draw pairs that are all different: equally many in each group, and in each group ours as often left as right.

    Args:
        seed: the same one draws the same photos, manners and sides, whatever the contestants are called.
        photos: files; each is shown equally often, as far as the numbers allow.
        kinds: the named styles and the paintings to predict from, or one of the two; shown equally often, too.
        contests: our model and who it is against.
        count: how many pairs; a multiple of the number of groups, which is that of kinds times that of contests.

    Raises:
        ImpastoError: it is no such multiple, or there are too few photos, styles or paintings for it.
    """
    random, groups = Random(seed), len(kinds) * len(contests)
    if not contests:
        raise ImpastoError("nobody to compare: --model and --against are the same; give another --against")
    if count < 1 or count % groups:
        raise ImpastoError(f"pairs {count}: must be a multiple of {groups}, so that all groups are equally large")
    each, drawn = count // groups, []
    for manners in kinds:
        shown = _combined(_shuffled(manners, random), _shuffled(photos, random), each * len(contests))
        places = product(contests, range(each))
        sides = [side for _ in contests for side in _sides(each, random)]
        drawn += [
            Pair(0, photo, manner, ours, other, side)
            for (manner, photo), ((ours, other), _), side in zip(shown, places, sides, strict=True)
        ]
    random.shuffle(drawn)
    return tuple(msgspec.structs.replace(pair, number=number) for number, pair in enumerate(drawn, 1))


def _shuffled(items: Sequence[T], random: Random) -> list[T]:
    return random.sample(items, len(items))


def _sides(count: int, random: Random) -> list[Side]:
    """Left and right equally often, in any order; of an odd number, one more of either."""
    sides: list[Side] = ["left", "right"]
    random.shuffle(sides)
    return _shuffled((sides * count)[:count], random)


def _combined(manners: Sequence[T], photos: Sequence[U], count: int) -> list[tuple[T, U]]:
    """So many different combinations; every manner and every photo is in equally many, or in one more."""
    most = len(manners) * len(photos)
    if count > most:
        raise ImpastoError(
            f"{count} pairs of {len(photos)} photos and {len(manners)} styles or paintings: there are only {most} "
            "different ones; give more photos or paintings, or fewer --pairs"
        )
    # Both lists are gone through side by side. When they come to the same combinations again, one is moved on.
    lap = math.lcm(len(manners), len(photos))
    return [(manners[i % len(manners)], photos[(i + i // lap) % len(photos)]) for i in range(count)]


def read_key(folder: Path) -> Key:
    """The key of a folder of pairs.

    Raises:
        ImpastoError: there is none, or it is damaged.
    """
    path = folder / KEY
    try:
        return msgspec.json.decode(path.read_bytes(), type=Key)
    except OSError:
        raise ImpastoError(f"{folder}: has no {KEY}; make pairs there first (pairs.py make)") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ImpastoError(f"{path}: is damaged ({error}); make the pairs anew in another folder") from None


def keep_key(folder: Path, key: Key) -> None:
    """Write the key of a new folder, or check that it is the one that is there already.

    Raises:
        ImpastoError: the folder has pairs of another key, or cannot be written.
    """
    if (folder / KEY).exists():
        if read_key(folder) != key:
            raise ImpastoError(f"{folder}: has pairs made with other options, models or files; give another folder")
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_file(folder / KEY, msgspec.json.format(msgspec.json.encode(key), indent=1))
    except OSError as error:
        raise ImpastoError(f"{folder}: cannot be written ({error.strerror}); give another folder") from None
