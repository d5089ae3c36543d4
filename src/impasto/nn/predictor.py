"""The style predictor: any painting in, its row of γ and β out.

Ghiasi, Lee, Kudlur, Dumoulin & Shlens, *Exploring the structure of a real-time, arbitrary neural artistic stylization
network*, BMVC 2017, https://arxiv.org/abs/1705.06830. Their Inception-v3 is the slim loss network here, which sees in a
painting what a style is: means, deviations and Gram matrices.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.nn.slim import SlimVGG

_LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")
_CROSSED = 24
"""Maps of each layer whose Gram matrix is taken: the first ones differ most from painting to painting."""
_COMPARED = 32
"""Maps of each layer whose Gram matrix is compared with a painting's."""


class StylePredictor(nn.Module):
    """A painting to a row of γ and β.

    Args:
        style_size: P, the numbers of a row.
        hidden: width of the hidden layer.
        bottleneck: numbers that a style is squeezed through, by which unseen paintings fall among seen ones.

    Example:
        >>> predictor = StylePredictor(1560)
        >>> predictor(torch.rand(2, 3, 64, 80)).shape
        torch.Size([2, 1560])
    """

    mean: Tensor
    deviation: Tensor
    base: Tensor
    spread: Tensor

    def __init__(self, style_size: int, hidden: int = 256, bottleneck: int = 128) -> None:
        super().__init__()
        self.looks = SlimVGG().requires_grad_(False)
        numbers = descriptor_size()
        self.register_buffer("mean", torch.zeros(numbers))
        self.register_buffer("deviation", torch.ones(numbers))
        self.register_buffer("base", torch.zeros(style_size))
        self.register_buffer("spread", torch.ones(style_size))
        self.hidden = nn.Linear(numbers, hidden)
        self.bottleneck = nn.Linear(hidden, bottleneck)
        self.row = nn.Linear(bottleneck, style_size)
        nn.init.zeros_(self.row.bias)

    def forward(self, painting: Tensor) -> Tensor:
        """(N,3,H,W), RGB in [0,1], at the size at which its strokes are those of the picture -> (N,P)."""
        return self.predict(descriptor(self.looks(painting, _LAYERS)))

    def read(self, painting: Tensor) -> tuple[Tensor, Tensor]:
        """(N,3,H,W) -> the row (N,P) and :func:`painting_grams` (N,S), at one look."""
        seen = self.looks(painting, _LAYERS)
        return self.predict(descriptor(seen)), painting_grams(seen)

    def predict(self, described: Tensor) -> Tensor:
        """:func:`descriptor` of paintings (N,D) -> (N,P)."""
        x = (described - self.mean) / self.deviation
        # A painting may be far from all others in some numbers: what is far counts by its root.
        x = x / (1 + x.abs()).sqrt()
        x = F.relu(self.hidden(x))
        return self.base + self.spread * self.row(self.bottleneck(x))


def descriptor_size() -> int:
    """D, the numbers of :func:`descriptor`."""
    return sum(2 * SlimVGG.components(layer) + _CROSSED * (_CROSSED + 1) // 2 for layer in _LAYERS)


def descriptor(seen: dict[str, Tensor]) -> Tensor:
    """Means, deviations and Gram matrices of what :class:`impasto.nn.slim.SlimVGG` sees in paintings.

    Args:
        seen: layer -> (N,C,H,W).

    Returns:
        (N,D), float32.
    """
    return torch.cat([part for layer in _LAYERS for part in _described(seen[layer].float())], dim=1)


class PaintingGrams(nn.Module):
    """The Gram matrices that a predictor's encoder sees in pictures.

    Args:
        looks: the encoder.
    """

    def __init__(self, looks: SlimVGG) -> None:
        super().__init__()
        self.looks = looks

    def forward(self, picture: Tensor) -> Tensor:
        """(N,3,H,W), RGB in [0,1] -> :func:`painting_grams` (N,S)."""
        return painting_grams(self.looks(picture, _LAYERS))


def painting_grams(seen: dict[str, Tensor]) -> Tensor:
    """Gram matrices of the first maps of all layers, each number once.

    Args:
        seen: layer -> (N,C,H,W).

    Returns:
        (N,S), float32, scaled so that squared distances are those of whole matrices, each divided by its C².
    """
    return torch.cat([_upper_half(seen[layer].float(), SlimVGG.components(layer)) for layer in _LAYERS], dim=1)


def _upper_half(x: Tensor, components: int) -> Tensor:
    maps = x.flatten(2)
    count = min(components, _COMPARED)
    first = maps[:, :count]
    row, column = torch.triu_indices(count, count, device=x.device)
    gram = (first @ first.transpose(1, 2) / maps.shape[2]).flatten(1)[:, row * count + column]
    return gram * torch.where(row == column, 1.0, 2**0.5) / components


def _described(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    maps = x.flatten(2)
    mean = maps.mean(dim=2)
    deviation = ((maps - mean[..., None]).square().mean(dim=2) + 1e-6).sqrt()
    first = maps[:, :_CROSSED]
    gram = first @ first.transpose(1, 2) / maps.shape[2]
    row, column = torch.triu_indices(_CROSSED, _CROSSED)
    return mean, deviation, gram.flatten(1)[:, row * _CROSSED + column]
