"""Export to ONNX: the runtime contract as a graph, with dynamic batch, height and width, and the style as an input."""

from __future__ import annotations

import copy
import io
import warnings

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from impasto.nn.network import ConvNorm, PaddedConv2d, StyleTransferNetwork

_OPSET = 17
_PLACES = ((0, 0), (0, 1), (1, 0), (1, 1))
"""The pixels of a 2 × 2 block, in the order of pixel shuffling."""


class ConvInBlocks(nn.Module):
    """A convolution with few output maps, computed for 2 × 2 pixels at once.

    Vector units compute 16 maps in the time of 3. Four copies of the kernel, each shifted to its pixel of the block,
    make 12 maps of 3, which pixel shuffling puts in their places; the values are the same.
    """

    def __init__(self, conv: PaddedConv2d) -> None:
        super().__init__()
        height, width = conv.kernel_size
        self.pad = [height // 2] * 4
        weight = conv.weight.new_zeros(conv.out_channels, 4, conv.in_channels, height + 1, width + 1)
        for place, (y, x) in enumerate(_PLACES):
            weight[:, place, :, y : y + height, x : x + width] = conv.weight.detach()
        self.weight = nn.Parameter(weight.flatten(0, 1))

    def forward(self, x: Tensor) -> Tensor:
        return F.pixel_shuffle(F.conv2d(F.pad(x, self.pad, mode="reflect"), self.weight, stride=2), 2)


class ConvBeforeUpsampling(nn.Module):
    """Nearest upsampling by 2 and a 3×3 convolution as four 2×2 convolutions, one for each place in a block, of the map
    as it was: less than half the products, and no upsampled map in memory.

    A row of upsampled pixels sees two rows of the map, one of them under two rows of the kernel, which add up.
    Reflection at the border of an upsampled map repeats the border of the map.
    """

    def __init__(self, conv: PaddedConv2d) -> None:
        super().__init__()
        rows = conv.weight.new_tensor([[[1, 0, 0], [0, 1, 1]], [[1, 1, 0], [0, 0, 1]]])
        weight = torch.einsum("ocij,yai,xbj->oyxcab", conv.weight.detach(), rows, rows)
        self.weight = nn.Parameter(weight.flatten(0, 2).contiguous())

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        windows = F.conv2d(F.pad(x, [1] * 4, mode="replicate"), self.weight).unflatten(1, (-1, 4))
        places = [windows[:, :, 2 * y + x, y : y + height, x : x + width] for y, x in _PLACES]
        return F.pixel_shuffle(torch.stack(places, dim=2).flatten(1, 2), 2)


def quicker(conv: PaddedConv2d) -> nn.Module:
    """A module that computes the same in less time, or ``conv`` itself."""
    if conv.upsample == 2 and conv.kernel_size == (3, 3):
        return ConvBeforeUpsampling(conv)
    if conv.out_channels <= 4 and conv.stride == (1, 1) and conv.upsample == 1:
        return ConvInBlocks(conv)
    return conv


class _Contract(nn.Module):
    """The network with the runtime contract as its forward, and the quickest way to compute it."""

    def __init__(self, network: StyleTransferNetwork) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).eval()
        for layer in self.network.modules():
            if isinstance(layer, ConvNorm):
                layer.conv = quicker(layer.conv)  # type: ignore[assignment]

    def forward(self, image: Tensor, style: Tensor) -> Tensor:
        return self.network.render(image, style)


def to_onnx(network: StyleTransferNetwork) -> bytes:
    """The network as an ONNX model with weights stored in float16 and everything computed in float32.

    Inputs ``image`` (N,3,H,W) and ``style`` (N,P), output ``picture`` (N,3,H,W), all float32, as in
    :meth:`StyleTransferNetwork.render`.
    """
    example = torch.zeros(1, 3, 64, 64), torch.ones(1, network.architecture.style_size)
    sizes = {0: "batch", 2: "height", 3: "width"}
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # The newer exporter's graphs, with their symbolic shapes, ran 1.5 times as long in OpenVINO.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Contract(network),
            example,
            buffer,  # type: ignore[arg-type]  # files are taken, but not declared, where dynamo is off
            input_names=["image", "style"],
            output_names=["picture"],
            dynamic_axes={"image": sizes, "style": {0: "batch"}, "picture": sizes},
            opset_version=_OPSET,
            dynamo=False,
        )
    model = onnx.load_from_string(buffer.getvalue())
    _store_halves(model.graph)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def _store_halves(graph: onnx.GraphProto) -> None:
    """Keep each convolution's weights in float16 behind a cast, which runtimes fold when they load the graph."""
    for tensor in graph.initializer:
        if not tensor.name.endswith("conv.weight"):
            continue
        name = tensor.name
        half = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), f"{name}.half")
        tensor.CopyFrom(half)
        graph.node.insert(0, helper.make_node("Cast", [half.name], [name], to=TensorProto.FLOAT))
