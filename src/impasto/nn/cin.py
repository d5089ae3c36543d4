"""Conditional instance normalization: all styles share the convolutions, and a style is a set of γ and β.

Dumoulin, Shlens & Kudlur, *A Learned Representation for Artistic Style*, ICLR 2017, https://arxiv.org/abs/1610.07629.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

EPS = 1e-5
"""This is added to standard deviations, so that nothing is divided by 0."""
_LEAST_VARIANCE = 1e-20
"""A map with a smaller variance counts as constant. The square root is not differentiated there, because its slope is
infinite at 0."""
_ROUNDING = 1e-6
"""The largest relative error of the mean of a constant map, when its values are added up in float32."""


def conditional_instance_norm(x: Tensor, gamma: Tensor, beta: Tensor, eps: float = EPS) -> Tensor:
    """Normalise each map of each sample, then scale by γ and shift by β: ``(x - mean) / (std + eps) * gamma + beta``.

    Statistics are computed in float32 for any dtype of ``x``; the standard deviation is the unbiased one. A constant
    map becomes exactly β and passes no gradient to ``x``. The gradient of the formula would be multiplied by γ / eps in
    every layer of a picture of one colour, and would overflow.

    Args:
        x: (N,C,H,W), floating point.
        gamma: (N,C), the scale.
        beta: (N,C), the shift.
        eps: what is added to the standard deviation.

    Returns:
        (N,C,H,W), in the dtype of ``x``.
    """
    variance, mean = _variance_and_mean(x)
    std = variance.clamp_min(_LEAST_VARIANCE).sqrt()
    scale = torch.where(variance > _LEAST_VARIANCE, _as_map(gamma) / (std + eps), 0.0)
    # One scale and one shift of x: runtimes compute that in one pass, while x - mean would be another map in memory.
    return (x.float() * scale + (_as_map(beta) - mean * scale)).to(x.dtype)


def trained_instance_norm(x: Tensor, gamma: Tensor, beta: Tensor, eps: float = EPS) -> Tensor:
    """:func:`conditional_instance_norm` with a gradient written by hand, for training.

    On processors, both passes together take half to three quarters of the time. It cannot be exported to a graph.
    """
    normalised: Tensor = _TrainedInstanceNorm.apply(x, gamma, beta, eps)
    return normalised


class _TrainedInstanceNorm(torch.autograd.Function):
    """The norm y = γ d / (σ + ε) + β with d = x - μ, and its gradient.

    For n pixels and the gradient ȳ of y, the gradient of x has three parts. Through d itself it is γ ȳ / (σ + ε).
    Through μ it is the mean of the first part, with the opposite sign. Through σ it is
    -γ (Σ ȳ d) / (σ + ε)² × d / ((n - 1) σ). A map also counts as constant if only the rounding of its mean makes σ > 0.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, gamma: Tensor, beta: Tensor, eps: float) -> Tensor:
        full = x.float()
        mean = full.mean((2, 3), keepdim=True)
        apart = full - mean
        std = torch.linalg.vector_norm(apart, dim=(2, 3), keepdim=True) / _freedom(x) ** 0.5
        least = (_ROUNDING * mean.abs()).clamp_min(_LEAST_VARIANCE**0.5)
        inverse = torch.where(std > least, 1 / (std + eps), 0.0)
        ctx.save_for_backward(x, gamma, mean, std, inverse)
        return torch.addcmul(_as_map(beta), apart, _as_map(gamma) * inverse).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, gamma, mean, std, inverse = ctx.saved_tensors
        gradient, apart = gradients[0].float(), x.float() - mean
        summed = gradient.sum((2, 3), keepdim=True)
        crossed = (gradient * apart).sum((2, 3), keepdim=True)
        rows = [part[:, :, 0, 0].to(gamma.dtype) for part in (crossed * inverse, summed)]
        if not ctx.needs_input_grad[0]:
            return None, *rows, None
        scale = _as_map(gamma) * inverse
        by_std = torch.where(inverse > 0, scale * inverse * crossed / (_freedom(x) * std), 0.0)
        by_mean = scale * summed / (x.shape[2] * x.shape[3])
        return torch.addcmul(-by_mean, gradient, scale).addcmul_(apart, -by_std).to(x.dtype), *rows, None


def _freedom(x: Tensor) -> int:
    """The number by which the sum of squares is divided for the unbiased variance of a map: H·W - 1, at least 1."""
    return max(x.shape[2] * x.shape[3] - 1, 1)


def _as_map(part: Tensor) -> Tensor:
    """(N,C) -> (N,C,1,1), float32."""
    return part.float()[:, :, None, None]


def map_statistics(x: Tensor) -> tuple[Tensor, Tensor]:
    """The μ and σ by which :func:`conditional_instance_norm` normalises each map: (N,C,H,W) -> two (N,C), float32.

    The σ of a constant map is given as 1e30, so that dividing by it leaves 0.
    """
    variance, mean = _variance_and_mean(x)
    std = torch.where(variance > _LEAST_VARIANCE, variance.clamp_min(_LEAST_VARIANCE).sqrt(), 1e30)
    return mean[:, :, 0, 0], std[:, :, 0, 0]


def _variance_and_mean(x: Tensor) -> tuple[Tensor, Tensor]:
    """The unbiased variance and the mean of each map: (N,C,H,W) -> two (N,C,1,1), float32."""
    pixels = x.shape[-2] * x.shape[-1]
    return torch.var_mean(x.float(), dim=(-2, -1), keepdim=True, correction=1 if pixels > 1 else 0)


class ConditionalInstanceNorm2d(nn.Module):
    """:func:`conditional_instance_norm` with a table of γ and β, one row per style.

    Args:
        num_features: C, the number of maps of the input.
        num_styles: S, the number of rows of the table.
        eps: what is added to the standard deviation.

    Example:
        >>> norm = ConditionalInstanceNorm2d(8, num_styles=4)
        >>> norm(torch.rand(2, 8, 5, 5), style_id=torch.tensor([0, 3])).shape
        torch.Size([2, 8, 5, 5])
    """

    def __init__(self, num_features: int, num_styles: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.num_features = num_features
        self.num_styles = num_styles
        self.eps = eps
        self.gamma = nn.Parameter(torch.ones(num_styles, num_features))
        self.beta = nn.Parameter(torch.zeros(num_styles, num_features))

    def parameters_of(
        self, style_id: Tensor | None = None, style_weights: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """The γ and β of N styles. Exactly one of the two arguments must be given.

        Args:
            style_id: (N,), integers below S: rows of the table.
            style_weights: (N,S), floating point: the weights of all rows in each style.

        Returns:
            γ (N,C) and β (N,C).

        Raises:
            ValueError: both or neither are given, or the weights do not have one column per style.
        """
        if style_id is not None and style_weights is None:
            return self.gamma[style_id], self.beta[style_id]
        if style_weights is None or style_id is not None:
            raise ValueError("give either style_id (N,) or style_weights (N, num_styles)")
        if style_weights.ndim != 2 or style_weights.shape[1] != self.num_styles:
            raise ValueError(f"style_weights is {tuple(style_weights.shape)}, expected (N, {self.num_styles})")
        return style_weights @ self.gamma, style_weights @ self.beta

    def forward(self, x: Tensor, style_id: Tensor | None = None, style_weights: Tensor | None = None) -> Tensor:
        """Normalise (N,C,H,W) -> (N,C,H,W); :meth:`parameters_of` says how to name the styles."""
        gamma, beta = self.parameters_of(style_id, style_weights)
        return conditional_instance_norm(x, gamma, beta, self.eps)

    def extra_repr(self) -> str:
        return f"{self.num_features}, num_styles={self.num_styles}, eps={self.eps}"
