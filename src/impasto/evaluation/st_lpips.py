"""ST-LPIPS: how different two pictures look, by a network that nothing here was trained with.

Ghildyal & Liu, *Shift-tolerant Perceptual Similarity Metric*, ECCV 2022: distances between AlexNet's activations,
learned from people's judgements, with blurred subsampling in place of strides. Architecture and weights are those of
the package stlpips-pytorch 0.0.2, which need not be importable: it wants torchvision, of which nothing is used here.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.errors import ImpastoError

PACKAGE = "stlpips_pytorch"
_WEIGHTS = "weights/vST0.0/alex_shift_tolerant.pth"
_LAYERS = ("slice1.0", "slice2.5", "slice3.9", "slice4.11", "slice5.13")
_PADDING = (2, 2, 1, 1, 1)


def load_stlpips() -> STLPIPS | None:
    """ST-LPIPS with the weights of the installed package; None without it: pip install --no-deps stlpips-pytorch.

    Raises:
        ImpastoError: the package is there, but not its weights.
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
    """The distance of two pictures, see :meth:`__call__`.

    Args:
        weights: as in the package: ``net.slice1.0.weight`` …, ``lin0.model.1.weight`` …, and the scaling of the input.
    """

    def __init__(self, weights: dict[str, Tensor]) -> None:
        self.convolutions = [(weights[f"net.{name}.weight"], weights[f"net.{name}.bias"]) for name in _LAYERS]
        self.judgements = [weights[f"lin{layer}.model.1.weight"] for layer in range(len(_LAYERS))]
        self.shift, self.scale = weights["scaling_layer.shift"], weights["scaling_layer.scale"]

    @torch.no_grad()
    def __call__(self, one: Tensor, other: Tensor) -> Tensor:
        """Distances (N,) of pictures (N,3,H,W), RGB in [0,1], both sides at least 64: 0 is the same, 1 far."""
        pairs = zip(self._activations(one), self._activations(other), self.judgements, strict=True)
        return sum(
            (F.conv2d((_unit(a) - _unit(b)).square(), judgement).mean(dim=(1, 2, 3)) for a, b, judgement in pairs),
            start=torch.zeros(len(one)),
        )

    def _activations(self, picture: Tensor) -> list[Tensor]:
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
    """Half as large, blurred by (1,2,1)/4 both ways first."""
    row = torch.tensor([1.0, 2.0, 1.0]) / 4
    blur = (row[:, None] * row).expand(x.shape[1], 1, 3, 3)
    return F.conv2d(F.pad(x, [2] * 4, mode="reflect"), blur, stride=2, groups=x.shape[1])


def _unit(x: Tensor) -> Tensor:
    return x / (x.square().sum(dim=1, keepdim=True).sqrt() + 1e-10)
