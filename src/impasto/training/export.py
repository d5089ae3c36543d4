"""From a trained network to a model folder."""

from __future__ import annotations

import copy
import platform
from pathlib import Path

import msgspec
import torch
from safetensors.torch import save

from impasto.errors import ImpastoError
from impasto.files import digest, write_file
from impasto.losses.perceptual import content_distance, style_gap_closed
from impasto.models.model import CORRECTION, INFO, PREDICTOR_WEIGHTS, STYLES, WEIGHTS, ModelInfo
from impasto.nn import ARCHITECTURES, StyleTransferNetwork
from impasto.nn.joint import JointNetwork
from impasto.nn.onnx import predictor_to_onnx, to_onnx
from impasto.nn.predictor import StylePredictor
from impasto.styles.painting import read_painting, style_image_path, thumbnail
from impasto.styles.style import Style, StyleInfo
from impasto.training.calibration import find_correction
from impasto.training.recipe import Recipe
from impasto.training.run import Run

_CROPS = 8


TRAINED = 0.85
"""Style gap closed below which a style did not train."""


def export_model(run: Run, style_images: Path) -> list[Style]:
    """Write the model folder of a run into its output folder; ``model.json`` comes last and makes it whole.

    Returns:
        The styles, with what was measured.

    Raises:
        ImpastoError: the folder cannot be written, or a style image has gone.
    """
    painter = copy.deepcopy(run.trained).float().cpu()
    network = painter.network
    weights = _half_weights(network)
    fingerprint = digest(weights)[:16]
    styles = [_style(run, network, slot, style_images, fingerprint) for slot in range(run.recipe.slots)]
    contents = {WEIGHTS: weights} | {graph.value: content for graph, content in to_onnx(network, weights).items()}
    if painter.predictor:
        contents |= _predictor(painter.predictor)
        contents |= _correction(run, painter)
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
    """The convolutions as safetensors in float16, to which ``network``'s own are rounded."""
    weights = {}
    for name, parameter in network.named_parameters():
        if name.endswith("conv.weight"):
            weights[name] = parameter.detach().half().contiguous()
            parameter.data.copy_(weights[name])
    return save(weights)


def _predictor(predictor: StylePredictor) -> dict[str, bytes]:
    """Files of a predictor: matrices in float16, to which its own are rounded; other numbers may be too large."""
    tensors = {}
    for name, tensor in predictor.state_dict().items():
        if tensor.ndim > 1:
            tensor.copy_(tensor.half())
        tensors[name] = (tensor.half() if tensor.ndim > 1 else tensor).contiguous()
    weights = save(tensors)
    graphs = predictor_to_onnx(predictor.eval(), weights)
    return {PREDICTOR_WEIGHTS: weights} | {graph.value: content for graph, content in graphs.items()}


def _correction(run: Run, painter: JointNetwork) -> dict[str, bytes]:
    """The file of the correction of predicted styles, if the recipe wants one."""
    options = run.recipe.predictor
    if options is None or options.directions is None:
        return {}
    assert run.paintings is not None
    trained = copy.deepcopy(painter).to(run.accelerator.device)
    return {CORRECTION: find_correction(trained, run.recipe, run.paintings, run.crops.photos, run.autocast).to_bytes()}


def _style(run: Run, network: StyleTransferNetwork, slot: int, style_images: Path, fingerprint: str) -> Style:
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
    """``style_gap_closed``, ``content_distance`` and ``content_likeness`` of a slot, on training crops; of the identity
    style, ``psnr`` in dB."""
    device = run.accelerator.device
    crops = [run.crops[number] for number in range(_CROPS)]
    photo = torch.stack([photo for photo, _, _ in crops]).to(device).float() / 255
    noisy = torch.stack([noisy for _, noisy, _ in crops]).to(device).float() / 255
    slots = torch.full((_CROPS,), slot, device=device)
    with run.autocast():
        picture = run.trained(noisy, slots).float()
    if slot == run.recipe.identity:
        return {"psnr": -10 * (picture - photo).square().mean(dim=(1, 2, 3)).log10().mean().item()}
    losses = run.objective(picture, photo, slots)
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
