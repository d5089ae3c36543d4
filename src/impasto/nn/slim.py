"""A slim loss network in VGG-16's place: small enough to come with the package, fast enough for fitting on a laptop.

It has VGG-16's depth and a fraction of its maps. Each style layer has a 1×1 convolution, called a head. It turns maps
into VGG-16's activations along the directions in which the Gram matrices of pictures differ most. They are scaled so
that losses on them have the size of VGG-16's losses, except for what the other directions would add
(:mod:`impasto.training.distill`). All of :mod:`impasto.losses.perceptual` works with either network.
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
from impasto.losses.gram import STYLE_LAYERS
from impasto.nn.names import accept_old_names
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
"""The number of output maps of each convolution, by the convolution's name in VGG-16."""
_CONTRAST = 64.0
"""The standard deviation of photos, about, on the 0..255 scale; inputs are divided by it."""


class SlimVGG(nn.Module):
    """Replaces :class:`impasto.nn.vgg.VGG16` where the layers of :data:`impasto.losses.gram.STYLE_LAYERS` are needed.

    Args:
        weights: a ``state_dict`` of this class; without it the weights are random and can be trained.
    """

    def __init__(self, weights: dict[str, Tensor] | None = None) -> None:
        super().__init__()
        maps = 3
        for name, width in _MAPS.items():
            self.add_module(f"conv{name}", _conv(maps, width, 3))
            maps = width
            if f"relu{name}" in STYLE_LAYERS:
                self.add_module(f"head{name}", _conv(width, width, 1))
                self.register_buffer(f"scale{name}", torch.ones(()))
        self.mean: Tensor
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_load_state_dict_pre_hook(accept_old_names)
        if weights is not None:
            self.load_state_dict(weights)
            self.requires_grad_(False).eval()

    @staticmethod
    def components(layer: str) -> int:
        """The number of maps c that :meth:`forward` returns for ``layer``."""
        return _MAPS[layer.removeprefix("relu")]

    def forward(self, image: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        """An estimate of VGG-16's activations at each of ``layers``, in fewer maps.

        Args:
            image: (N,3,H,W), RGB in [0,1].
            layers: names in :data:`impasto.losses.gram.STYLE_LAYERS`. Layers above the highest one are not computed.

        Returns:
            Layer name -> (N,c,H',W'), in the dtype of the weights, with H' = H / 2^(block - 1).

        Raises:
            KeyError: a name is not in ``STYLE_LAYERS``.
        """
        wanted = set(layers)
        if missing := wanted - set(STYLE_LAYERS):
            raise KeyError(f"SlimVGG has no layer {', '.join(sorted(missing))}")
        x = ((image - self.mean / 255) * (255 / _CONTRAST)).to(next(self.parameters()).dtype)
        found: dict[str, Tensor] = {}
        for name in _MAPS:
            if name.endswith("_1") and name != "1_1":
                x = F.avg_pool2d(x, 2)
            x = F.relu(self.get_submodule(f"conv{name}")(x), inplace=True)
            if f"relu{name}" in wanted:
                found[f"relu{name}"] = self._head(name, x)
            if len(found) == len(wanted):
                break
        return found

    def _head(self, name: str, x: Tensor) -> Tensor:
        """The answer at one layer: (N,c,H',W') -> (N,c,H',W').

        The scale goes into the weights, as multiplying the maps took a seventh of all time in bfloat16.
        """
        scale, head = self.get_buffer(f"scale{name}"), f"head{name}"
        return F.conv2d(x, self.get_parameter(f"{head}.weight") * scale, self.get_parameter(f"{head}.bias") * scale)


def _conv(maps: int, width: int, kernel: int) -> nn.Conv2d:
    conv = nn.Conv2d(maps, width, kernel, padding=kernel // 2)
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu" if kernel > 1 else "linear")
    nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
    return conv


def load_slim_vgg(path: str | Path | None = None) -> SlimVGG:
    """Load the slim loss network from ``path``; without a path, the one that comes with the package.

    Raises:
        ImpastoError: the file is missing, or it is not a file of this network's weights.
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
