"""The exported graph and its shortcuts."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from impasto.nn import StyleTransferNetwork
from impasto.nn.export import ConvBeforeUpsampling, ConvInBlocks, to_onnx
from impasto.nn.network import PaddedConv2d

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
    torch.testing.assert_close(ConvBeforeUpsampling(conv)(x), conv(x), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", ["paper", "fast"])
def test_graph_is_the_network_at_any_size_and_batch(name: str) -> None:
    torch.manual_seed(0)
    network = StyleTransferNetwork(name).eval()
    for parameter in network.parameters():
        parameter.data = parameter.data.half().float()
    graph = to_onnx(network)
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    for shape in ((1, 3, 32, 32), (2, 3, 36, 60)):
        image, style = torch.rand(shape), torch.randn(shape[0], network.architecture.style_size)
        (picture,) = session.run(["picture"], {"image": image.numpy(), "style": style.numpy()})
        with torch.no_grad():
            expected = network.render(image, style).numpy()
        # A quarter of a grey level: sums of float16 weights are rounded to float16 again.
        assert np.abs(picture - expected).max() < 1e-3
    kinds = {tensor.data_type for tensor in onnx.load_from_string(graph).graph.initializer if len(tensor.dims) == 4}
    assert kinds == {onnx.TensorProto.FLOAT16}
