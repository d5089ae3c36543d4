"""The loss network: VGG-16 up to relu4_3, layers by name.

Simonyan & Zisserman, *Very Deep Convolutional Networks*, ICLR 2015; with the Oxford/Caffe weights, on which the loss
weights of this field were chosen (:func:`impasto.nn.vgg_weights.load_vgg16`).
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MEAN = (123.68, 116.779, 103.939)
_MAPS = {"1_1": 64, "1_2": 64, "2_1": 128, "2_2": 128, "3_1": 256, "3_2": 256, "3_3": 256} | {
    f"4_{i}": 512 for i in (1, 2, 3)
}


class VGG16(nn.Module):
    """Activations of VGG-16 by layer name, with average pooling (Gatys et al. 2016) in place of maximum pooling.

    Args:
        weights: tensors ``conv1_1.weight``, ``conv1_1.bias``, … ``conv4_3.bias``; without them the weights are random.
    """

    def __init__(self, weights: dict[str, Tensor] | None = None) -> None:
        super().__init__()
        maps = 3
        for name, width in _MAPS.items():
            self.add_module(f"conv{name}", nn.Conv2d(maps, width, 3, padding=1))
            maps = width
        self.mean: Tensor
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        if weights is not None:
            self.load_state_dict(weights)
        self.requires_grad_(False).eval()

    def forward(self, image: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        """Activations after the ReLU of each of ``layers``.

        Args:
            image: (N,3,H,W), RGB in [0,1]; scaled to 0..255 and centred here, in the dtype of the image, then cast to
                that of the weights.
            layers: names such as ``relu3_3``; nothing above the highest one is computed.

        Returns:
            Layer name -> (N,C,H',W'), the dtype of the weights, H' = H / 2^(block - 1).

        Raises:
            KeyError: a layer that the network lacks.
        """
        wanted = set(layers)
        if missing := wanted - {f"relu{name}" for name in _MAPS}:
            raise KeyError(f"VGG16 has no layer {', '.join(sorted(missing))}")
        x = (image * 255 - self.mean).to(next(self.parameters()).dtype)
        found: dict[str, Tensor] = {}
        for name in _MAPS:
            if name.endswith("_1") and name != "1_1":
                x = F.avg_pool2d(x, 2)
            x = F.relu(self.get_submodule(f"conv{name}")(x), inplace=True)
            if f"relu{name}" in wanted:
                found[f"relu{name}"] = x
            if len(found) == len(wanted):
                break
        return found
