"""The models behind the service: each is loaded once, when it is first asked for, and all threads share it."""

from __future__ import annotations

import dataclasses
import functools
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from impasto.assets import BUNDLED
from impasto.errors import unknown
from impasto.models import library
from impasto.models.choice import DEFAULT
from impasto.models.model import Model, load_model
from impasto.styles.style import Style
from impasto.stylize.stylizer import Stylizer, load


def name_of(model: Model) -> str:
    """What the service calls a model; nobody learns where its folder is."""
    return model.path.name


class Engine:
    """The models that the service has.

    Args:
        model: a model folder, or the name of a model that comes with the package: the only one that there is. Without
            one, there are all that come with the package.
        at_once: for how many pictures at the same time; see :func:`impasto.stylize.stylizer.load`.
    """

    def __init__(self, model: Path | None = None, at_once: int = 1) -> None:
        given = (model,) if model else tuple(sorted(BUNDLED, key=DEFAULT.__ne__))
        self._bare = {name_of(bare): bare for bare in map(load_model, given)}
        self._fresh: dict[str, tuple[int, Model]] = {}
        self._load = functools.cache(functools.partial(load, at_once=at_once))
        self._lock, self._loading = threading.RLock(), threading.Lock()
        self.stylizer()

    @property
    def models(self) -> tuple[str, ...]:
        """The names of the models, the default one first."""
        return tuple(self._bare)

    def model(self, name: str = "", styles: Mapping[str, Style] | None = None) -> Model:
        """A model with the user's own styles as they are now.

        Args:
            name: one of :attr:`models`; empty is the first of them.
            styles: further styles, by the names that they have in blends.

        Raises:
            ImpastoError: there is no such model.
        """
        name = name or self.models[0]
        if name not in self._bare:
            raise unknown("model", name, self.models)
        folder = library.folder(self._bare[name])
        with self._lock:
            changed = folder.stat().st_mtime_ns if folder.is_dir() else 0
            if self._fresh.get(name, (-1,))[0] != changed:
                self._fresh[name] = changed, library.with_own_styles(self._bare[name])
            model = self._fresh[name][1]
        return dataclasses.replace(model, styles={**model.styles, **styles}) if styles else model

    def stylizer(self, name: str = "", styles: Mapping[str, Style] | None = None) -> Stylizer:
        """A model, ready to paint; the arguments and errors are those of :meth:`model`."""
        model = self.model(name, styles)
        with self._loading:
            return self._load(model.path).with_model(model)

    @contextmanager
    def changing(self, name: str = "") -> Iterator[Model]:
        """A context in which the user's own styles for a model may be changed, by nobody else at the same time."""
        with self._lock:
            model = self.model(name)
            try:
                yield model
            finally:
                self.refresh(name_of(model))

    def refresh(self, name: str) -> None:
        """Read the user's own styles for a model anew, which somebody else has changed."""
        with self._lock:
            self._fresh.pop(name, None)
