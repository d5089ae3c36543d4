"""The contract that every runtime fulfils."""

from __future__ import annotations

import abc
import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from impasto.images.arrays import Depth, Levels, Pixels, to_array, to_pixels
from impasto.models.model import Graph, Model, load_model
from impasto.runtime import load_runtime
from impasto.styles.style import Row


class View(NamedTuple):
    """A part of a photo, and the noise that a network is given with it."""

    photo: Levels
    """(h,w,3), of 8 or 16 bits."""
    noise: Pixels
    """(1,3,h,w), with a standard deviation of 1; or (1,3,1,1), without noise."""
    amount: Pixels
    """What the noise is multiplied by before it is added to RGB in [0,1]: (1,1,h,w) or (1,1,1,1)."""

    @property
    def image(self) -> Pixels:
        """What the network is given: (1,3,h,w)."""
        return to_pixels(self.photo) + self.noise * self.amount


class Runtime(abc.ABC):
    """A model's networks, ready to run. All methods may be called from several threads at once.

    All arrays are float32. Photos and pictures are (N,3,H,W), RGB in [0,1], with H and W multiples of 4 and at least
    32. ``style`` and ``statistics`` are (N,P), where P is the length of a style row. For regions, ``styles`` is (R,P),
    and ``masks`` is (N,R,H,W) in [0,1], with a sum of 1 at each pixel.
    """

    def __init__(self, model: Model, precision: str = "auto", at_once: int = 1, cores: int | None = None) -> None:
        """Load the network. Subclasses call this first.

        Args:
            model: the model.
            precision: one of :data:`impasto.runtime.PRECISIONS`.
            at_once: how many threads will use this object at the same time.
            cores: how many cores it may use; None are all.
        """
        self.at_once = at_once
        self._made_of = (model.path, precision, at_once, cores)

    def __reduce__(self) -> tuple[Callable[..., Runtime], tuple[object, ...]]:
        """Sent to another process, a runtime is what it was made of: there the model is loaded, once."""
        return reload_runtime, (self.name, *self._made_of)

    @property
    def name(self) -> str:
        """Its name in :data:`impasto.runtime.RUNTIMES`."""
        return type(self).__module__.rpartition(".")[2]

    @property
    def precision(self) -> str:
        """What it computes in: ``f32``, ``bf16`` or ``int8``."""
        return "f32"

    @abc.abstractmethod
    def infer(self, graph: Graph, *inputs: npt.NDArray[np.float32]) -> Sequence[npt.NDArray[np.float32]]:
        """Run ``graph``. Inputs and outputs have the order that :data:`impasto.models.model.GRAPHS` gives them."""

    def release(self) -> None:  # noqa: B027  # not every library can
        """Free memory that earlier calls needed, where the library can do that."""

    def paint(
        self,
        view: View,
        styles: Row,
        shares: Pixels | None = None,
        statistics: Row | None = None,
        depth: type[Depth] = np.uint8,  # type: ignore[assignment]
        *,
        fold: bool = True,
    ) -> npt.NDArray[Depth]:
        """Paint a part of a photo.

        Args:
            view: the part; its height and width are those of a picture.
            styles: (1,P), or with ``shares`` (R,P).
            shares: (1,R,h,w), the share of each style at each pixel.
            statistics: (1,P), those of the whole photo; None are the part's own.
            depth: np.uint8 or np.uint16.
            fold: whether a network may be compiled for this style and these statistics. It is not worth it where they
                change with every picture.

        Returns:
            (h,w,3).
        """
        return to_array(self._painted(view.image, styles, shares, statistics), depth)

    def _painted(self, image: Pixels, styles: Row, shares: Pixels | None, statistics: Row | None) -> Pixels:
        if shares is None:
            return self.run(image, styles) if statistics is None else self.run_frozen(image, styles, statistics)
        if statistics is None:
            return self.run_regions(image, styles, shares)
        return self.run_regions_frozen(image, styles, shares, statistics)

    def measure_view(self, view: View, styles: Row, shares: Pixels | None = None) -> Row:
        """The statistics (1,P) of all maps for a photo; see :meth:`paint`."""
        if shares is None:
            return self.measure(view.image, styles)
        return self.measure_regions(view.image, styles, shares)

    def run(self, image: Pixels, style: Row) -> Pixels:
        """Paint whole photos, each in one style: (N,3,H,W) and (N,P) -> (N,3,H,W)."""
        return self.infer(Graph.WHOLE, image, style)[0]

    def run_frozen(self, image: Pixels, style: Row, statistics: Row) -> Pixels:
        """Paint parts of photos with the statistics of the whole photos, which :meth:`measure` returned."""
        return self.infer(Graph.FROZEN, image, style, statistics)[0]

    def run_regions(self, image: Pixels, styles: Row, masks: Pixels) -> Pixels:
        """Paint whole photos with several styles in each."""
        return self.infer(Graph.REGIONS, image, styles, masks)[0]

    def run_regions_frozen(self, image: Pixels, styles: Row, masks: Pixels, statistics: Row) -> Pixels:
        """Paint parts of photos with several styles and with the statistics that :meth:`measure_regions` returned."""
        return self.infer(Graph.REGIONS_FROZEN, image, styles, masks, statistics)[0]

    def measure(self, image: Pixels, style: Row) -> Row:
        """The statistics of all maps, (N,P): μ and σ in the places of γ and β."""
        return self.infer(Graph.STATISTICS, image, style)[0]

    def measure_regions(self, image: Pixels, styles: Row, masks: Pixels) -> Row:
        """The statistics of all maps for photos with several styles in each, (N,P)."""
        return self.infer(Graph.REGIONS, image, styles, masks)[1]

    def predict(self, painting: Pixels) -> Row:
        """Predict the styles (N,P) of paintings (N,3,H,W). The model must have a predictor."""
        return self.infer(Graph.PREDICTOR, painting)[0]


@functools.lru_cache(maxsize=4)
def reload_runtime(name: str, path: Path, precision: str, at_once: int, cores: int | None) -> Runtime:
    """The runtime of a model that lies in a folder; the same one for the same arguments.

    Raises:
        ImpastoError: the model or the runtime cannot be loaded.
    """
    return load_runtime(name, load_model(path), precision, at_once, cores)
