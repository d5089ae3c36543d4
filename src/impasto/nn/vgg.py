"""VGG-16 up to relu4_3, as a loss network: it returns the activations of layers by their names.

Simonyan & Zisserman, *Very Deep Convolutional Networks for Large-Scale Image Recognition*, ICLR 2015. It is used with
the weights of Oxford's Caffe model (:func:`impasto.nn.vgg_weights.load_vgg16`), because the papers of this field chose
their loss weights with those.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MEAN = (123.68, 116.779, 103.939)
"""The mean colour of VGG-16's training images, RGB, on the 0..255 scale."""
_MAPS = {"1_1": 64, "1_2": 64, "2_1": 128, "2_2": 128, "3_1": 256, "3_2": 256, "3_3": 256} | {
    f"4_{i}": 512 for i in (1, 2, 3)
}
"""The number of output maps of each convolution, by its name."""


class VGG16(nn.Module):
    """VGG-16, with average pooling in place of maximum pooling, as in Gatys et al. 2016.

    Args:
        weights: the tensors ``conv1_1.weight``, ``conv1_1.bias`` and so on to ``conv4_3.bias``; without them the
        weights
            are random.
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
        """The activations of ``layers``, after their ReLU.

        Args:
            image: (N,3,H,W), RGB in [0,1]. It is scaled to 0..255, and the mean is taken away, in the dtype of the
                image. Then it is cast to the dtype of the weights.
            layers: names such as ``relu3_3``. Layers above the highest one are not computed.

        Returns:
            Layer name -> (N,C,H',W'), in the dtype of the weights, with H' = H / 2^(block - 1).

        Raises:
            KeyError: the network has no layer of such a name.
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
