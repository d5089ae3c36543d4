"""Sample sheets: photos of the content folder in the style of every slot, to look at while a network trains."""

from __future__ import annotations

import torch
from PIL import Image
from torch import Tensor

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
    path = run.out / "samples" / f"step-{run.step:06d}.jpg"
    path.parent.mkdir(exist_ok=True)
    write_image(tile(torch.stack(columns, dim=1)), path)


def tile(pictures: Tensor) -> Image.Image:
    """Pictures (rows,columns,3,H,W), RGB in [0,1], side by side in one image."""
    rows, columns, _, height, width = pictures.shape
    pixels = pictures.permute(0, 3, 1, 4, 2).reshape(rows * height, columns * width, 3)
    return Image.fromarray((pixels * 255).round().clamp(0, 255).byte().cpu().numpy())
