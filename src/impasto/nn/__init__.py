"""Networks and layers in PyTorch. They need the [train] extra."""

from impasto.nn.cin import ConditionalInstanceNorm2d, conditional_instance_norm
from impasto.nn.network import ARCHITECTURES, Architecture, StyleTransferNetwork

__all__ = [
    "ARCHITECTURES",
    "Architecture",
    "ConditionalInstanceNorm2d",
    "StyleTransferNetwork",
    "conditional_instance_norm",
]
