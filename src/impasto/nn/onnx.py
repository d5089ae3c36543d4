"""Export to ONNX: every graph that a runtime may run, with dynamic batch, height and width, and the style as an input.

The graphs hold no weights. They refer to the safetensors file beside them, by offset and length. So the graphs of two
networks of one architecture differ in nothing else. Each graph is traced once in a process, which takes half a second.
"""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Sequence
from functools import cache

import onnx
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from impasto.models.model import GRAPHS, PREDICTOR_WEIGHTS, WEIGHTS, Graph
from impasto.nn.names import current_name
from impasto.nn.network import Architecture, ConvNorm, PaddedConv2d, StyleTransferNetwork
from impasto.nn.predictor import StylePredictor

_OPSET = 17
"""The version of ONNX's operators that the graphs use."""
_NETWORK_GRAPHS = (Graph.WHOLE, Graph.STATISTICS, Graph.FROZEN, Graph.REGIONS, Graph.REGIONS_FROZEN)
"""The graphs that are made of the style transfer network; the others are made of the predictor."""
_BLOCK = ((0, 0), (0, 1), (1, 0), (1, 1))
"""The pixels (y, x) of a 2 × 2 block, in the order of pixel shuffling."""

Range = tuple[int, int]
"""Where a tensor lies in a safetensors file: its offset and its length, both in bytes."""


class ConvInBlocks(nn.Module):
    """A convolution with few output maps, computed for blocks of 2 × 2 pixels at once.

    Vector units compute 16 maps in the time that they need for 3. So the kernel is copied four times, each copy shifted
    to its pixel of the block. The result has 4 times as many maps at half the size, and pixel shuffling puts them in
    their places. The values are the same as those of the convolution.
    """

    def __init__(self, conv: PaddedConv2d) -> None:
        super().__init__()
        self.pad = [conv.kernel_size[0] // 2] * 4
        self.weight = conv.weight

    def kernels(self) -> Tensor:
        """The four shifted copies, (O,C,k,k) -> (4·O,C,k+1,k+1). The graph makes them from the stored weights."""
        maps, inputs, height, width = self.weight.shape
        shifted = [F.pad(self.weight, [x, 1 - x, y, 1 - y]) for y, x in _BLOCK]
        return torch.stack(shifted, dim=1).reshape(4 * maps, inputs, height + 1, width + 1)

    def forward(self, x: Tensor) -> Tensor:
        return F.pixel_shuffle(F.conv2d(F.pad(x, self.pad, mode="reflect"), self.kernels(), stride=2), 2)


class TransposedConv(nn.Module):
    """Nearest upsampling by 2 and a 3×3 convolution, as one transposed convolution of the map before upsampling.

    It takes less than half of the products and keeps no upsampled map in memory. After upsampling, a kernel that is
    three rows high covers only two rows of the map. One of them lies under two rows of weights, which can be added up
    beforehand. Reflection padding of the upsampled map repeats the border of the map, so replicate padding is the same.
    """

    sums: Tensor

    def __init__(self, conv: PaddedConv2d) -> None:
        super().__init__()
        self.weight = conv.weight
        rows = torch.tensor([[0.0, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0]])
        self.register_buffer("sums", torch.einsum("yi,xj->ijyx", rows, rows).reshape(9, 16))

    def kernels(self) -> Tensor:
        """The summed weights, (O,C,3,3) -> (C,O,4,4). The graph makes them from the stored weights."""
        maps, inputs = self.weight.shape[:2]
        return (self.weight.reshape(maps * inputs, 9) @ self.sums).reshape(maps, inputs, 4, 4).transpose(0, 1)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv_transpose2d(F.pad(x, [1] * 4, mode="replicate"), self.kernels(), stride=2, padding=3)


def _faster(conv: PaddedConv2d) -> nn.Module:
    """A module that computes the same as ``conv`` in less time; ``conv`` itself where there is none."""
    if conv.upsample == 2 and conv.kernel_size == (3, 3):
        return TransposedConv(conv)
    if conv.out_channels <= 4 and conv.stride == (1, 1) and conv.upsample == 1:
        return ConvInBlocks(conv)
    return conv


class _NetworkGraph(nn.Module):
    """A new network with what one graph computes as its forward pass, by the fastest modules that compute the same."""

    def __init__(self, architecture: Architecture, graph: Graph) -> None:
        super().__init__()
        self.network = StyleTransferNetwork(architecture).eval()
        self.graph = graph
        for layer in self.network.modules():
            if isinstance(layer, ConvNorm):
                layer.conv = _faster(layer.conv)  # type: ignore[assignment]

    def forward(self, *inputs: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        match self.graph:
            case Graph.WHOLE:
                return self.network.render(*inputs)
            case Graph.STATISTICS:
                return self.network.statistics(*inputs)
            case Graph.FROZEN:
                return self.network.render_frozen(*inputs)
            case Graph.REGIONS:
                return self.network.render_regions(*inputs)
            case _:
                return self.network.render_regions(*inputs)[0]


def to_onnx(network: StyleTransferNetwork, weights: bytes) -> dict[Graph, bytes]:
    """Export a network: all graphs that paint or measure pictures, which compute in float32.

    Args:
        network: the network to export.
        weights: the content of the safetensors file beside the graphs. It holds the network's convolutions in float16,
            under their names in the network.

    Returns:
        Graph -> the content of its ONNX file; :data:`impasto.models.model.GRAPHS` names the inputs and outputs.
    """
    ranges = _byte_ranges(weights)
    return {graph: _export_network(network.architecture, graph, ranges) for graph in _NETWORK_GRAPHS}


def predictor_to_onnx(predictor: StylePredictor, weights: bytes) -> bytes:
    """Export a predictor.

    Args:
        predictor: the predictor to export.
        weights: the content of the predictor's safetensors file beside the graphs, with its matrices and kernels in
            float16. Weights may have their present names or old ones (:mod:`impasto.nn.names`).

    Returns:
        The content of the ONNX file :attr:`impasto.models.model.Graph.PREDICTOR`.
    """
    inputs, outputs = GRAPHS[Graph.PREDICTOR]
    axes = {inputs[0]: {0: "batch", 2: "height", 3: "width"}, outputs[0]: {0: "batch"}}
    model = _traced(predictor, (torch.rand(1, 3, 64, 64),), inputs, outputs, axes)
    _take_weights_out(model.graph, _byte_ranges(weights), PREDICTOR_WEIGHTS)
    return model.SerializeToString()


def _export_network(architecture: Architecture, graph: Graph, ranges: dict[str, Range]) -> bytes:
    model = onnx.load_from_string(_network_graph(architecture, graph))
    _take_weights_out(model.graph, ranges, WEIGHTS)
    return model.SerializeToString()


@cache
def _network_graph(architecture: Architecture, graph: Graph) -> bytes:
    """A graph of the networks of an architecture, as an ONNX file whose kernels have shapes but no values."""
    sizes = {0: "batch", 2: "height", 3: "width"}
    size = architecture.style_size
    named = {
        "image": (torch.zeros(1, 3, 64, 64), sizes),
        "style": (torch.ones(1, size), {0: "batch"}),
        "styles": (torch.ones(2, size), {0: "regions"}),
        "masks": (torch.full((1, 2, 64, 64), 0.5), sizes | {1: "regions"}),
        "statistics": (torch.ones(1, size), {0: "batch"}),
        "picture": (None, sizes),
    }
    inputs, outputs = GRAPHS[graph]
    axes = {name: named[name][1] for name in (*inputs, *outputs)}
    with torch.random.fork_rng(devices=[]):  # new weights are drawn, which must not change what callers draw
        module = _NetworkGraph(architecture, graph)
    model = _traced(module, tuple(named[name][0] for name in inputs), inputs, outputs, axes)
    kernels = {name for name, _ in module.named_parameters()}
    for tensor in model.graph.initializer:
        if tensor.name in kernels:
            tensor.ClearField("raw_data")
    return model.SerializeToString()


def _traced(
    module: nn.Module,
    examples: tuple[Tensor | None, ...],
    inputs: Sequence[str],
    outputs: Sequence[str],
    axes: dict[str, dict[int, str]],
) -> onnx.ModelProto:
    """Trace ``module`` on ``examples``; ``axes`` names the dynamic dimensions of inputs and outputs."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # The newer exporter's graphs, with their symbolic shapes, ran 1.5 times as long in OpenVINO.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            examples,
            buffer,  # type: ignore[arg-type]  # files are taken, but not declared, where dynamo is off
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes=axes,
            opset_version=_OPSET,
            do_constant_folding=False,
            dynamo=False,
        )
    model = onnx.load_from_string(buffer.getvalue())
    _in_float32(model.graph)
    onnx.checker.check_model(model)
    return model


def _in_float32(graph: onnx.GraphProto) -> None:
    """Turn constants of float64 into float32, as which they are used: ONNX Runtime's WebGPU cannot cast them."""
    for node in graph.node:
        value = node.attribute[0].t if node.op_type == "Constant" else None
        if value is not None and value.data_type == TensorProto.DOUBLE:
            value.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(value).astype("float32"), value.name))


def _byte_ranges(weights: bytes) -> dict[str, Range]:
    """Where each tensor of a safetensors file lies, by its present name."""
    start = 8 + int.from_bytes(weights[:8], "little")
    header = json.loads(weights[8:start])
    ends = {name: entry["data_offsets"] for name, entry in header.items() if name != "__metadata__"}
    return {current_name(name): (start + first, last - first) for name, (first, last) in ends.items()}


def _take_weights_out(graph: onnx.GraphProto, ranges: dict[str, Range], file: str) -> None:
    """Replace the graph's matrices and kernels by references to ``file``.

    The file has them in float16, so each is followed by a cast to float32, which runtimes compute once.
    """
    for tensor in graph.initializer:
        name = tensor.name
        found = ranges.get(name.removeprefix("network."))
        if found is None or len(tensor.dims) < 2:
            continue
        half = TensorProto(name=f"{name}.half", data_type=TensorProto.FLOAT16, dims=tensor.dims)
        half.data_location = TensorProto.EXTERNAL
        for key, value in (("location", file), ("offset", found[0]), ("length", found[1])):
            half.external_data.add(key=key, value=str(value))
        tensor.CopyFrom(half)
        graph.node.insert(0, helper.make_node("Cast", [half.name], [name], to=TensorProto.FLOAT))
