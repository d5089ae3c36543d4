"""What corrects the row that a predictor reads off a painting unlike all that it has learnt from.

A photo, the probe, is painted in the row, and what the Gram matrices of its picture lack of the painting's tells how to
change the row: by steps of Gauss and Newton along some directions in which predicted rows err most. To know what
pictures change by along these directions, one picture for each would have to be painted; here it is known beforehand,
in the mean over many paintings (the chord method; Ortega & Rheinboldt, *Iterative Solution of Nonlinear Equations in
Several Variables*, 1970, 7.1), so that a step paints one small picture. What a small picture of one photo tells about
large pictures of others is learnt as well. :mod:`impasto.training.calibration` finds all of this.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load, save

_LEVELS = 127
"""Largest whole number that a matrix entry is stored as, in 8 bits."""
_IN_8_BITS = ("directions", "slopes", "readings")
"""Matrices that are stored in 8 bits."""
_RIDGE = 0.3
"""Weight of the ridge regression, as a share of the variance of what probes show; 0.1 to 1 do about as well."""
_TINY = 1e-12
"""Keeps equations solvable, and scales above 0, where there is no variance at all."""
_LEAST = 1e-4
"""Curvature that every direction of the content loss has at least, as a share of the mean curvature."""

Floats = npt.NDArray[np.float32]
"""Vectors and matrices of the correction, float32."""


@dataclass(frozen=True)
class Correction:
    """Everything the steps are computed from: K directions of rows (P,), S Gram entries, N probes.

    A painting has S Gram entries, the entries of its Gram matrices. All of them are in units of the painting's: divided
    by the Euclidean length of the painting's entries.

    The directions are such that neither loss has mixed second derivatives along them, and that half the second
    derivative of the content loss is 1, so that a step solves no system of equations.

    Attributes:
        directions: (K,P).
        slopes: (K,S), what the Gram entries of pictures change by along each direction.
        curvature: (K,), half the second derivative of the style loss.
        content_slope: (K,), half the first derivative of the content loss at predicted rows.
        weight: (1,), of squared distances of Gram entries next to the content loss.
        usual: (N,S), the Gram entries that each probe's picture has in the mean.
        others: (N,K), slopes times the Gram entries that pictures of other photos have at the same time, in the mean.
        readings: (N,K,S), what ``others`` changes by with the Gram entries of the probe's picture.
    """

    directions: Floats
    slopes: Floats
    curvature: Floats
    content_slope: Floats
    weight: Floats
    usual: Floats
    others: Floats
    readings: Floats

    @classmethod
    def of(
        cls, directions: Floats, slopes: Floats, curvature: Floats, content_slope: Floats, content_curvature: Floats,
        weight: float,
    ) -> Correction:  # fmt: skip
        """A correction without probes, along combinations of the given directions.

        Args:
            directions: (K,P), of any kind.
            slopes: (K,S), along these.
            curvature: (K,K), half the second derivatives of the style loss along them.
            content_slope: (K,), half the first derivatives of the content loss along them.
            content_curvature: (K,K), half the second derivatives of the content loss along them.
            weight: of squared distances of Gram entries next to the content loss.
        """
        identity = np.eye(len(directions))
        content = content_curvature + _LEAST * np.trace(content_curvature) / len(directions) * identity
        whiten = np.linalg.inv(np.linalg.cholesky(content))
        curvatures, turn = np.linalg.eigh(whiten @ curvature @ whiten.T)
        axes = turn.T @ whiten
        found = (axes @ directions, axes @ slopes, curvatures.clip(0), axes @ content_slope, np.array([weight]))
        count, entries = slopes.shape
        none = np.zeros((0, entries)), np.zeros((0, count)), np.zeros((0, count, entries))
        return cls(*(np.asarray(each, np.float32) for each in (*found, *none)))

    def with_probe(self, seen: Floats, others: Floats) -> Correction:
        """The same correction with one more probe, whose reading is learnt by ridge regression.

        Args:
            seen: (T,S), the Gram entries of the probe's pictures in the rows of T paintings.
            others: (T,S), the Gram entries of pictures of other photos in the same rows.
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

    def step(self, number: int, moved: Floats, seen: Floats, painting: Floats) -> Floats:
        """The step (K,) along the directions to where the sum of content loss and weighted style loss is least.

        Args:
            number: of the probe.
            moved: (K,), how far along the directions the row has been moved already.
            seen: (S,), the Gram entries of the probe's picture, not yet divided by the painting's length.
            painting: (S,), those of the painting.
        """
        length = np.sqrt(np.square(painting).sum())
        scale = self.weight * length**2
        there = self.others[number] + _product(self.readings[number], seen / length - self.usual[number])
        style = there - _product(self.slopes, painting / length)
        slope = scale * style + self.content_slope + moved
        return np.asarray(-slope / (scale * self.curvature + 1), np.float32)

    def __call__(self, row: Floats, painting: Floats, probe: Callable[[int, Floats], Floats]) -> Floats:
        """The corrected row (P,).

        Args:
            row: (P,), as it was predicted.
            painting: (S,), the Gram entries of the painting.
            probe: paints a probe: its number and a row (P,) -> the Gram entries (S,) of the picture.
        """
        moved, at = np.zeros(len(self.directions), np.float32), row
        for number in range(len(self.readings)):
            moved = moved + self.step(number, moved, probe(number, at), painting)
            at = np.asarray(row + _product(self.directions.T, moved), np.float32)
        return at

    def to_bytes(self) -> bytes:
        """The content of a safetensors file; large matrices are in 8 bits, with a scale for each direction."""
        tensors = {field.name: getattr(self, field.name) for field in fields(self)}
        for name in _IN_8_BITS:
            scale = np.abs(tensors[name]).max(axis=-1, keepdims=True) / _LEVELS + np.float32(_TINY)
            tensors |= {name: np.rint(tensors[name] / scale).astype(np.int8), f"{name}_scale": scale}
        return save({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()})

    @classmethod
    def from_bytes(cls, content: bytes) -> Correction:
        """The correction that :meth:`to_bytes` stored.

        Raises:
            SafetensorError, KeyError: the content is something else.
        """
        tensors = load(content)
        for name in _IN_8_BITS:
            tensors[name] = tensors[name].astype(np.float32) * tensors.pop(f"{name}_scale")
        return cls(**{field.name: tensors[field.name] for field in fields(cls)})


def _product(matrix: Floats, vector: Floats) -> Floats:
    """Matrix times vector, not by BLAS: its threads would go on waiting for work, and would hold up those of the
    network for half the time that a picture takes."""
    return np.asarray(np.einsum("ij,j->i", matrix, vector), np.float32)
