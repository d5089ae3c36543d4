"""The style transfer network: it takes a photo and a style, and returns a picture.

One implementation serves every :class:`Architecture`. The one called ``paper`` is that of table 1 in Dumoulin, Shlens &
Kudlur, ICLR 2017.
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
    """The shape of one convolution."""

    kernel: int
    """The width and height of the kernel, in pixels of the map."""
    step: int
    """The stride of a contracting layer, or the factor by which an expanding layer upsamples."""
    maps: int
    """The number of output maps."""


@dataclass(frozen=True)
class Architecture:
    """The shape of a network.

    Attributes:
        name: its name, by which models and recipes refer to it.
        fold: the space-to-depth factor before the first convolution, which is undone after the last: blocks of
            ``fold`` × ``fold`` pixels become one position with 3·fold² maps.
        contract: the convolutions before the residual blocks, which are strided.
        residual_blocks: the number of residual blocks. Each has two 3×3 convolutions, as wide as the last contracting
            layer.
        expand: the convolutions after the residual blocks. Nearest upsampling precedes each; the last one has 3·fold²
            output maps.
    """

    name: str
    fold: int
    contract: tuple[Conv, ...]
    residual_blocks: int
    expand: tuple[Conv, ...]

    def convolutions(self) -> Iterator[tuple[int, Conv]]:
        """The number of input maps and the shape of every convolution, in network order."""
        maps = 3 * self.fold**2
        width = self.contract[-1].maps
        for conv in (*self.contract, *[Conv(3, 1, width)] * (2 * self.residual_blocks), *self.expand):
            yield maps, conv
            maps = conv.maps

    @property
    def style_size(self) -> int:
        """P, the length of a style row: the γ and β of all layers."""
        return sum(2 * conv.maps for _, conv in self.convolutions())

    @property
    def halo(self) -> int:
        """How far from a pixel the photo still has an effect on it, in pixels, rounded up to a multiple of 4."""
        step, reach = self.fold, self.fold - 1
        for conv in self.contract:
            reach += conv.kernel // 2 * step
            step *= conv.step
        reach += 2 * self.residual_blocks * step
        for conv in self.expand:
            reach += step - step // conv.step
            step //= conv.step
            reach += conv.kernel // 2 * step
        reach += self.fold > 1  # for the smoothing
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
        Architecture(
            name="swift",
            fold=2,
            contract=(Conv(3, 1, 16), Conv(3, 2, 40)),
            residual_blocks=4,
            expand=(Conv(3, 2, 16), Conv(3, 1, 12)),
        ),
    )
}
"""Name -> architecture. ``fast`` works on folded pictures and has fewer maps than ``paper``, so it needs a fraction of
the time; ``swift`` has a third of the weights of ``fast``."""


_SMOOTHED = {"light": 0.08, "color": 0.25}
"""The share of each neighbour, along rows and along columns, in light and in colour that were smoothed."""


def smoothed(picture: Tensor) -> Tensor:
    """A picture (N,3,H,W) with colour, and a little light, smoothed over 3 × 3 pixels.

    A network that paints 2 × 2 pixels at once draws coloured noise in these cells. It is as fine as pixels can be, so
    this takes most of it away, and lines stay.
    """
    light, color = (_binomial(share) for share in _SMOOTHED.values())
    mean = torch.full((3, 3), 1 / 3)
    kernel = torch.einsum("oi,yx->oiyx", mean, light) + torch.einsum("oi,yx->oiyx", torch.eye(3) - mean, color)
    return F.conv2d(F.pad(picture, [1] * 4, mode="replicate"), kernel.to(picture))


def _binomial(share: float) -> Tensor:
    """A filter (3,3) in which each neighbour along a row or a column has this share."""
    taps = torch.tensor([share, 1 - 2 * share, share])
    return taps[:, None] * taps


class Pad(nn.Module):
    """Nearest upsampling, then reflection padding.

    Args:
        margin: how far to pad on each side, in positions of the upsampled map.
        upsample: the factor of upsampling; 1 for none.
    """

    def __init__(self, margin: int, upsample: int) -> None:
        super().__init__()
        self.margin = margin
        self.upsample = upsample

    def forward(self, x: Tensor) -> Tensor:
        if self.upsample > 1:
            x = F.interpolate(x, scale_factor=self.upsample, mode="nearest")
        return F.pad(x, [self.margin] * 4, mode="reflect")


class PaddedConv2d(nn.Conv2d):
    """Nearest upsampling, reflection padding, and a convolution without bias, which the norm would take away.

    Args:
        in_maps: number of input maps.
        out_maps: number of output maps.
        kernel: side of the kernel, odd.
        stride: stride of the convolution.
        upsample: the factor of upsampling; 1 for none.
    """

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
    """A convolution, and the table of γ and β that follow it. The caller's ``norms`` decides how these are applied.

    Args:
        in_maps: number of input maps.
        shape: the shape of the convolution.
        num_styles: S, the number of rows of the table.
        expand: whether ``shape.step`` is a factor of upsampling; otherwise it is a stride.
    """

    def __init__(self, in_maps: int, shape: Conv, num_styles: int, *, expand: bool = False) -> None:
        super().__init__()
        step = {"upsample" if expand else "stride": shape.step}
        self.conv = PaddedConv2d(in_maps, shape.maps, shape.kernel, **step)
        self.norm = ConditionalInstanceNorm2d(shape.maps, num_styles)

    def forward(self, x: Tensor, norms: Norms) -> Tensor:
        return norms(self.conv(x))


class ResidualBlock(nn.Module):
    """Two convolutions and a skip connection. There is no ReLU after the second convolution, nor after the sum."""

    def __init__(self, maps: int, num_styles: int) -> None:
        super().__init__()
        self.first = ConvNorm(maps, Conv(3, 1, maps), num_styles)
        self.second = ConvNorm(maps, Conv(3, 1, maps), num_styles)

    def forward(self, x: Tensor, norms: Norms) -> Tensor:
        return x + self.second(F.relu(self.first(x, norms)), norms)


class StyleTransferNetwork(nn.Module):
    """One network for many styles.

    Args:
        architecture: a name in :data:`ARCHITECTURES`, or an :class:`Architecture`.
        num_styles: S, the number of rows of the style table.
        identity: the row of the identity style in the table, if there is one; see :meth:`forward`.

    Example:
        >>> network = StyleTransferNetwork("fast", num_styles=4)
        >>> network(torch.rand(2, 3, 32, 48), style_id=torch.tensor([0, 3])).shape
        torch.Size([2, 3, 32, 48])
    """

    def __init__(
        self, architecture: str | Architecture = "paper", num_styles: int = 1, identity: int | None = None
    ) -> None:
        super().__init__()
        if not isinstance(architecture, Architecture):
            if architecture not in [*ARCHITECTURES]:  # whatever was given, hashable or not
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
        """Rows of the style table, or blends of rows. Exactly one of the two arguments must be given.

        Args:
            style_id: (N,), integers below S: rows of the table.
            style_weights: (N,S), floating point: the share of each row in each blend.

        Returns:
            (N,P): γ of layer 1, β of layer 1, γ of layer 2, and so on in network order.
        """
        return torch.cat([part for norm in self.norms for part in norm.parameters_of(style_id, style_weights)], dim=1)

    def compile_parts(self) -> None:
        """Compile the parts between convolutions, each on its own.

        Without compilation they take more time on a GPU than the convolutions. Compiled in one piece, a network fails
        in Triton 3.6.
        """
        for module in self.modules():
            if isinstance(module, Pad):
                module.compile(dynamic=False)
        self.normalise = torch.compile(conditional_instance_norm, dynamic=False)

    @torch.no_grad()
    def set_style(self, slot: int, row: Tensor) -> None:
        """Write ``row`` (P,) into the table at ``slot``; :meth:`style` reads it back."""
        parts = iter(row.split([size for norm in self.norms for size in [norm.num_features] * 2]))
        for norm in self.norms:
            norm.gamma[slot] = next(parts)
            norm.beta[slot] = next(parts)

    def render(self, image: Tensor, style: Tensor) -> Tensor:
        """Paint pictures. This and the next three methods are what runtimes compute.

        Args:
            image: (N,3,H,W), RGB in [0,1]; H and W are multiples of 4 and at least 16.
            style: (N,P), the rows of the styles.

        Returns:
            (N,3,H,W), RGB in [0,1].
        """
        return self._paint(image, Conditional(self._style_parts(style), self.normalise))

    def statistics(self, image: Tensor, style: Tensor) -> Tensor:
        """The statistics with which :meth:`render` normalises, (N,P): μ and σ of every map in the places of γ and β."""
        norms = Conditional(self._style_parts(style), self.normalise, measure=True)
        self._paint(image, norms)
        return torch.cat(norms.measured, dim=1)

    def render_frozen(self, image: Tensor, style: Tensor, statistics: Tensor) -> Tensor:
        """:meth:`render` with given :meth:`statistics` (N,P), for instance those of a smaller copy of the photo."""
        return self._paint(image, Frozen(self._style_parts(style), self._parts(statistics)))

    def render_regions(
        self, image: Tensor, styles: Tensor, masks: Tensor, statistics: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """:meth:`render` with several styles in one picture.

        Args:
            image: (N,3,H,W), as in :meth:`render`.
            styles: (R,P), the rows of R styles.
            masks: (N,R,H,W) in [0,1], the share of each style at each pixel. At each pixel they add up to 1.
            statistics: (N,P), the statistics to normalise with; without them, those of the image.

        Returns:
            The picture (N,3,H,W), and the statistics (N,P) with which it was painted.
        """
        norms = Regional(self._style_parts(styles), masks, None if statistics is None else self._parts(statistics))
        return self._paint(image, norms), torch.cat(norms.measured, dim=1)

    def _parts(self, row: Tensor) -> Iterator[Tensor]:
        return iter(row.split([size for norm in self.norms for size in [norm.num_features] * 2], dim=1))

    def _style_parts(self, style: Tensor) -> Iterator[Tensor]:
        """The γ and β of each layer, from rows (N,P).

        In a folded picture, each colour has fold² maps in the last layer. All of them get the mean of their γ and of
        their β, because with different ones a row could draw a checkerboard.
        """
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
        picture = F.pixel_shuffle(torch.sigmoid(last(x, norms)), self.architecture.fold)
        return picture if self.architecture.fold == 1 else smoothed(picture)

    def forward(self, image: Tensor, style_id: Tensor | None = None, style_weights: Tensor | None = None) -> Tensor:
        """Paint pictures in styles of the table, (N,3,H,W) -> (N,3,H,W); :meth:`style` says how to name the styles.

        The picture in the identity style is the image itself, because maps of a quarter of the size lose the finest
        detail. In a blend, the image has the share of the identity style. Training goes without this: it uses
        :meth:`rows` and :meth:`render`.
        """
        picture = self.render(image, self.rows(image, style_id, style_weights))
        share = self._identity_share(style_id, style_weights)
        return picture if share is None else picture.lerp(image.to(picture), share.to(picture)[:, None, None, None])

    def rows(self, image: Tensor, style_id: Tensor | None = None, style_weights: Tensor | None = None) -> Tensor:
        """The rows (N,P) for :meth:`render`, named as in :meth:`style`, for images (N,3,H,W).

        The last layer gives all pictures in a style the same mean colour and the same contrast. The identity style has
        no colours of its own, so its rows get those of the images.
        """
        style, share = self.style(style_id, style_weights), self._identity_share(style_id, style_weights)
        if share is None:
            return style
        colors = palette(image, self.architecture.fold)
        hidden, last = style.tensor_split([-colors.shape[1]], dim=1)
        return torch.cat([hidden, last.lerp(colors, share.to(style)[:, None])], dim=1)

    def _identity_share(self, style_id: Tensor | None, style_weights: Tensor | None) -> Tensor | None:
        """The share of the identity style in each of N styles, (N,); None if there is no identity style."""
        if self.identity is None:
            return None
        if style_weights is not None:
            return style_weights[:, self.identity]
        return None if style_id is None else style_id == self.identity


def palette(image: Tensor, fold: int) -> Tensor:
    """The γ and β of the last layer with which a picture has the colours of ``image``.

    They are the standard deviation and the mean of the values that the last sigmoid turns into the image.

    Args:
        image: (N,3,H,W), RGB in [0,1].
        fold: that of the architecture.

    Returns:
        (N,2·3·fold²), float32.
    """
    logits = torch.logit(image.float(), eps=PALE)
    std, mean = torch.std_mean(logits, dim=(2, 3))
    return torch.cat([part.repeat_interleave(fold**2, dim=1) for part in (std, mean)], dim=1)
