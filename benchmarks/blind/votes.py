"""Votes: a file for each voter, and what they come to."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from itertools import combinations
from pathlib import Path
from statistics import fmean
from typing import Literal, get_args

import msgspec

from blind.key import Group, Key, Pair, Side
from impasto.errors import ImpastoError
from impasto.files import write_file
from report import table

Vote = Literal[Side, "tie"]
Votes = dict[int, Vote]
"""Number of a pair -> which picture of it was chosen."""
_NORMAL = 1.959964
"""Standard deviations within which 95 % of a normal distribution lie."""


def votes_path(folder: Path, voter: str) -> Path:
    """The file of a voter.

    Raises:
        ImpastoError: the name cannot be part of a file's.
    """
    if not re.fullmatch(r"[\w-]+", voter):
        raise ImpastoError(f"name {voter!r}: must be letters, digits, - and _")
    return folder / f"votes-{voter}.json"


def read_votes(path: Path, key: Key) -> Votes:
    """The votes of a file, none if it is not there.

    Raises:
        ImpastoError: it is damaged, or has votes for pairs that do not exist.
    """
    try:
        votes = msgspec.json.decode(path.read_bytes(), type=Votes)
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ImpastoError(f"{path}: is no file of votes ({error}); mend it or take it away") from None
    _check_pairs(votes, key, path)
    return votes


def cast(path: Path, votes: Mapping[int, Vote], key: Key) -> Votes:
    """Add votes to a file, in place of earlier ones for the same pairs; returns all that are in it then.

    Raises:
        ImpastoError: they are for pairs that do not exist, or the file is damaged or cannot be written.
    """
    _check_pairs(votes, key)
    cast = dict(sorted((read_votes(path, key) | dict(votes)).items()))
    try:
        write_file(path, msgspec.json.format(msgspec.json.encode(cast), indent=1))
    except OSError as error:
        raise ImpastoError(f"{path}: cannot be written ({error.strerror}); make room or mend its permissions") from None
    return cast


def _check_pairs(numbers: Iterable[int], key: Key, path: Path | None = None) -> None:
    known = {pair.number for pair in key.pairs}
    if strange := sorted(set(numbers) - known):
        raise ImpastoError(f"{f'{path}: ' if path else ''}there is no pair {strange[0]}; there are 1 to {len(known)}")


def read_table(path: Path, key: Key) -> Votes:
    """Votes that were written down elsewhere: a CSV file of lines ``7,left``.

    Raises:
        ImpastoError: it cannot be read, or a line is no vote for a pair that there is.
    """
    votes: Votes = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for line, row in enumerate(csv.reader(file), 1):
                if row:
                    number, vote = _vote(row, f"{path}, line {line}")
                    votes[number] = vote
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ImpastoError(f"{path}: cannot be read ({error}); give a CSV file of lines such as 7,left") from None
    _check_pairs(votes, key, path)
    return votes


def _vote(row: list[str], where: str) -> tuple[int, Vote]:
    try:
        return msgspec.convert([cell.strip().lower() for cell in row], tuple[int, Vote], strict=False)
    except msgspec.ValidationError:
        line, options = ",".join(row), ", ".join(get_args(Vote))
        raise ImpastoError(f"{where}: {line!r} is no vote; write a pair's number and one of {options}") from None


def all_votes(folder: Path, key: Key) -> dict[str, Votes]:
    """Voter -> votes.

    Raises:
        ImpastoError: nobody has voted yet, or a file is damaged.
    """
    files = {path.stem.removeprefix("votes-"): path for path in sorted(folder.glob("votes-*.json"))}
    voters = {voter: votes for voter, path in files.items() if (votes := read_votes(path, key))}
    if not voters:
        raise ImpastoError(f"{folder}: nobody has voted yet; vote first (pairs.py vote)")
    return voters


def wilson(share: float, count: int) -> tuple[float, float]:
    """Wilson's 95 % confidence interval of a share that was seen in ``count`` trials, at least 1."""
    square = _NORMAL**2 / count
    middle = (share + square / 2) / (1 + square)
    half = (square * (share * (1 - share) + square / 4)) ** 0.5 / (1 + square)
    return max(0.0, middle - half), min(1.0, middle + half)


def points(pair: Pair, vote: Vote) -> float:
    """1 if ours was chosen, 0 if the other, half for a tie."""
    return 0.5 if vote == "tie" else float(vote == pair.side)


def by_group(key: Key, voters: Iterable[Votes]) -> dict[Group, list[float]]:
    """Our points in each group's pairs that were voted on: for each pair the mean over its voters, since several votes
    on one pair are not several trials."""
    voters, groups = list(voters), dict[Group, list[float]]()
    for pair in sorted(key.pairs, key=lambda pair: pair.group):
        cast = [points(pair, votes[pair.number]) for votes in voters if pair.number in votes]
        if cast:
            groups.setdefault(pair.group, []).append(fmean(cast))
    return groups


def summary(key: Key, voters: Mapping[str, Votes]) -> str:
    """A Markdown table with a row for each group, and under it, in words, how far the voters agree."""
    rows = []
    for (ours, kind, other), scores in by_group(key, voters.values()).items():
        low, high = wilson(fmean(scores), len(scores))
        interval = f"{100 * low:.0f}–{100 * high:.0f} %"
        rows.append([f"{ours}, {kind}", other, str(len(scores)), f"{100 * fmean(scores):.0f} %", interval])
    voted = len({number for votes in voters.values() for number in votes})
    lines = [table(["ours", "against", "pairs", "ours chosen", "95 % interval"], rows), ""]
    lines.append(f"{voted} of {len(key.pairs)} pairs were voted on by {', '.join(voters)}. A tie is half a choice.")
    return "\n".join([*lines, *_agreements(voters)])


def _agreements(voters: Mapping[str, Votes]) -> list[str]:
    lines = []
    for (one, first), (two, second) in combinations(voters.items(), 2):
        both = first.keys() & second.keys()
        same = sum(first[number] == second[number] for number in both)
        lines.append(f"{one} and {two} agree on {same} of {len(both)} pairs.")
    return lines
