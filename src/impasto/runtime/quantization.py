"""Eight-bit networks, by NNCF's post-training quantization of a network with its style and statistics folded in."""

from __future__ import annotations

from collections.abc import Iterator

import nncf
import numpy as np
import openvino
from nncf.quantization.range_estimator import RangeEstimatorParametersSet

from impasto.assets import examples
from impasto.images import windows as geometry
from impasto.images.arrays import Pixels, to_pixels
from impasto.images.io import read_photo
from impasto.images.noise import noise

_LONG_SIDE = 384
_CONVOLUTIONS = ("Convolution", "ConvolutionBackpropData")
_FLOATING = 2
"""Convolutions at either end that stay in floating point: with one of them pictures were 2.1 grey levels off in the
mean, with two 1.3."""


def quantized(network: openvino.Model, deviation: float) -> openvino.Model:
    """The network in 8 bits where that does little harm; takes some seconds.

    Args:
        network: image in, picture out.
        deviation: standard deviation of the noise that its photos get, on the 0..255 scale.
    """
    nncf.set_log_level(40)
    convolutions = [
        node.get_friendly_name() for node in network.get_ordered_ops() if node.get_type_name() in _CONVOLUTIONS
    ]
    ends = nncf.IgnoredScope(names=[*convolutions[:_FLOATING], *convolutions[-_FLOATING:]])
    photos = list(_photos(deviation))
    return nncf.quantize(
        network,
        nncf.Dataset([{"image": photo} for photo in photos]),
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(photos),
        ignored_scope=ends,
        advanced_parameters=nncf.AdvancedQuantizationParameters(
            disable_bias_correction=True,
            # One value in ten thousand is cut off: 8 bits for all of them are too coarse for the others, which makes a
            # quarter of the deviation.
            activations_range_estimator_params=RangeEstimatorParametersSet.MEAN_QUANTILE,
        ),
    )


def _photos(deviation: float) -> Iterator[Pixels]:
    """The example photos, to see which values there are inside the network."""
    for path in sorted(examples().glob("*.jpg")):
        photo = read_photo(path).resized(_LONG_SIDE).array
        frame = geometry.frame(*photo.shape[:2])
        yield to_pixels(geometry.read(photo, frame)) + noise(frame.height, frame.width) * np.float32(deviation / 255)
