"""From a trained network to a model folder."""

from __future__ import annotations

import copy
import platform
from pathlib import Path

import msgspec
import torch
from safetensors.torch import save
from torch import Tensor

from impasto.data.batch import Batch
from impasto.errors import ImpastoError
from impasto.files import digest, write_file
from impasto.fitting.contrast import missing_contrast, with_contrast
from impasto.images.arrays import Array
from impasto.losses.perceptual import content_distance, style_gap_closed
from impasto.models.model import INFO, PREDICTOR_WEIGHTS, STYLES, WEIGHTS, Graph, ModelInfo
from impasto.nn import ARCHITECTURES, StyleTransferNetwork
from impasto.nn.onnx import predictor_to_onnx, to_onnx
from impasto.nn.predictor import StylePredictor
from impasto.styles.painting import read_painting, style_image_path, thumbnail
from impasto.styles.style import Style, StyleInfo
from impasto.training.recipe import Recipe
from impasto.training.run import Run

_CROPS = 8
"""The number of crops that styles are measured on."""

_CONTRASTED, _CONTRASTED_BY = 12, 2
"""The numbers of paintings, and of crops for each, by which the predictor's contrast is set."""

TRAINED = 0.85
"""The style gap closed, as a share, below which users are told that a style did not train."""


def export_model(run: Run, style_images: Path) -> list[Style]:
    """Write the model of a run into its output folder. ``model.json`` is written last: without it, there is no model.

    Args:
        run: a run that is done.
        style_images: folder of the recipe's style images.

    Returns:
        The styles, with their measured losses.

    Raises:
        ImpastoError: the folder cannot be written, or a style image has gone.
    """
    joint = copy.deepcopy(run.trained).float().cpu()
    network = joint.network
    weights = _half_weights(network)
    fingerprint = digest(weights)[:16]
    styles = [_style_of_slot(run, network, slot, style_images, fingerprint) for slot in range(run.recipe.slots)]
    contents = {WEIGHTS: weights} | {graph.value: content for graph, content in to_onnx(network, weights).items()}
    if joint.predictor:
        if run.recipe.training.objective == "distribution":
            _contrast(joint.network, joint.predictor, run)
        contents |= _predictor_files(joint.predictor)
    info = _info(run, fingerprint, [style.slug for style in styles], contents)
    try:
        (run.out / STYLES).mkdir(exist_ok=True)
        for style in styles:
            style.save(run.out / STYLES / f"{style.slug}.safetensors")
        for name, content in (contents | {INFO: msgspec.json.format(msgspec.json.encode(info), indent=2)}).items():
            write_file(run.out / name, content)
    except OSError as error:
        raise ImpastoError(f"output {run.out}: {error.strerror or error}") from None
    return styles


def _half_weights(network: StyleTransferNetwork) -> bytes:
    """The convolutions as a safetensors file in float16; the weights in ``network`` are rounded likewise."""
    weights = {}
    for name, parameter in network.named_parameters():
        if name.endswith("conv.weight"):
            weights[name] = parameter.detach().half().contiguous()
            parameter.data.copy_(weights[name])
    return save(weights)


@torch.no_grad()
def _contrast(network: StyleTransferNetwork, predictor: StylePredictor, run: Run) -> None:
    """Give all rows of ``predictor`` the contrast that those of some paintings lack in the mean; it is changed."""
    assert run.paintings
    maps = network.norms[-1].num_features
    photos = [_array(run.crops.photo(number)) for number in range(_CONTRASTED_BY)]
    parts = [run.paintings[number].picture for number in range(_CONTRASTED)]
    rows = predictor.eval()(torch.stack(parts).float() / 255)

    def render(photo: Tensor, row: Tensor) -> Tensor:
        return network.render(photo, row[None])

    factors = [
        missing_contrast(render, row, maps, [_array(part)], photos) for row, part in zip(rows, parts, strict=True)
    ]
    mean = sum(factors) / len(factors)
    # A row is base + spread × what the last layer says.
    predictor.base.copy_(with_contrast(predictor.base, maps, mean))
    predictor.spread.copy_(with_contrast(predictor.spread, maps, mean))


def _array(pixels: Tensor) -> Array:
    """(3,H,W) -> (H,W,3)."""
    return pixels.permute(1, 2, 0).numpy()


def _predictor_files(predictor: StylePredictor) -> dict[str, bytes]:
    """The files of a predictor, by name. Matrices are in float16, and those in ``predictor`` are rounded likewise;
    other tensors stay in float32, as their entries may be too large for float16."""
    tensors = {}
    for name, tensor in predictor.state_dict().items():
        if tensor.ndim > 1:
            tensor.copy_(tensor.half())
        tensors[name] = (tensor.half() if tensor.ndim > 1 else tensor).contiguous()
    weights = save(tensors)
    return {PREDICTOR_WEIGHTS: weights, Graph.PREDICTOR.value: predictor_to_onnx(predictor.eval(), weights)}


def _style_of_slot(run: Run, network: StyleTransferNetwork, slot: int, style_images: Path, fingerprint: str) -> Style:
    """The style of a slot; the recipe tells what is known about it."""
    row = network.style(torch.tensor([slot]))[0].detach().numpy()
    entry = next((entry for entry in run.recipe.styles if entry.slot == slot), None)
    if entry is None:
        info = StyleInfo(slug=f"slot-{slot}", name=f"Slot {slot}, never trained", network=fingerprint)
        return Style(info, row)
    known = {name: getattr(entry, name) for name in ("slug", "name", "name_zh", "artist", "year", "credit", "licence")}
    info = StyleInfo(**known, network=fingerprint, losses=measure(run, slot))
    if not entry.image:
        return Style(info, row)
    painting = read_painting(style_image_path(style_images, entry.image), entry.size, entry.box)
    return Style(painting.described_in(info), row, thumbnail(painting.array))


@torch.no_grad()
def measure(run: Run, slot: int) -> dict[str, float]:
    """Measure a slot on training crops.

    Returns:
        ``style_gap_closed``, ``content_distance`` and ``content_likeness``; for the identity style ``psnr`` in dB.
    """
    device = run.accelerator.device
    crops = [run.crops[number] for number in range(_CROPS)]
    photo, noisy = torch.stack([crop.photo for crop in crops]), torch.stack([crop.noisy for crop in crops])
    batch = Batch.of(photo, noisy, torch.full((_CROPS,), slot)).pixels(device)
    with run.autocast():
        picture = run.trained(batch.noisy, batch.named.slot).float()
    if slot == run.recipe.identity:
        return {"psnr": -10 * (picture - batch.photo).square().mean(dim=(1, 2, 3)).log10().mean().item()}
    losses = run.objective(picture, batch)
    return {
        "style_gap_closed": style_gap_closed(losses.style.mean(), run.objective.photo_loss[slot]).item(),
        "content_distance": content_distance(losses.content.mean(), run.objective.another).item(),
        "content_likeness": losses.likeness.nanmean().item(),
    }


def _info(run: Run, fingerprint: str, slugs: list[str], contents: dict[str, bytes]) -> ModelInfo:
    recipe: Recipe = run.recipe
    return ModelInfo(
        name=recipe.name,
        architecture=recipe.network,
        network=fingerprint,
        style_size=ARCHITECTURES[recipe.network].style_size,
        fold=ARCHITECTURES[recipe.network].fold,
        halo=ARCHITECTURES[recipe.network].halo,
        input_noise=recipe.input_noise,
        styles=tuple(slugs),
        files={name: digest(content) for name, content in contents.items()},
        licence=recipe.licence,
        provenance={
            "recipe_sha256": recipe.digest,
            "steps": run.step,
            "batch_size": recipe.training.batch_size,
            "crop": recipe.training.crop,
            "photos": len(run.crops.photos),
            "paintings": run.paintings.count if run.paintings else 0,
            "torch": str(torch.__version__),
            "processor": platform.machine(),
        },
    )
