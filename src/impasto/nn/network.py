"""The style transfer network: a photo and a style in, a picture out.

One implementation serves every :class:`Architecture`; ``paper`` is table 1 of Dumoulin, Shlens & Kudlur (ICLR 2017).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.errors import unknown
from impasto.nn.cin import ConditionalInstanceNorm2d, conditional_instance_norm
from impasto.nn.norms import Conditional, Frozen, Normalise, Norms, Regional
from impasto.styles.rows import PALE


class Conv(NamedTuple):
    """One convolution of an architecture: kernel size, stride (contract) or upsampling factor (expand), output maps."""

    kernel: int
    step: int
    maps: int


@dataclass(frozen=True)
class Architecture:
    """The shape of a network, as a value.

    Attributes:
        fold: space-to-depth factor before the first convolution, undone after the last.
        contract: strided convolutions.
        residual_blocks: blocks of two 3×3 convolutions at the width of the last contract layer.
        expand: nearest upsampling, then convolution; the last has 3·fold² maps.
    """

    name: str
    fold: int
    contract: tuple[Conv, ...]
    residual_blocks: int
    expand: tuple[Conv, ...]

    def convolutions(self) -> Iterator[tuple[int, Conv]]:
        """Input maps and shape of every convolution, in network order."""
        maps = 3 * self.fold**2
        width = self.contract[-1].maps
        for conv in (*self.contract, *[Conv(3, 1, width)] * (2 * self.residual_blocks), *self.expand):
            yield maps, conv
            maps = conv.maps

    @property
    def style_size(self) -> int:
        """P: the numbers of one style, γ and β of all layers."""
        return sum(2 * conv.maps for _, conv in self.convolutions())

    @property
    def halo(self) -> int:
        """How far around a pixel the network looks, in pixels: a multiple of 4."""
        step, reach = self.fold, self.fold - 1
        for conv in self.contract:
            reach += conv.kernel // 2 * step
            step *= conv.step
        reach += 2 * self.residual_blocks * step
        for conv in self.expand:
            reach += step - step // conv.step
            step //= conv.step
            reach += conv.kernel // 2 * step
        return -(-reach // 4) * 4


ARCHITECTURES = {
    architecture.name: architecture
    for architecture in (
        Architecture(
            name="paper",
            fold=1,
            contract=(Conv(9, 1, 32), Conv(3, 2, 64), Conv(3, 2, 128)),
            residual_blocks=5,
            expand=(Conv(3, 2, 64), Conv(3, 2, 32), Conv(9, 1, 3)),
        ),
        Architecture(
            name="fast",
            fold=2,
            contract=(Conv(3, 1, 32), Conv(3, 2, 64)),
            residual_blocks=5,
            expand=(Conv(3, 2, 32), Conv(3, 1, 12)),
        ),
    )
}


class Pad(nn.Module):
    """Nearest upsampling by ``upsample``, then ``margin`` places of reflection padding."""

    def __init__(self, margin: int, upsample: int) -> None:
        super().__init__()
        self.margin = margin
        self.upsample = upsample

    def forward(self, x: Tensor) -> Tensor:
        if self.upsample > 1:
            x = F.interpolate(x, scale_factor=self.upsample, mode="nearest")
        return F.pad(x, [self.margin] * 4, mode="reflect")


class PaddedConv2d(nn.Conv2d):
    """Nearest upsampling by ``upsample``, reflection padding, convolution without bias (the norm would remove it)."""

    def __init__(self, in_maps: int, out_maps: int, kernel: int, *, stride: int = 1, upsample: int = 1) -> None:
        super().__init__(in_maps, out_maps, kernel, stride=stride, bias=False)
        nn.init.normal_(self.weight, std=0.01)
        self.pad = Pad(kernel // 2, upsample)

    @property
    def upsample(self) -> int:
        return self.pad.upsample

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(self.pad(x))


class ConvNorm(nn.Module):
    """Convolution and the γ and β that belong to it; how they apply is up to the caller's ``norms``.

    Strides apply when contracting, upsampling when expanding.
    """

    def __init__(self, in_maps: int, shape: Conv, num_styles: int, *, expand: bool = False) -> None:
        super().__init__()
        step = {"upsample" if expand else "stride": shape.step}
        self.conv = PaddedConv2d(in_maps, shape.maps, shape.kernel, **step)
        self.norm = ConditionalInstanceNorm2d(shape.maps, num_styles)

    def forward(self, x: Tensor, norms: Norms) -> Tensor:
        return norms(self.conv(x))


class ResidualBlock(nn.Module):
    """Two convolutions and a skip; no ReLU after the second, nor after the sum."""

    def __init__(self, maps: int, num_styles: int) -> None:
        super().__init__()
        self.first = ConvNorm(maps, Conv(3, 1, maps), num_styles)
        self.second = ConvNorm(maps, Conv(3, 1, maps), num_styles)

    def forward(self, x: Tensor, norms: Norms) -> Tensor:
        return x + self.second(F.relu(self.first(x, norms)), norms)


class StyleTransferNetwork(nn.Module):
    """One network for many styles.

    Args:
        architecture: a name in :data:`ARCHITECTURES`, or an :class:`Architecture` of your own.
        num_styles: rows of the style table.
        identity: the row of the identity style, if there is one; see :meth:`forward`.

    Example:
        >>> network = StyleTransferNetwork("fast", num_styles=4)
        >>> network(torch.rand(2, 3, 32, 48), style_id=torch.tensor([0, 3])).shape
        torch.Size([2, 3, 32, 48])
    """

    def __init__(
        self, architecture: str | Architecture = "paper", num_styles: int = 1, identity: int | None = None
    ) -> None:
        super().__init__()
        if isinstance(architecture, str):
            if architecture not in ARCHITECTURES:
                raise unknown("network", architecture, ARCHITECTURES)
            architecture = ARCHITECTURES[architecture]
        self.architecture = architecture
        self.num_styles = num_styles
        self.identity = identity
        self.normalise: Normalise = conditional_instance_norm
        maps = 3 * architecture.fold**2
        self.contract = nn.ModuleList()
        for conv in architecture.contract:
            self.contract.append(ConvNorm(maps, conv, num_styles))
            maps = conv.maps
        self.residual = nn.ModuleList(ResidualBlock(maps, num_styles) for _ in range(architecture.residual_blocks))
        self.expand = nn.ModuleList()
        for conv in architecture.expand:
            self.expand.append(ConvNorm(maps, conv, num_styles, expand=True))
            maps = conv.maps

    @property
    def norms(self) -> list[ConditionalInstanceNorm2d]:
        """The norm layers, in network order."""
        return [module for module in self.modules() if isinstance(module, ConditionalInstanceNorm2d)]

    def style(self, style_id: Tensor | None = None, style_weights: Tensor | None = None) -> Tensor:
        """Rows (N,P) of the style table, or blends of rows: γ, β of layer 1, γ, β of layer 2, … in network order.

        Args:
            style_id: (N,) integers below ``num_styles``; or
            style_weights: (N,S) floating point, the share of each style.
        """
        return torch.cat([part for norm in self.norms for part in norm.parameters_of(style_id, style_weights)], dim=1)

    def compile_parts(self) -> None:
        """Compile what lies between convolutions, each alone: in one piece with its style's row, Triton 3.6 fails on a
        network, and uncompiled, more time goes into them than into convolutions on a GPU."""
        for module in self.modules():
            if isinstance(module, Pad):
                module.compile(dynamic=False)
        self.normalise = torch.compile(conditional_instance_norm, dynamic=False)

    @torch.no_grad()
    def set_style(self, slot: int, row: Tensor) -> None:
        """Write ``row`` (P,) to the table, the inverse of :meth:`style`."""
        parts = iter(row.split([size for norm in self.norms for size in [norm.num_features] * 2]))
        for norm in self.norms:
            norm.gamma[slot] = next(parts)
            norm.beta[slot] = next(parts)

    def render(self, image: Tensor, style: Tensor) -> Tensor:
        """The runtime contract.

        Args:
            image: (N,3,H,W), RGB in [0,1]; H and W multiples of 4, at least 16.
            style: (N,P), see :meth:`style`.

        Returns:
            (N,3,H,W), RGB in [0,1].
        """
        return self._paint(image, Conditional(self._style_parts(style), self.normalise))

    def statistics(self, image: Tensor, style: Tensor) -> Tensor:
        """What :meth:`render` normalises with, (N,P): μ and σ of every map in the places of γ and β."""
        norms = Conditional(self._style_parts(style), self.normalise, measure=True)
        self._paint(image, norms)
        return torch.cat(norms.measured, dim=1)

    def render_frozen(self, image: Tensor, style: Tensor, statistics: Tensor) -> Tensor:
        """:meth:`render` with :meth:`statistics` (N,P) that are given, for instance those of a smaller copy."""
        return self._paint(image, Frozen(self._style_parts(style), self._parts(statistics)))

    def render_regions(
        self, image: Tensor, styles: Tensor, masks: Tensor, statistics: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """:meth:`render` with several styles in one picture.

        Args:
            image: (N,3,H,W), as in :meth:`render`.
            styles: (R,P).
            masks: (N,R,H,W) in [0,1], the share of each style at each pixel; they add up to 1.
            statistics: (N,P) to normalise with, μ and σ in the places of γ and β; without them, the image's own.

        Returns:
            The picture (N,3,H,W), and the statistics (N,P) that it was painted with.
        """
        norms = Regional(self._style_parts(styles), masks, None if statistics is None else self._parts(statistics))
        return self._paint(image, norms), torch.cat(norms.measured, dim=1)

    def _parts(self, row: Tensor) -> Iterator[Tensor]:
        return iter(row.split([size for norm in self.norms for size in [norm.num_features] * 2], dim=1))

    def _style_parts(self, style: Tensor) -> Iterator[Tensor]:
        """γ and β of each layer. In the last one they are the same for all places of a colour in a folded picture, as
        otherwise rows can draw checkerboards: what is apart in a row counts by its mean."""
        *hidden, gamma, beta = self._parts(style)
        places = self.architecture.fold**2
        if places > 1:
            gamma, beta = (
                part.unflatten(1, (3, places)).mean(dim=2).repeat_interleave(places, dim=1) for part in (gamma, beta)
            )
        return iter((*hidden, gamma, beta))

    def _paint(self, image: Tensor, norms: Norms) -> Tensor:
        x = F.pixel_unshuffle(image, self.architecture.fold)
        for layer in self.contract:
            x = F.relu(layer(x, norms))
        for block in self.residual:
            x = block(x, norms)
        *hidden, last = self.expand
        for layer in hidden:
            x = F.relu(layer(x, norms))
        return F.pixel_shuffle(torch.sigmoid(last(x, norms)), self.architecture.fold)

    def forward(self, image: Tensor, style_id: Tensor | None = None, style_weights: Tensor | None = None) -> Tensor:
        """(N,3,H,W) -> (N,3,H,W): :meth:`render` with the styles named as in :meth:`style`.

        The identity style also has a skip from the image to the picture, which counts by the style's share: maps of a
        quarter of the size lose the finest detail. Training goes without, by :meth:`rows`.
        """
        picture = self.render(image, self.rows(image, style_id, style_weights))
        share = self._identity_share(style_id, style_weights)
        return picture if share is None else picture.lerp(image.to(picture), share.to(picture)[:, None, None, None])

    def rows(self, image: Tensor, style_id: Tensor | None = None, style_weights: Tensor | None = None) -> Tensor:
        """(N,P) for :meth:`render`: rows of the style table; the identity style's with each image's colours.

        The last layer gives every picture in a style the same mean and contrast. The identity style, which has no
        colours of its own, takes those of the image.
        """
        style, share = self.style(style_id, style_weights), self._identity_share(style_id, style_weights)
        if share is None:
            return style
        colors = palette(image, self.architecture.fold)
        hidden, last = style.tensor_split([-colors.shape[1]], dim=1)
        return torch.cat([hidden, last.lerp(colors, share.to(style)[:, None])], dim=1)

    def _identity_share(self, style_id: Tensor | None, style_weights: Tensor | None) -> Tensor | None:
        """(N,): how much of the identity style is in each, if there is one."""
        if self.identity is None:
            return None
        if style_weights is not None:
            return style_weights[:, self.identity]
        return None if style_id is None else style_id == self.identity


def palette(image: Tensor, fold: int) -> Tensor:
    """The γ and β of the last layer at which a picture has the colours of ``image`` (N,3,H,W): (N,2·3·fold²).

    They are the standard deviation and the mean of what the sigmoid turns into the image.
    """
    logits = torch.logit(image.float(), eps=PALE)
    std, mean = torch.std_mean(logits, dim=(2, 3))
    return torch.cat([part.repeat_interleave(fold**2, dim=1) for part in (std, mean)], dim=1)
