"""Sample sheets: photos of the content folder in the style of every slot, to look at while a network trains."""

from __future__ import annotations

import torch
from PIL import Image
from torch import Tensor

from impasto.images.contact_sheet import table
from impasto.images.writing import write_image
from impasto.training.run import Run

PHOTOS = 4
"""The number of photos on a sheet."""


@torch.no_grad()
def sample_sheet(run: Run) -> None:
    """Write ``samples/step-NNNNNN.jpg``: a row for each photo, first the photo, then its picture in each slot."""
    photos = torch.stack([run.crops[number].noisy for number in range(PHOTOS)]).to(run.accelerator.device)
    photos = photos.float() / 255
    columns = [photos]
    for slot in range(run.recipe.slots):
        slots = torch.full((PHOTOS,), slot, device=photos.device)
        with run.autocast():
            columns.append(run.trained(photos, slots).float())
    slugs = {entry.slot: entry.slug for entry in run.recipe.styles}
    labels = ["photo", *(slugs.get(slot, f"slot {slot}") for slot in range(run.recipe.slots))]
    rows = [[_image(picture) for picture in row] for row in torch.stack(columns, dim=1)]
    path = run.out / "samples" / f"step-{run.step:06d}.jpg"
    path.parent.mkdir(exist_ok=True)
    write_image(table(rows, labels), path)


def _image(picture: Tensor) -> Image.Image:
    """A picture (3,H,W), RGB in [0,1], as an image."""
    return Image.fromarray((picture.permute(1, 2, 0) * 255).round().clamp(0, 255).byte().cpu().numpy())
