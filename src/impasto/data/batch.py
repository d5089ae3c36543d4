"""The batch of one training step."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Named:
    """Photos that are painted in styles of the style table."""

    photo: Tensor
    """(N,3,H,W), RGB; the content target."""
    noisy: Tensor
    """(N,3,H,W), the same with noise; what the network sees."""
    slot: Tensor
    """(N,) int64, the styles' rows of the table."""


@dataclass(frozen=True)
class Predicted:
    """Photos that are painted in styles which the predictor reads from paintings."""

    photo: Tensor
    """(M,3,H,W), RGB; the content target."""
    noisy: Tensor
    """(M,3,H,W), the same with noise; what the network sees."""
    parts: Tensor
    """(M,3,h,w), RGB, a part of a painting for each photo."""
    index: Tensor
    """(M,) int64, which paintings these are parts of."""


@dataclass(frozen=True)
class Batch:
    """Pictures are uint8 as they are read, and float32 in [0,1] after :meth:`pixels`."""

    named: Named
    predicted: Predicted | None = None
    """None if there is no predictor to train."""

    @classmethod
    def of(
        cls, photo: Tensor, noisy: Tensor, slot: Tensor, parts: Tensor | None = None, index: Tensor | None = None
    ) -> Batch:
        """The batch of photos (N+M,3,H,W), slots (N+M,) and parts of paintings (M,3,h,w). The last M photos are for the
        predictor, which does not use their slots."""
        if parts is None or index is None:
            return cls(Named(photo, noisy, slot))
        count = len(slot) - len(index)
        named = Named(photo[:count], noisy[:count], slot[:count])
        return cls(named, Predicted(photo[count:], noisy[count:], parts, index))

    @property
    def photo(self) -> Tensor:
        """(N+M,3,H,W), the named half first."""
        return self.named.photo if self.predicted is None else _joined(self.named.photo, self.predicted.photo)

    @property
    def noisy(self) -> Tensor:
        """(N+M,3,H,W), the named half first."""
        return self.named.noisy if self.predicted is None else _joined(self.named.noisy, self.predicted.noisy)

    @property
    def parts(self) -> Tensor | None:
        """(M,3,h,w), or None without a predictor."""
        return None if self.predicted is None else self.predicted.parts

    def halves(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Values (N+M,...) of all photos, split into those of the named (N,...) and of the predicted half (M,...)."""
        count = len(self.named.slot)
        return values[:count], values[count:]

    def pixels(self, device: torch.device) -> Batch:
        """The same on ``device``, pictures as float32 in [0,1], channels last."""

        def pixels(picture: Tensor) -> Tensor:
            return (picture.to(device).float() / 255).contiguous(memory_format=torch.channels_last)

        named, predicted = self.named, self.predicted
        named = Named(pixels(named.photo), pixels(named.noisy), named.slot.to(device))
        if predicted:
            parts, index = pixels(predicted.parts), predicted.index.to(device)
            predicted = Predicted(pixels(predicted.photo), pixels(predicted.noisy), parts, index)
        return Batch(named, predicted)


def _joined(one: Tensor, other: Tensor) -> Tensor:
    return torch.cat([one, other]).contiguous(memory_format=torch.channels_last)
