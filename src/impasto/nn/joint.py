"""A network and the predictor of its styles, trained as one."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from impasto.nn import StyleTransferNetwork
from impasto.nn.predictor import StylePredictor


class JointNetwork(nn.Module):
    """A network and its style predictor, trained as one: the convolutions learn from every painting that the predictor
    sees.

    Args:
        network: has the style table.
        predictor: finds the rows of styles that are not in the table; None if all styles are.
    """

    def __init__(self, network: StyleTransferNetwork, predictor: StylePredictor | None = None) -> None:
        super().__init__()
        self.network = network
        self.predictor = predictor

    def forward(self, image: Tensor, slot: Tensor, parts: Tensor | None = None) -> Tensor:
        """Paint the first photos in styles of the table, the others in the styles of paintings.

        Args:
            image: (N,3,H,W), RGB in [0,1], the photos.
            slot: (N-M,) int64, the styles of the first photos.
            parts: (M,3,h,w), RGB in [0,1], parts of paintings, one for each of the last photos.

        Returns:
            (N,3,H,W), RGB in [0,1].
        """
        rows = self.network.rows(image[: len(slot)], style_id=slot)
        if parts is not None and self.predictor is not None:
            rows = torch.cat([rows, self.predictor(parts).to(rows)])
        return self.network.render(image, rows)
