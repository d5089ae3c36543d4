"""The exported graph and its shortcuts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load, save

from impasto.assets import BUNDLED
from impasto.models.model import PREDICTOR_WEIGHTS, WEIGHTS, Graph, load_model
from impasto.nn import StyleTransferNetwork
from impasto.nn.cin import trained_instance_norm
from impasto.nn.load import load_predictor
from impasto.nn.names import current_name
from impasto.nn.network import PaddedConv2d
from impasto.nn.onnx import ConvInBlocks, TransposedConv, predictor_to_onnx, to_onnx

sizes = st.integers(5, 12)


@given(kernel=st.sampled_from([1, 3, 9]), maps=st.integers(1, 4), rows=sizes, columns=sizes)
def test_convolution_in_blocks_is_the_convolution(kernel: int, maps: int, rows: int, columns: int) -> None:
    conv = PaddedConv2d(5, maps, kernel)
    x = torch.randn(2, 5, 2 * rows, 2 * columns)
    torch.testing.assert_close(ConvInBlocks(conv)(x), conv(x), atol=1e-5, rtol=1e-4)


@given(maps=st.integers(1, 4), rows=sizes, columns=sizes)
def test_convolution_before_upsampling_is_the_convolution_after(maps: int, rows: int, columns: int) -> None:
    conv = PaddedConv2d(5, maps, 3, upsample=2)
    x = torch.randn(2, 5, rows, columns)
    torch.testing.assert_close(TransposedConv(conv)(x), conv(x), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", [pytest.param("paper", marks=pytest.mark.slow), "fast"])
def test_graph_is_the_network_at_any_size_and_batch(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = StyleTransferNetwork(name).eval()
    for parameter in network.parameters():
        parameter.data = parameter.data.half().float()
    weights = save({name: tensor.half() for name, tensor in network.state_dict().items() if "conv" in name})
    graph = to_onnx(network, weights)[Graph.WHOLE]
    (tmp_path / WEIGHTS).write_bytes(weights)
    (tmp_path / "network.onnx").write_bytes(graph)
    session = onnxruntime.InferenceSession(tmp_path / "network.onnx", providers=["CPUExecutionProvider"])
    for shape in ((1, 3, 32, 32), (2, 3, 36, 60)):
        image, style = torch.rand(shape), torch.randn(shape[0], network.architecture.style_size)
        (picture,) = session.run(["picture"], {"image": image.numpy(), "style": style.numpy()})
        with torch.no_grad():
            expected = network.render(image, style).numpy()
        assert np.abs(picture - expected).max() < 1e-3


def test_graphs_hold_no_weights_and_no_paths() -> None:
    network = StyleTransferNetwork("paper")
    weights = save({name: tensor.half() for name, tensor in network.state_dict().items() if "conv" in name})
    for graph, content in to_onnx(network, weights).items():
        assert len(content) < 400_000, graph
        assert b"/impasto/" not in content
        convolutions = [t for t in onnx.load_from_string(content).graph.initializer if len(t.dims) == 4]
        assert len(convolutions) == 16
        assert {tensor.data_location for tensor in convolutions} == {onnx.TensorProto.EXTERNAL}


@pytest.mark.parametrize("name", ["fast", "paper"])
def test_graphs_are_what_webgpu_can_run(name: str) -> None:
    """It cannot cast from float64, and web/runtime/webgpu.js names what cuts rows, which the processor does."""
    model = load_model(name)
    for graph in Graph:
        nodes = onnx.load(model.graph(graph), load_external_data=False).graph.node
        constants = {node.attribute[0].t.data_type for node in nodes if node.op_type == "Constant"}
        assert onnx.TensorProto.DOUBLE not in constants
        assert {node.name for node in nodes if node.op_type == "Split"} <= {"/Split", "/Split_1"}


def test_what_training_made_of_the_normalization_is_not_exported() -> None:
    network = StyleTransferNetwork("fast").eval()
    weights = save({name: tensor.half() for name, tensor in network.state_dict().items() if "conv" in name})
    plain = to_onnx(network, weights)
    network.normalise = trained_instance_norm
    assert to_onnx(network, weights) == plain


@pytest.mark.parametrize("renamed", [False, True])
@pytest.mark.parametrize("name", BUNDLED)
def test_exported_predictors_compute_what_the_bundled_graphs_do(name: str, renamed: bool, tmp_path: Path) -> None:
    """The bundled files have the weights' old names; new files have the present ones."""
    model = load_model(name)
    predictor, weights = load_predictor(model), model.weights(PREDICTOR_WEIGHTS)
    if renamed:
        weights = save({current_name(key): tensor.contiguous() for key, tensor in load(weights).items()})
    (tmp_path / PREDICTOR_WEIGHTS).write_bytes(weights)
    image = torch.rand(2, 3, 72, 64, generator=torch.Generator().manual_seed(0)).numpy()
    exported, bundled = tmp_path / Graph.PREDICTOR.value, model.graph(Graph.PREDICTOR)
    exported.write_bytes(predictor_to_onnx(predictor, weights))
    assert exported.stat().st_size < bundled.stat().st_size * 1.05  # only names became longer
    sessions = [onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]) for path in (exported, bundled)]
    assert [output.name for output in sessions[0].get_outputs()] == ["style"]
    found, expected = (session.run(["style"], {"painting": image})[0] for session in sessions)
    assert np.array_equal(found, expected)
