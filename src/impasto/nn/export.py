"""Export to ONNX: the runtime contract as a graph, with dynamic batch, height and width, and the style as an input."""

from __future__ import annotations

import copy
import io
import itertools
import warnings

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from impasto.nn.network import StyleTransferNetwork

_OPSET = 17


class ConvInBlocks(nn.Module):
    """A convolution with few output maps, computed for 2 × 2 pixels at once.

    Vector units compute 16 maps in the time of 3. Four copies of the kernel, each shifted to its pixel of the block,
    make 12 maps of 3, which pixel shuffling puts in their places; the values are the same.
    """

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.kernel_size = conv.kernel_size
        height, width = conv.kernel_size
        weight = conv.weight.new_zeros(4 * conv.out_channels, conv.in_channels, height + 1, width + 1)
        for place, (y, x) in enumerate(itertools.product(range(2), range(2))):
            weight[place::4, :, y : y + height, x : x + width] = conv.weight.detach()
        self.weight = nn.Parameter(weight)

    def forward(self, x: Tensor) -> Tensor:
        return F.pixel_shuffle(F.conv2d(x, self.weight, stride=2), 2)


class _Contract(nn.Module):
    """The network with the runtime contract as its forward."""

    def __init__(self, network: StyleTransferNetwork) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).eval()
        last = self.network.expand[-1]
        if isinstance(last.conv, nn.Conv2d) and last.conv.out_channels <= 4:
            last.conv = ConvInBlocks(last.conv)

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
