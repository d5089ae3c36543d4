"""Write the networks of PyTorch into a model folder."""

from __future__ import annotations

import copy
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import torch
from safetensors.torch import save

from impasto.errors import ImpastoError, checked_path, kind_of
from impasto.files import digest, write_file
from impasto.models.model import (
    INFO,
    PREDICTOR_WEIGHTS,
    STYLES,
    WEIGHTS,
    Graph,
    Model,
    ModelInfo,
    check_model,
    load_model,
)
from impasto.nn.network import ARCHITECTURES, StyleTransferNetwork
from impasto.nn.onnx import predictor_to_onnx, to_onnx
from impasto.nn.predictor import StylePredictor
from impasto.styles.style import Style


def save_network(
    network: StyleTransferNetwork,
    model: Model,
    out: str | os.PathLike[str],
    *,
    predictor: StylePredictor | None = None,
) -> Model:
    """Make a model folder of a network that was changed in PyTorch.

    Args:
        network: the network, as :func:`impasto.nn.load.load_network` gave it. Its weights may be others, its
            architecture and the number of its styles may not. It stays as it is.
        model: the model that it was loaded from, whose styles it has.
        out: the new folder, whose name is the model's.
        predictor: the predictor for this network, as :func:`impasto.nn.load.load_predictor` gave it. Without it, the
            model predicts no styles: another network's rows do not fit.

    Returns:
        The new model. Its convolutions are rounded to float16. Its styles have the rows of the network's style table,
        and no measured losses: ``impasto evaluate`` finds them anew.

    Raises:
        ImpastoError: the network is of another architecture than the model or has another number of styles; or the
            folder is there already, or cannot be written. Then there is none.
    """
    out = Path(checked_path(out, "out", "the folder to make"))
    _check(network, model, out)
    if predictor is not None and not isinstance(predictor, StylePredictor):
        raise ImpastoError(f"predictor: is {kind_of(predictor)}; give what load_predictor gave, changed or not")
    network = copy.deepcopy(network).float().cpu().eval()
    weights = half_weights(network)
    fingerprint = digest(weights)[:16]
    styles = []
    for slot, style in enumerate(model.styles.values()):
        info = msgspec.structs.replace(style.info, network=fingerprint, losses={})
        row = network.style(torch.tensor([slot]))[0].detach().numpy()
        styles.append(Style(info, row, style.thumbnail))
    contents = network_files(network, weights)
    if predictor is not None:
        contents |= predictor_files(copy.deepcopy(predictor).float().cpu())
    origin = {"changed_from": model.info.network, "torch": str(torch.__version__)}
    described = msgspec.structs.replace(
        model.info, name=out.name, network=fingerprint, styles=tuple(model.styles), files={}, provenance=origin
    )
    with _writing(out):
        out.absolute().parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.absolute().parent, prefix=".impasto-") as folder:
            made = Path(folder) / "model"
            _fill(made, described, styles, contents)
            os.replace(made, out)
    return load_model(out)


def _check(network: StyleTransferNetwork, model: Model, out: Path) -> None:
    """Raise the :class:`ImpastoError` for a network that cannot take the place of the model's."""
    if not isinstance(network, StyleTransferNetwork):
        raise ImpastoError(f"network: is {kind_of(network)}; give what load_network gave, changed or not")
    check_model(model)
    if network.architecture != ARCHITECTURES[model.info.architecture]:
        raise ImpastoError(f"network: has another architecture than {model.info.architecture!r}, the model's")
    if network.num_styles != len(model.styles):
        raise ImpastoError(f"network: has {network.num_styles} styles, the model has {len(model.styles)}")
    if out.exists():
        raise ImpastoError(f"output {out}: already exists; name another folder")


def write_model(out: Path, info: ModelInfo, styles: Sequence[Style], contents: Mapping[str, bytes]) -> None:
    """Write a model folder. ``model.json`` is written last: without it, there is no model.

    Args:
        out: the folder.
        info: the description, to which the digests of ``contents`` are added.
        styles: in the order of slots.
        contents: name of a file -> its content.

    Raises:
        ImpastoError: the folder cannot be written.
    """
    with _writing(out):
        _fill(out, info, styles, contents)


def _fill(folder: Path, info: ModelInfo, styles: Sequence[Style], contents: Mapping[str, bytes]) -> None:
    info = msgspec.structs.replace(info, files={name: digest(content) for name, content in contents.items()})
    (folder / STYLES).mkdir(parents=True, exist_ok=True)
    for style in styles:
        write_file(folder / STYLES / f"{style.slug}.safetensors", style.content)
    for name, content in {**contents, INFO: msgspec.json.format(msgspec.json.encode(info), indent=2)}.items():
        write_file(folder / name, content)


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    """A context in which a folder is written; an :class:`ImpastoError` if it cannot be."""
    try:
        yield
    except OSError as error:
        raise ImpastoError(f"output {out}: {error.strerror or error}") from None


def half_weights(network: StyleTransferNetwork) -> bytes:
    """The convolutions as a safetensors file in float16; the weights in ``network`` are rounded likewise."""
    weights = {}
    for name, parameter in network.named_parameters():
        if name.endswith("conv.weight"):
            weights[name] = parameter.detach().half().contiguous()
            parameter.data.copy_(weights[name])
    return save(weights)


def network_files(network: StyleTransferNetwork, weights: bytes) -> dict[str, bytes]:
    """The files of a network, by name: its ``weights`` (:func:`half_weights`), and the graphs that refer to them."""
    return {WEIGHTS: weights} | {graph.value: content for graph, content in to_onnx(network, weights).items()}


def predictor_files(predictor: StylePredictor) -> dict[str, bytes]:
    """The files of a predictor, by name. Matrices are in float16, and those in ``predictor`` are rounded likewise;
    other tensors stay in float32, as their entries may be too large for float16."""
    tensors = {}
    for name, tensor in predictor.state_dict().items():
        if tensor.ndim > 1:
            tensor.copy_(tensor.half())
        tensors[name] = (tensor.half() if tensor.ndim > 1 else tensor).contiguous()
    weights = save(tensors)
    return {PREDICTOR_WEIGHTS: weights, Graph.PREDICTOR.value: predictor_to_onnx(predictor.eval(), weights)}
