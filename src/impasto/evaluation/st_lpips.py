"""ST-LPIPS: how different two pictures look, judged by a network that no model here was trained with.

Ghildyal & Liu, *Shift-tolerant Perceptual Similarity Metric*, ECCV 2022. It is a distance between AlexNet's activations
that was learned from people's judgements, with blurred subsampling in place of strides. Architecture and weights are
those of the package stlpips-pytorch 0.0.2. The package itself is never imported, because it needs torchvision.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.errors import ImpastoError

PACKAGE = "stlpips_pytorch"
"""The module name of the package that has the weights."""
_WEIGHTS = "weights/vST0.0/alex_shift_tolerant.pth"
"""The file of weights in that package."""
_LAYERS = ("slice1.0", "slice2.5", "slice3.9", "slice4.11", "slice5.13")
"""The names of AlexNet's convolutions in that file."""
_PADDING = (2, 2, 1, 1, 1)
"""The padding of each convolution, in positions."""


def load_stlpips() -> STLPIPS | None:
    """Load ST-LPIPS with the weights of the package ``stlpips-pytorch``; return None where that is not installed.

    It is installed by ``pip install --no-deps stlpips-pytorch==0.0.2``.

    Raises:
        ImpastoError: the package is installed, but its weights are missing or others.
    """
    package = importlib.util.find_spec(PACKAGE)
    if package is None or not package.submodule_search_locations:
        return None
    path = Path(package.submodule_search_locations[0]) / _WEIGHTS
    try:
        return STLPIPS(torch.load(path, map_location="cpu", weights_only=True))
    except (OSError, KeyError, RuntimeError) as error:
        raise ImpastoError(f"ST-LPIPS weights {path}: {error}; pip install --no-deps stlpips-pytorch==0.0.2") from None


class STLPIPS:
    """The perceptual distance of two pictures; see :meth:`__call__`.

    Args:
        weights: the tensors of the package's file: ``net.slice1.0.weight`` and so on for the convolutions,
            ``lin0.model.1.weight`` and so on for the weights of the maps, and the scaling of the input.
    """

    def __init__(self, weights: dict[str, Tensor]) -> None:
        self.convolutions = [(weights[f"net.{name}.weight"], weights[f"net.{name}.bias"]) for name in _LAYERS]
        self.judgements = [weights[f"lin{layer}.model.1.weight"] for layer in range(len(_LAYERS))]
        self.shift, self.scale = weights["scaling_layer.shift"], weights["scaling_layer.scale"]

    @torch.no_grad()
    def __call__(self, one: Tensor, other: Tensor) -> Tensor:
        """The distances of N pairs of pictures.

        Args:
            one: (N,3,H,W), RGB in [0,1], with H and W at least 64.
            other: the like.

        Returns:
            (N,): 0 where both are the same, and about 1 where they are very different.
        """
        pairs = zip(self._activations(one), self._activations(other), self.judgements, strict=True)
        return sum(
            (F.conv2d((_unit(a) - _unit(b)).square(), judgement).mean(dim=(1, 2, 3)) for a, b, judgement in pairs),
            start=torch.zeros(len(one)),
        )

    def _activations(self, picture: Tensor) -> list[Tensor]:
        """The activations after each convolution and its ReLU: (N,3,H,W) -> five (N,C,H',W')."""
        x = (2 * picture - 1 - self.shift) / self.scale
        found: list[Tensor] = []
        for layer, ((weight, bias), padding) in enumerate(zip(self.convolutions, _PADDING, strict=True)):
            if layer in (1, 2):
                x = _halved(F.max_pool2d(x, 3, stride=1))
            x = F.conv2d(x, weight, bias, padding=padding)
            x = F.relu(_halved(x) if layer == 0 else x)
            found.append(x)
        return found


def _halved(x: Tensor) -> Tensor:
    """Halve a map, (N,C,H,W) -> (N,C,H',W'), after a blur by (1,2,1)/4 in both directions."""
    row = torch.tensor([1.0, 2.0, 1.0]) / 4
    blur = (row[:, None] * row).expand(x.shape[1], 1, 3, 3)
    return F.conv2d(F.pad(x, [2] * 4, mode="reflect"), blur, stride=2, groups=x.shape[1])


def _unit(x: Tensor) -> Tensor:
    """Divide the feature vector at each position by its length."""
    return x / (x.square().sum(dim=1, keepdim=True).sqrt() + 1e-10)
