"""The CIN layer against its formula, by known answers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.nn import ConditionalInstanceNorm2d, conditional_instance_norm
from impasto.nn.cin import trained_instance_norm


def norm_with_random_table(features: int = 6, styles: int = 4) -> ConditionalInstanceNorm2d:
    torch.manual_seed(0)
    norm = ConditionalInstanceNorm2d(features, styles)
    torch.nn.init.normal_(norm.gamma)
    torch.nn.init.normal_(norm.beta)
    return norm


def test_starts_as_plain_instance_normalization() -> None:
    norm = ConditionalInstanceNorm2d(5, 3)
    assert torch.equal(norm.gamma, torch.ones(3, 5))
    assert torch.equal(norm.beta, torch.zeros(3, 5))


@settings(deadline=None, max_examples=50)
@given(
    shape=st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(1, 9), st.integers(2, 9)),
    scale=st.floats(1e-3, 1e3),
    offset=st.floats(-10, 10),
    seed=st.integers(0, 2**31),
)
def test_formula(shape: tuple[int, int, int, int], scale: float, offset: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = (rng.normal(size=shape) * scale + offset).astype(np.float32)
    gamma, beta = rng.normal(size=(2, *shape[:2])).astype(np.float32)
    wide = x.astype(np.float64)
    mean, std = wide.mean((2, 3), keepdims=True), wide.std((2, 3), ddof=1, keepdims=True)
    expected = (wide - mean) / (std + 1e-5) * gamma[..., None, None] + beta[..., None, None]
    actual = conditional_instance_norm(*map(torch.from_numpy, (x, gamma, beta)))
    # float32 inputs around an offset carry an error of their own, as large as the offset is against the deviation.
    tolerance = 1e-5 + 1e-6 * abs(offset) / scale * (1 + np.abs(expected))
    assert (np.abs(actual.numpy() - expected) <= tolerance * (1 + np.abs(gamma[..., None, None]))).all()


NORMS = pytest.mark.parametrize("norm", [conditional_instance_norm, trained_instance_norm])


@NORMS
@given(value=st.floats(-1e4, 1e4, width=32), height=st.integers(1, 17), width=st.integers(1, 17))
@settings(deadline=None, max_examples=50)
def test_constant_map_gives_exactly_beta_and_finite_gradients(norm, value: float, height: int, width: int) -> None:
    x = torch.full((2, 3, height, width), value, requires_grad=True)
    gamma, beta = torch.randn(2, 3, requires_grad=True), torch.randn(2, 3, requires_grad=True)
    y = norm(x, gamma, beta)
    assert torch.equal(y, beta[:, :, None, None].expand_as(y))
    (y * torch.randn_like(y)).sum().backward()
    for tensor in (x, gamma, beta):
        assert tensor.grad is not None
        assert torch.isfinite(tensor.grad).all()


@NORMS
@pytest.mark.parametrize("value", [0.0, 0.1, 0.37])
def test_gradients_stay_finite_through_many_flat_layers(norm, value: float) -> None:
    # In float32 the mean of 160 x 160 times 0.1 is not 0.1.
    x = torch.full((1, 3, 160, 160), value, requires_grad=True)
    y = x
    for _ in range(16):
        y = norm(y, torch.ones(1, 3), torch.full((1, 3), value))
    (y * torch.randn_like(y)).sum().backward()
    assert torch.isfinite(x.grad).all()  # type: ignore[arg-type]


def test_one_hot_weights_are_a_style_id() -> None:
    norm = norm_with_random_table()
    x, ids = torch.randn(3, 6, 7, 5), torch.tensor([2, 0, 2])
    by_weights = norm(x, style_weights=torch.nn.functional.one_hot(ids, 4).float())
    torch.testing.assert_close(by_weights, norm(x, style_id=ids))


def test_weights_blend_rows() -> None:
    norm = norm_with_random_table()
    gamma, beta = norm.parameters_of(style_weights=torch.tensor([[0.25, 0.75, 0.0, 0.0]]))
    torch.testing.assert_close(gamma[0], 0.25 * norm.gamma[0] + 0.75 * norm.gamma[1])
    torch.testing.assert_close(beta[0], 0.25 * norm.beta[0] + 0.75 * norm.beta[1])


def test_only_rows_in_use_receive_gradient() -> None:
    norm = norm_with_random_table()
    norm(torch.randn(3, 6, 4, 4), style_id=torch.tensor([1, 3, 1])).square().sum().backward()
    for table in (norm.gamma, norm.beta):
        used = table.grad.abs().sum(dim=1) > 0  # type: ignore[union-attr]
        assert used.tolist() == [False, True, False, True]


def test_samples_do_not_depend_on_the_rest_of_the_batch() -> None:
    norm = norm_with_random_table()
    x, ids = torch.randn(4, 6, 5, 5), torch.tensor([0, 1, 2, 3])
    together = norm(x, style_id=ids)
    for index in range(4):
        alone = norm(x[index : index + 1], style_id=ids[index : index + 1])
        torch.testing.assert_close(alone[0], together[index])


def test_statistics_are_float32_for_bfloat16_maps() -> None:
    x = (torch.randn(1, 1, 64, 64) * 0.01 + 100).bfloat16()
    y = conditional_instance_norm(x, torch.ones(1, 1), torch.zeros(1, 1))
    expected = (x.double() - x.double().mean()) / (x.double().std() + 1e-5)
    assert y.dtype == torch.bfloat16
    torch.testing.assert_close(y.double(), expected, rtol=1e-2, atol=1e-2)


def test_both_or_neither_way_to_name_a_style_is_refused() -> None:
    norm, x = ConditionalInstanceNorm2d(2, 3), torch.randn(1, 2, 4, 4)
    with pytest.raises(ValueError, match="either"):
        norm(x)
    with pytest.raises(ValueError, match="either"):
        norm(x, style_id=torch.tensor([0]), style_weights=torch.eye(3)[:1])
    with pytest.raises(ValueError, match=r"expected \(N, 3\)"):
        norm(x, style_weights=torch.ones(1, 2))


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (9, 12)])
@pytest.mark.parametrize("constant", [False, True])
def test_the_written_gradient_is_autograd_s(size: tuple[int, int], constant: bool) -> None:
    torch.manual_seed(0)
    x, above = torch.randn(2, 3, *size), torch.randn(2, 3, *size)
    if constant:
        x[0, 1] = 0.25
    inputs = [each.requires_grad_() for each in (x, torch.randn(2, 3), torch.randn(2, 3))]
    pictures = [norm(*inputs) for norm in (conditional_instance_norm, trained_instance_norm)]
    torch.testing.assert_close(*pictures)
    gradients = [torch.autograd.grad(picture, inputs, above) for picture in pictures]
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_the_written_gradient_in_bfloat16_and_for_frozen_inputs() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 4, 8, 9).bfloat16().contiguous(memory_format=torch.channels_last)
    gamma, beta = torch.randn(2, 4).requires_grad_(), torch.randn(2, 4).requires_grad_()
    picture = trained_instance_norm(x, gamma, beta)
    assert picture.dtype == torch.bfloat16
    torch.testing.assert_close(picture, conditional_instance_norm(x, gamma, beta), rtol=2e-2, atol=2e-2)
    picture.float().sum().backward()
    torch.testing.assert_close(beta.grad, torch.full((2, 4), 72.0))
