"""A network and the predictor of its styles, trained as one."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from impasto.nn import StyleTransferNetwork
from impasto.nn.predictor import StylePredictor


class JointNetwork(nn.Module):
    """A network and its predictor, trained as one: the convolutions learn from every painting the predictor sees.

    Args:
        network: with the style table.
        predictor: what paints in styles that have no row; or None.
    """

    def __init__(self, network: StyleTransferNetwork, predictor: StylePredictor | None = None) -> None:
        super().__init__()
        self.network = network
        self.predictor = predictor

    def forward(self, image: Tensor, slot: Tensor, parts: Tensor | None = None) -> Tensor:
        """Paint the first pictures in named styles, the others in those of paintings.

        Args:
            image: (N,3,H,W), RGB in [0,1].
            slot: (N-M,), of the first ones.
            parts: (M,3,h,w), RGB in [0,1], the paintings of the last ones.

        Returns:
            (N,3,H,W), RGB in [0,1].
        """
        rows = self.network.rows(image[: len(slot)], style_id=slot)
        if parts is not None and self.predictor is not None:
            rows = torch.cat([rows, self.predictor(parts).to(rows)])
        return self.network.render(image, rows)
