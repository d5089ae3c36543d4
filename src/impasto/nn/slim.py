"""A slim loss network in VGG-16's place: small enough to come with the package, fast enough for fitting on a laptop.

It has VGG-16's depth and a fraction of its maps. What it says of a picture are VGG-16's activations in the directions
in which the Gram matrices of pictures differ most, scaled so that losses on them are VGG-16's losses, up to what is
lost (:mod:`impasto.training.distill`). All of :mod:`impasto.losses.perceptual` works on either.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from impasto.assets import LOSS_NETWORK
from impasto.errors import ImpastoError
from impasto.nn.vgg import MEAN

_MAPS = {
    "1_1": 16,
    "1_2": 24,
    "2_1": 32,
    "2_2": 64,
    "3_1": 64,
    "3_2": 80,
    "3_3": 128,
    "4_1": 128,
    "4_2": 128,
    "4_3": 192,
}
_SEEN = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")
_CONTRAST = 64.0
"""Of photographs, on the 0..255 scale, about."""


class SlimVGG(nn.Module):
    """Stands for :class:`impasto.nn.vgg.VGG16` where layers of :data:`impasto.losses.gram.STYLE_LAYERS` are asked for.

    Args:
        weights: its ``state_dict``; without it the weights are random.
    """

    def __init__(self, weights: dict[str, Tensor] | None = None) -> None:
        super().__init__()
        maps = 3
        for name, width in _MAPS.items():
            self.add_module(f"conv{name}", _conv(maps, width, 3))
            maps = width
            if f"relu{name}" in _SEEN:
                self.add_module(f"look{name}", _conv(width, width, 1))
                self.register_buffer(f"scale{name}", torch.ones(()))
        self.mean: Tensor
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        if weights is not None:
            self.load_state_dict(weights)
            self.requires_grad_(False).eval()

    @staticmethod
    def components(layer: str) -> int:
        """c: the maps of a layer's answer."""
        return _MAPS[layer.removeprefix("relu")]

    def forward(self, image: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        """What VGG-16 would see at each of ``layers``, in fewer maps.

        Args:
            image: (N,3,H,W), RGB in [0,1].
            layers: names in :data:`impasto.losses.gram.STYLE_LAYERS`; nothing above the highest one is computed.

        Returns:
            Layer name -> (N,c,H',W'), H' = H / 2^(block - 1).

        Raises:
            KeyError: another layer.
        """
        wanted = set(layers)
        if missing := wanted - set(_SEEN):
            raise KeyError(f"SlimVGG has no layer {', '.join(sorted(missing))}")
        x = ((image - self.mean / 255) * (255 / _CONTRAST)).to(next(self.parameters()).dtype)
        found: dict[str, Tensor] = {}
        for name in _MAPS:
            if name.endswith("_1") and name != "1_1":
                x = F.avg_pool2d(x, 2)
            x = F.relu(self.get_submodule(f"conv{name}")(x), inplace=True)
            if f"relu{name}" in wanted:
                found[f"relu{name}"] = self._look(name, x)
            if len(found) == len(wanted):
                break
        return found

    def _look(self, name: str, x: Tensor) -> Tensor:
        """The layer's answer. Weights are scaled, not maps, which took a seventh of all time in bfloat16."""
        scale, look = self.get_buffer(f"scale{name}"), f"look{name}"
        return F.conv2d(x, self.get_parameter(f"{look}.weight") * scale, self.get_parameter(f"{look}.bias") * scale)


def _conv(maps: int, width: int, kernel: int) -> nn.Conv2d:
    conv = nn.Conv2d(maps, width, kernel, padding=kernel // 2)
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu" if kernel > 1 else "linear")
    nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
    return conv


def load_slim_vgg(path: str | Path | None = None) -> SlimVGG:
    """The slim loss network from ``path``, else the one that comes with the package.

    Raises:
        ImpastoError: the file is missing or is no such file.
    """
    path = Path(path) if path else LOSS_NETWORK
    try:
        return SlimVGG({name: tensor.float() for name, tensor in load_file(path).items()})
    except FileNotFoundError:
        raise ImpastoError(f"loss network {path}: there is no such file; impasto distill makes one") from None
    except (SafetensorError, OSError, RuntimeError) as error:
        raise ImpastoError(
            f"loss network {path}: not one that impasto distill made ({str(error).splitlines()[0]})"
        ) from None
