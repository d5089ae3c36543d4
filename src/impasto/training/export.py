"""From a trained network to a model folder."""

from __future__ import annotations

import copy
import platform
from pathlib import Path

import torch
from torch import Tensor

from impasto.data.batch import Batch
from impasto.files import digest
from impasto.fitting.contrast import missing_contrast, with_contrast
from impasto.images.arrays import Array
from impasto.losses.perceptual import content_distance, style_gap_closed
from impasto.models.model import ModelInfo
from impasto.nn import ARCHITECTURES, StyleTransferNetwork
from impasto.nn.predictor import StylePredictor
from impasto.nn.save import half_weights, network_files, predictor_files, write_model
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
    weights = half_weights(network)
    fingerprint = digest(weights)[:16]
    styles = [_style_of_slot(run, network, slot, style_images, fingerprint) for slot in range(run.recipe.slots)]
    contents = network_files(network, weights)
    if joint.predictor:
        if run.recipe.training.objective == "distribution":
            _contrast(joint.network, joint.predictor, run)
        contents |= predictor_files(joint.predictor)
    write_model(run.out, _info(run, fingerprint, [style.slug for style in styles]), styles, contents)
    return styles


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


def _info(run: Run, fingerprint: str, slugs: list[str]) -> ModelInfo:
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
        files={},
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
