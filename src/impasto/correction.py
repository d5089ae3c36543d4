"""What corrects the row that a predictor reads off a painting it has never seen the like of.

Photos are painted in the row, and what their Gram matrices miss of the painting's tells how to change it: steps of
Gauss and Newton in some directions of rows, in which predicted ones err most. What pictures change by along them would
take a picture for each; here it is known beforehand, in the mean over many paintings (the chord method; Ortega &
Rheinboldt, *Iterative Solution of Nonlinear Equations in Several Variables*, 1970, 7.1), so that a step takes no more
than a look at two small pictures. :mod:`impasto.training.correction` finds it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load, save

GAINS = (1.0, 0.8, 0.6)
"""Shares of the steps that are taken, of each in turn: every step looks at other photos, whose own share in what is
missing shall not stay."""
_LEVELS = 127
_LEAST = 1e-4
"""Of the mean curvature: what every direction has."""

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Correction:
    """What steps are made of; K directions of rows (P,), S numbers of Gram matrices.

    Directions are such that neither loss has mixed second derivatives along them, and the content loss half a second
    derivative of 1: steps need no matrix to be solved for.

    Attributes:
        directions: (K,P).
        slopes: (K,S), what the Gram matrices of pictures change by along each, in units of the painting's.
        curvature: (K,), half the second derivative of the style loss, in those units.
        content_slope: (K,), half the first derivative of the content loss where predicted rows are.
        weight: of squared distances of Gram matrices, next to the content loss: (1,).
    """

    directions: Array
    slopes: Array
    curvature: Array
    content_slope: Array
    weight: Array

    @classmethod
    def of(
        cls, directions: Array, slopes: Array, curvature: Array, content_slope: Array, content_curvature: Array,
        weight: float,
    ) -> Correction:  # fmt: skip
        """The same in other directions: ``curvature`` and ``content_curvature`` are (K,K) for those that are given."""
        identity = np.eye(len(directions))
        content = content_curvature + _LEAST * np.trace(content_curvature) / len(directions) * identity
        whiten = np.linalg.inv(np.linalg.cholesky(content))
        curvatures, turn = np.linalg.eigh(whiten @ curvature @ whiten.T)
        axes = turn.T @ whiten
        found = (axes @ directions, axes @ slopes, curvatures.clip(0), axes @ content_slope, np.array([weight]))
        return cls(*(np.asarray(each, np.float32) for each in found))

    def step(self, moved: Array, missing: Array, painting: Array) -> Array:
        """The step (K,) to where content and style losses are least, from ``moved`` (K,) along the directions.

        Args:
            moved: how far the row is moved already.
            missing: (S,), Gram matrices of pictures less the painting's.
            painting: (S,), the painting's.
        """
        length = np.sqrt(np.square(painting).sum())
        scale = self.weight * length**2
        # Not by BLAS, whose threads go on waiting for work, and hold up those of the network for half a picture's time.
        style = np.einsum("ks,s->k", self.slopes, missing / length)
        slope = scale * style + self.content_slope + moved
        return np.asarray(-slope / (scale * self.curvature + 1), np.float32)

    def __call__(self, row: Array, painting: Array, look: Callable[[int, Array], Array]) -> Array:
        """The corrected ``row`` (P,).

        Args:
            row: as predicted.
            painting: (S,), the painting's Gram matrices.
            look: the number of the step and a row (P,) -> (S,), the Gram matrices of pictures in it, in the mean.
        """
        moved, at = np.zeros(len(self.directions), np.float32), row
        for number, gain in enumerate(GAINS):
            moved = moved + np.float32(gain) * self.step(moved, look(number, at) - painting, painting)
            at = np.asarray(row + np.einsum("kp,k->p", self.directions, moved), np.float32)
        return at

    def to_bytes(self) -> bytes:
        """As the content of a safetensors file; the two matrices in 8 bits, with a scale for each direction."""
        tensors = {field.name: getattr(self, field.name) for field in fields(self)}
        for name in ("directions", "slopes"):
            scale = np.abs(tensors[name]).max(axis=1, keepdims=True) / _LEVELS + np.float32(1e-12)
            tensors |= {name: np.rint(tensors[name] / scale).astype(np.int8), f"{name}_scale": scale}
        return save({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()})

    @classmethod
    def from_bytes(cls, content: bytes) -> Correction:
        """What :meth:`to_bytes` made.

        Raises:
            SafetensorError, KeyError: it is no such content.
        """
        tensors = load(content)
        for name in ("directions", "slopes"):
            tensors[name] = tensors[name].astype(np.float32) * tensors.pop(f"{name}_scale")
        return cls(**{field.name: tensors[field.name] for field in fields(cls)})
