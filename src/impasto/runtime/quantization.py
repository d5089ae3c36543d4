"""Networks in 8 bits, by NNCF's post-training quantization.

A network is quantized once for each style. Its weights are quantized without the scales that a style and the statistics
of a photo give them. What its maps are quantized to depends on the style alone, as they are normalised. So it fits
every photo.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import nncf
import numpy as np
import openvino
import rich
from nncf.quantization.range_estimator import RangeEstimatorParametersSet

from impasto.assets import examples
from impasto.files import digest
from impasto.images import windows
from impasto.images.arrays import Pixels, to_pixels
from impasto.images.folders import find_photos
from impasto.images.noise import noise
from impasto.images.reading import read_photo
from impasto.styles.rows import Row

_LONG_SIDE = 384
"""The longer side of the photos for calibration, in pixels."""
_CONVOLUTIONS = ("Convolution", "ConvolutionBackpropData")
"""OpenVINO's names of convolutions and transposed convolutions."""
_FLOATING = 2
"""How many convolutions at each end of the network stay in floating point. With one, pictures differed by 2.1 grey
levels in the mean from those of the whole network in floating point; with two, by 1.3."""
_SMOOTHING = 1
"""How many convolutions a folding network has after these; see :func:`impasto.nn.network.smoothed`."""
_NORMALIZING = ["Multiply", "Divide", "Subtract", "Add"]
"""What normalization consists of. It stays in floating point, where it costs nothing: OpenVINO makes it a part of the
convolution before it. In 8 bits, pictures differed by 6 grey levels in the mean; so they do by 1.1."""
_FILE = "network.xml"
_KEPT = 64
"""How many networks are kept: about a megabyte each."""
_ERRORS_ONLY = 40
"""NNCF's log level at which it reports errors only."""
_METHOD = digest(Path(__file__).read_bytes() + nncf.__version__.encode())
"""By what networks are made. Those that other versions of it made are not taken."""
_ONE_AT_A_TIME = threading.Lock()
"""Threads that paint in one style prepare it once, and what is silenced meanwhile is for all threads."""


def kept(folder: Path, key: str, make: Callable[[], openvino.Model], core: openvino.Core) -> openvino.Model:
    """The network that ``folder`` has for ``key``, else the one that ``make`` makes, which is then kept there.

    Where the folder cannot be written, nothing is kept.
    """
    key = digest(f"{key} {_METHOD}".encode())
    with _ONE_AT_A_TIME:
        with suppress(RuntimeError):  # there is none, or it is damaged
            return core.read_model(folder / key / _FILE)
        with _silent():
            network = make()
        with suppress(OSError, RuntimeError):
            _keep(folder, key, network)
        return network


@contextmanager
def _silent() -> Iterator[None]:
    """NNCF draws a bar on standard output, which is for pictures and reports."""
    console = rich.get_console()
    before, console.quiet = console.quiet, True
    try:
        yield
    finally:
        console.quiet = before


def _keep(folder: Path, key: str, network: openvino.Model) -> None:
    """Write a network under a temporary name, then give it its own; the oldest ones are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        openvino.save_model(network, Path(temporary) / _FILE, compress_to_fp16=False)
        shutil.rmtree(folder / key, ignore_errors=True)
        Path(temporary).rename(folder / key)
    for old in sorted(folder.iterdir(), key=lambda each: each.stat().st_mtime)[:-_KEPT]:
        shutil.rmtree(old, ignore_errors=True)


def quantized(network: openvino.Model, deviation: float, measure: Callable[[Pixels], Row]) -> openvino.Model:
    """Quantize the convolutions of a network to 8 bits, except for those at its ends. This takes some seconds.

    Args:
        network: a network with two inputs, ``image`` and ``statistics``, and one output, the picture.
        deviation: the standard deviation of the noise that the model adds to photos, on the 0..255 scale.
        measure: the statistics of an image.
    """
    nncf.set_log_level(_ERRORS_ONLY)
    convolutions = [
        node.get_friendly_name() for node in network.get_ordered_ops() if node.get_type_name() in _CONVOLUTIONS
    ]
    ends = [*convolutions[:_FLOATING], *convolutions[-_FLOATING - _SMOOTHING :]]
    photos = [{"image": image, "statistics": measure(image)} for image in _photos(deviation)]
    return nncf.quantize(
        network,
        nncf.Dataset(photos),
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(photos),
        ignored_scope=nncf.IgnoredScope(names=ends, types=_NORMALIZING),
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
