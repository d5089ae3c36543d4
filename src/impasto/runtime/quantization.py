"""Networks in 8 bits, by NNCF's post-training quantization.

They are made of networks in which one style and its statistics are constants.
"""

from __future__ import annotations

from collections.abc import Iterator

import nncf
import numpy as np
import openvino
from nncf.quantization.range_estimator import RangeEstimatorParametersSet

from impasto.assets import examples
from impasto.images import windows
from impasto.images.arrays import Pixels, to_pixels
from impasto.images.folders import find_photos
from impasto.images.noise import noise
from impasto.images.reading import read_photo

_LONG_SIDE = 384
"""The longer side of the photos for calibration, in pixels."""
_CONVOLUTIONS = ("Convolution", "ConvolutionBackpropData")
"""OpenVINO's names of convolutions and transposed convolutions."""
_FLOATING = 2
"""How many convolutions at each end of the network stay in floating point. With one, pictures differed by 2.1 grey
levels in the mean from those of the whole network in floating point; with two, by 1.3."""
_SMOOTHING = 1
"""How many convolutions a folding network has after these; see :func:`impasto.nn.network.smoothed`."""
_ERRORS_ONLY = 40
"""NNCF's log level at which it reports errors only."""


def quantized(network: openvino.Model, deviation: float) -> openvino.Model:
    """Quantize the convolutions of a network to 8 bits, except for those at its ends. This takes some seconds.

    Args:
        network: a network with one input, the image, and one output, the picture.
        deviation: the standard deviation of the noise that the model adds to photos, on the 0..255 scale.
    """
    nncf.set_log_level(_ERRORS_ONLY)
    convolutions = [
        node.get_friendly_name() for node in network.get_ordered_ops() if node.get_type_name() in _CONVOLUTIONS
    ]
    ends = nncf.IgnoredScope(names=[*convolutions[:_FLOATING], *convolutions[-_FLOATING - _SMOOTHING :]])
    photos = list(_photos(deviation))
    return nncf.quantize(
        network,
        nncf.Dataset([{"image": photo} for photo in photos]),
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(photos),
        ignored_scope=ends,
        advanced_parameters=nncf.AdvancedQuantizationParameters(
            disable_bias_correction=True,
            # The most extreme value in ten thousand is cut off. With 8 bits for the whole range, the others would be
            # represented too coarsely; that accounted for a quarter of the difference.
            activations_range_estimator_params=RangeEstimatorParametersSet.MEAN_QUANTILE,
        ),
    )


def _photos(deviation: float) -> Iterator[Pixels]:
    """The example photos with noise, (1,3,H,W) in [0,1], by which NNCF sees the range of values in each layer."""
    for path in find_photos(examples()):
        photo = read_photo(path).resized(_LONG_SIDE).array
        frame = windows.frame(*photo.shape[:2])
        yield to_pixels(windows.read(photo, frame)) + noise(frame.height, frame.width) * np.float32(deviation / 255)
