"""Export to ONNX: the runtime contract as graphs, with dynamic batch, height and width, and the style as an input.

The graphs hold no weights; all point into the model's one safetensors file.
"""

from __future__ import annotations

import copy
import io
import json
import warnings
from collections.abc import Sequence

import onnx
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper
from torch import Tensor, nn

from impasto.models.model import GRAPHS, PREDICTOR_WEIGHTS, WEIGHTS, Graph
from impasto.nn.cin import conditional_instance_norm
from impasto.nn.network import ConvNorm, PaddedConv2d, StyleTransferNetwork
from impasto.nn.predictor import PaintingGrams, StylePredictor

_OPSET = 17
_PAINTING = (Graph.WHOLE, Graph.STATISTICS, Graph.FROZEN, Graph.REGIONS, Graph.REGIONS_FROZEN)
_PLACES = ((0, 0), (0, 1), (1, 0), (1, 1))
"""The pixels of a 2 × 2 block, in the order of pixel shuffling."""


class ConvInBlocks(nn.Module):
    """A convolution with few output maps, computed for 2 × 2 pixels at once.

    Vector units compute 16 maps in the time of 3. Four copies of the kernel, each shifted to its pixel of the block,
    make 12 maps of 3, which pixel shuffling puts in their places; the values are the same.
    """

    def __init__(self, conv: PaddedConv2d) -> None:
        super().__init__()
        self.pad = [conv.kernel_size[0] // 2] * 4
        self.weight = conv.weight

    def kernels(self) -> Tensor:
        """(O,C,k,k) -> (4·O,C,k+1,k+1), made in the graph from the weights as they are stored."""
        maps, inputs, height, width = self.weight.shape
        shifted = [F.pad(self.weight, [x, 1 - x, y, 1 - y]) for y, x in _PLACES]
        return torch.stack(shifted, dim=1).reshape(4 * maps, inputs, height + 1, width + 1)

    def forward(self, x: Tensor) -> Tensor:
        return F.pixel_shuffle(F.conv2d(F.pad(x, self.pad, mode="reflect"), self.kernels(), stride=2), 2)


class TransposedConv(nn.Module):
    """Nearest upsampling by 2 and a 3×3 convolution as one transposed convolution of the map as it was: less than half
    the products, and no upsampled map in memory.

    An upsampled pixel under a row of three weights sees two rows of the map, one of them under two weights, which add
    up. Reflection at the border of an upsampled map repeats the border of the map.
    """

    sums: Tensor

    def __init__(self, conv: PaddedConv2d) -> None:
        super().__init__()
        self.weight = conv.weight
        rows = torch.tensor([[0.0, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0]])
        self.register_buffer("sums", torch.einsum("yi,xj->ijyx", rows, rows).reshape(9, 16))

    def kernels(self) -> Tensor:
        """(O,C,3,3) -> (C,O,4,4), made in the graph from the weights as they are stored."""
        maps, inputs = self.weight.shape[:2]
        return (self.weight.reshape(maps * inputs, 9) @ self.sums).reshape(maps, inputs, 4, 4).transpose(0, 1)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv_transpose2d(F.pad(x, [1] * 4, mode="replicate"), self.kernels(), stride=2, padding=3)


def quicker(conv: PaddedConv2d) -> nn.Module:
    """A module that computes the same in less time, or ``conv`` itself."""
    if conv.upsample == 2 and conv.kernel_size == (3, 3):
        return TransposedConv(conv)
    if conv.out_channels <= 4 and conv.stride == (1, 1) and conv.upsample == 1:
        return ConvInBlocks(conv)
    return conv


class _Contract(nn.Module):
    """The network with one part of the runtime contract as its forward, and the quickest way to compute it."""

    def __init__(self, network: StyleTransferNetwork, graph: Graph) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).eval()
        self.network.normalise = conditional_instance_norm  # as it is written, whatever training made of it
        self.graph = graph
        for layer in self.network.modules():
            if isinstance(layer, ConvNorm):
                layer.conv = quicker(layer.conv)  # type: ignore[assignment]

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
    """The network as ONNX graphs that compute in float32, with the inputs and outputs of
    :class:`impasto.models.model.Graph`.

    Args:
        network: the network.
        weights: the content of the safetensors file, beside the graphs, that holds the network's convolutions in
            float16 under their names.
    """
    return {graph: _export(network, graph, _places(weights)) for graph in _PAINTING}


def predictor_to_onnx(predictor: StylePredictor, weights: bytes) -> dict[Graph, bytes]:
    """The predictor, and what its encoder sees, as ONNX graphs that compute in float32; as :func:`to_onnx`, with their
    own safetensors file."""
    parts = {Graph.PREDICTOR: _Reader(predictor), Graph.GRAMS: PaintingGrams(predictor.looks)}
    return {graph: _export_predictor(part, graph, _places(weights)) for graph, part in parts.items()}


class _Reader(nn.Module):
    """What a predictor reads off a painting."""

    def __init__(self, predictor: StylePredictor) -> None:
        super().__init__()
        self.predictor = predictor

    def forward(self, painting: Tensor) -> tuple[Tensor, Tensor]:
        return self.predictor.read(painting)


def _export_predictor(part: nn.Module, graph: Graph, places: dict[str, tuple[int, int]]) -> bytes:
    (image,), outputs = GRAPHS[graph]
    axes = {image: {0: "batch", 2: "height", 3: "width"}} | {numbers: {0: "batch"} for numbers in outputs}
    model = _traced(part, (torch.rand(1, 3, 64, 64),), (image,), outputs, axes)
    _point_to(model.graph, places, PREDICTOR_WEIGHTS)
    return model.SerializeToString()


def _export(network: StyleTransferNetwork, graph: Graph, places: dict[str, tuple[int, int]]) -> bytes:
    sizes = {0: "batch", 2: "height", 3: "width"}
    size = network.architecture.style_size
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
    model = _traced(_Contract(network, graph), tuple(named[name][0] for name in inputs), inputs, outputs, axes)
    _point_to(model.graph, places, WEIGHTS)
    return model.SerializeToString()


def _traced(
    module: nn.Module,
    examples: tuple[Tensor | None, ...],
    inputs: Sequence[str],
    outputs: Sequence[str],
    axes: dict[str, dict[int, str]],
) -> onnx.ModelProto:
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
    onnx.checker.check_model(model)
    return model


def _places(weights: bytes) -> dict[str, tuple[int, int]]:
    """Name -> offset and length in bytes of each tensor of a safetensors file."""
    start = 8 + int.from_bytes(weights[:8], "little")
    header = json.loads(weights[8:start])
    ends = {name: entry["data_offsets"] for name, entry in header.items() if name != "__metadata__"}
    return {name: (start + first, last - first) for name, (first, last) in ends.items()}


def _point_to(graph: onnx.GraphProto, places: dict[str, tuple[int, int]], file: str) -> None:
    """Take matrices and kernels out of the graph: float16 in the file, behind a cast that runtimes fold."""
    for tensor in graph.initializer:
        name = tensor.name
        place = places.get(name.removeprefix("network.").removeprefix("predictor."))
        if place is None or len(tensor.dims) < 2:
            continue
        half = TensorProto(name=f"{name}.half", data_type=TensorProto.FLOAT16, dims=tensor.dims)
        half.data_location = TensorProto.EXTERNAL
        for key, value in (("location", file), ("offset", place[0]), ("length", place[1])):
            half.external_data.add(key=key, value=str(value))
        tensor.CopyFrom(half)
        graph.node.insert(0, helper.make_node("Cast", [half.name], [name], to=TensorProto.FLOAT))
