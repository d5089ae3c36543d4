"""The catalogue: a TOML file that describes artworks once, for all recipes that train on them.

A recipe names it by ``catalogue = "catalogue.toml"``, a path relative to the recipe. Each of its styles then gives its
slug and what differs from the catalogue. Its place in the list is its slot. A recipe without styles takes all artworks,
in the catalogue's order.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from impasto.errors import ImpastoError, unknown

Table = dict[str, Any]
"""A table of a TOML file, by key."""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a catalogue file holds."""

    artworks: dict[str, Table]
    held_out: tuple[str, ...] = ()


class Catalogue(msgspec.Struct, frozen=True):
    """A catalogue that was read from a file."""

    path: Path
    artworks: dict[str, Table]
    """What is known of each artwork, by slug, under the keys of a recipe's ``[[styles]]``."""
    held_out: tuple[str, ...]
    """File names of artworks that judge trained models: no predictor and no loss network is trained on them."""

    def complete(self, recipe: Table) -> Table:
        """A network's recipe, with what it leaves out taken from here: styles, and what a predictor must not see."""
        styles = recipe.get("styles", [{"slug": slug} for slug in self.artworks])
        if isinstance(styles, list):
            styles = [self._described(entry, slot) for slot, entry in enumerate(styles)]
        predictor = recipe.get("predictor")
        if isinstance(predictor, dict):
            recipe = recipe | {"predictor": self.with_held_out(predictor)}
        return recipe | {"styles": styles}

    def with_held_out(self, recipe: Table) -> Table:
        """A table of a recipe with ``held_out``, the artworks that are never shown, taken from here."""
        return {"held_out": self.held_out} | recipe

    def _described(self, entry: Any, slot: int) -> Any:
        """A style's table over its artwork's. A style that gives its own name need not be in the catalogue."""
        if not isinstance(entry, dict):
            return entry  # is refused, with its place in the file, where tables become a recipe
        slug = str(entry.get("slug"))
        if slug not in self.artworks and "slug" in entry and "name" not in entry:
            raise ImpastoError(f"catalogue {self.path}: {unknown('artwork', slug, self.artworks)}")
        return {"slot": slot} | self.artworks.get(slug, {}) | entry


def read_catalogue(path: Path, entry: type[msgspec.Struct]) -> Catalogue:
    """Read a catalogue, and check that each of its artworks makes an ``entry`` of a recipe.

    Raises:
        ImpastoError: the file is missing, is not TOML, or describes something other than artworks.
    """
    slug = ""
    try:
        file = msgspec.toml.decode(path.read_bytes(), type=_File)
        for slug, artwork in file.artworks.items():
            msgspec.convert(artwork | {"slug": slug, "slot": 0}, entry, strict=False)
    except OSError as error:
        raise ImpastoError(f"catalogue {path}: {error.strerror}") from None
    except (msgspec.ValidationError, msgspec.DecodeError, ValueError) as error:
        raise ImpastoError(f"catalogue {path}: {slug and f'{slug}: '}{error}") from None
    return Catalogue(path, file.artworks, file.held_out)
