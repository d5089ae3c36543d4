"""What corrects the row that a predictor reads off a painting it has never seen the like of.

Photos are painted in the row, and what their Gram matrices miss of the painting's tells how to change it: steps of
Gauss and Newton in some directions of rows, in which predicted ones err most. What pictures change by along them would
take a picture for each; here it is known beforehand, in the mean over many paintings (the chord method; Ortega &
Rheinboldt, *Iterative Solution of Nonlinear Equations in Several Variables*, 1970, 7.1), so that a step takes no more
than a look at one small picture. What a small picture of one photo tells of large ones of others is learnt, too.
:mod:`impasto.training.calibration` finds it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load, save

_LEVELS = 127
_IN_8_BITS = ("directions", "slopes", "readings")
_RIDGE = 0.3
"""Of the variance of what is seen: from 0.1 to 1, pictures are as good."""
_TINY = 1e-12
_LEAST = 1e-4
"""Of the mean curvature: what every direction has."""

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Correction:
    """What steps are made of; K directions of rows (P,), S numbers of Gram matrices, N looks.

    All Gram matrices are in units of the painting's: divided by the length of these.

    Directions are such that neither loss has mixed second derivatives along them, and the content loss half a second
    derivative of 1: steps need no matrix to be solved for.

    Attributes:
        directions: (K,P).
        slopes: (K,S), what the Gram matrices of pictures change by along each.
        curvature: (K,), half the second derivative of the style loss.
        content_slope: (K,), half the first derivative of the content loss where predicted rows are.
        weight: of squared distances of Gram matrices, next to the content loss: (1,).
        usual: (N,S), what each look sees in the mean.
        others: (N,K), the product of slopes and what other pictures than the one that is looked at have then.
        readings: (N,K,S), what that changes by with what is seen.
    """

    directions: Array
    slopes: Array
    curvature: Array
    content_slope: Array
    weight: Array
    usual: Array
    others: Array
    readings: Array

    @classmethod
    def of(
        cls, directions: Array, slopes: Array, curvature: Array, content_slope: Array, content_curvature: Array,
        weight: float,
    ) -> Correction:  # fmt: skip
        """The same in other directions, without a look: ``curvature`` and ``content_curvature`` are (K,K) for those
        that are given."""
        identity = np.eye(len(directions))
        content = content_curvature + _LEAST * np.trace(content_curvature) / len(directions) * identity
        whiten = np.linalg.inv(np.linalg.cholesky(content))
        curvatures, turn = np.linalg.eigh(whiten @ curvature @ whiten.T)
        axes = turn.T @ whiten
        found = (axes @ directions, axes @ slopes, curvatures.clip(0), axes @ content_slope, np.array([weight]))
        count, numbers = slopes.shape
        none = np.zeros((0, numbers)), np.zeros((0, count)), np.zeros((0, count, numbers))
        return cls(*(np.asarray(each, np.float32) for each in (*found, *none)))

    def with_look(self, seen: Array, others: Array) -> Correction:
        """The same with one look more, learnt by ridge regression.

        Args:
            seen: (T,S), what it sees where T paintings' rows are.
            others: (T,S), the Gram matrices of other pictures there.
        """
        usual = seen.mean(axis=0)
        away = seen - usual
        alike = away @ away.T
        alike += (_RIDGE * np.trace(alike) / len(alike) + _TINY) * np.eye(len(alike), dtype=alike.dtype)
        missed = (others - seen) @ self.slopes.T
        reading = self.slopes + np.linalg.solve(alike, missed - missed.mean(axis=0)).T @ away
        added = {"usual": usual, "others": self.slopes @ others.mean(axis=0), "readings": reading}
        kept = {name: np.concatenate([getattr(self, name), array[None]]) for name, array in added.items()}
        return replace(self, **{name: np.asarray(array, np.float32) for name, array in kept.items()})

    def step(self, number: int, moved: Array, seen: Array, painting: Array) -> Array:
        """The step (K,) to where content and style losses are least, from ``moved`` (K,) along the directions.

        Args:
            number: of the look.
            moved: how far the row is moved already.
            seen: (S,), the Gram matrices of the picture that is looked at, not yet divided.
            painting: (S,), the painting's.
        """
        length = np.sqrt(np.square(painting).sum())
        scale = self.weight * length**2
        there = self.others[number] + _product(self.readings[number], seen / length - self.usual[number])
        style = there - _product(self.slopes, painting / length)
        slope = scale * style + self.content_slope + moved
        return np.asarray(-slope / (scale * self.curvature + 1), np.float32)

    def __call__(self, row: Array, painting: Array, look: Callable[[int, Array], Array]) -> Array:
        """The corrected ``row`` (P,).

        Args:
            row: as predicted.
            painting: (S,), the painting's Gram matrices.
            look: the number of the look and a row (P,) -> (S,), the Gram matrices of a picture in it.
        """
        moved, at = np.zeros(len(self.directions), np.float32), row
        for number in range(len(self.readings)):
            moved = moved + self.step(number, moved, look(number, at), painting)
            at = np.asarray(row + _product(self.directions.T, moved), np.float32)
        return at

    def to_bytes(self) -> bytes:
        """As the content of a safetensors file; matrices in 8 bits, with a scale for each direction."""
        tensors = {field.name: getattr(self, field.name) for field in fields(self)}
        for name in _IN_8_BITS:
            scale = np.abs(tensors[name]).max(axis=-1, keepdims=True) / _LEVELS + np.float32(1e-12)
            tensors |= {name: np.rint(tensors[name] / scale).astype(np.int8), f"{name}_scale": scale}
        return save({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()})

    @classmethod
    def from_bytes(cls, content: bytes) -> Correction:
        """What :meth:`to_bytes` made.

        Raises:
            SafetensorError, KeyError: it is no such content.
        """
        tensors = load(content)
        for name in _IN_8_BITS:
            tensors[name] = tensors[name].astype(np.float32) * tensors.pop(f"{name}_scale")
        return cls(**{field.name: tensors[field.name] for field in fields(cls)})


def _product(matrix: Array, vector: Array) -> Array:
    """Not by BLAS, whose threads go on waiting for work, and hold up those of the network for half a picture's time."""
    return np.asarray(np.einsum("ij,j->i", matrix, vector), np.float32)
