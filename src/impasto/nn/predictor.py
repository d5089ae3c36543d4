"""The style predictor: it takes any painting and returns its row of γ and β.

Ghiasi, Lee, Kudlur, Dumoulin & Shlens, *Exploring the structure of a real-time, arbitrary neural artistic stylization
network*, BMVC 2017, https://arxiv.org/abs/1705.06830. Where they have Inception-v3, we have the slim loss network as
the encoder. From its activations come the statistics that make up a style: means, standard deviations, Gram matrices.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.losses.gram import STYLE_LAYERS
from impasto.nn.names import accept_old_names
from impasto.nn.slim import SlimVGG

_CROSSED = 24
"""The predictor's input has the Gram matrix of this many maps of each layer. They are the first ones, because those
differ most from painting to painting."""


class StylePredictor(nn.Module):
    """Predicts the row of γ and β of a painting.

    Args:
        style_size: P, the length of a row.
        hidden: width of the hidden layer.
        bottleneck: width of the layer that each style passes through. It is narrow, so that paintings that were not
            seen in training fall among those that were.

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
        self.encoder = SlimVGG().requires_grad_(False)
        width = descriptor_size()
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("deviation", torch.ones(width))
        self.register_buffer("base", torch.zeros(style_size))
        self.register_buffer("spread", torch.ones(style_size))
        self.hidden = nn.Linear(width, hidden)
        self.bottleneck = nn.Linear(hidden, bottleneck)
        self.row = nn.Linear(bottleneck, style_size)
        nn.init.zeros_(self.row.bias)
        self.register_load_state_dict_pre_hook(accept_old_names)

    def forward(self, painting: Tensor) -> Tensor:
        """Predict rows: (N,3,H,W), RGB in [0,1] -> (N,P).

        A painting should have the size at which its strokes are as wide as those of the picture are to be.
        """
        return self.predict(descriptor(self.encoder(painting, STYLE_LAYERS)))

    def predict(self, described: Tensor) -> Tensor:
        """Predict rows from the :func:`descriptor` of paintings: (N,D) -> (N,P)."""
        x = (described - self.mean) / self.deviation
        # A painting may be far from all others in a few entries; large entries count by their square root.
        x = x / (1 + x.abs()).sqrt()
        x = F.relu(self.hidden(x))
        return self.base + self.spread * self.row(self.bottleneck(x))


def descriptor_size() -> int:
    """D, the length of a :func:`descriptor`."""
    return sum(2 * SlimVGG.components(layer) + _CROSSED * (_CROSSED + 1) // 2 for layer in STYLE_LAYERS)


def descriptor(seen: dict[str, Tensor]) -> Tensor:
    """The predictor's input: means, standard deviations and Gram matrices of the encoder's activations.

    Args:
        seen: layer -> (N,C,H,W), what :class:`impasto.nn.slim.SlimVGG` returns for paintings.

    Returns:
        (N,D), float32.
    """
    return torch.cat([part for layer in STYLE_LAYERS for part in _described(seen[layer].float())], dim=1)


def _described(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """One layer's part of the descriptor: means (N,C), standard deviations (N,C), and half of a Gram matrix."""
    maps = x.flatten(2)
    mean = maps.mean(dim=2)
    deviation = ((maps - mean[..., None]).square().mean(dim=2) + 1e-6).sqrt()
    first = maps[:, :_CROSSED]
    gram = first @ first.transpose(1, 2) / maps.shape[2]
    row, column = torch.triu_indices(_CROSSED, _CROSSED)
    return mean, deviation, gram.flatten(1)[:, row * _CROSSED + column]
