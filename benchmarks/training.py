"""Training images/s: impasto's loop against the plain loop that a newcomer would write, side by side.

python benchmarks/training.py --compile --content PHOTOS --style-images ARTWORKS --json benchmarks/results/training.json

The plain loop has the structure of pytorch/examples' fast_neural_style: float32, NCHW, photos read between the steps,
style Gram matrices from the style image in each step. Network, losses, batch and crop are the same.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import torch
from PIL import Image

from impasto.images.folders import find_photos
from impasto.losses.perceptual import content_loss, describe, style_loss
from impasto.nn import StyleTransferNetwork
from impasto.nn.vgg_weights import load_vgg16
from impasto.training import Recipe, loop, prepare, read_recipe
from report import benchmark_options, interleaved, median, table, write


def ours(recipe: Recipe, arguments: argparse.Namespace, folder: str, *, compiled: bool) -> Callable[[], float]:
    """A call that makes one step of impasto's loop, with its worker processes."""
    run = prepare(recipe, arguments.content, folder, style_images=arguments.style_images, vgg=arguments.vgg)
    joint = torch.compile(run.joint) if compiled else run.joint
    batches = loop.run_batches(run)

    def step() -> float:
        losses = loop.train_step(run, joint, next(batches))
        run.step += 1
        return losses.objective.mean().item()

    return step


def plain(recipe: Recipe, arguments: argparse.Namespace, *, grams_once: bool) -> Callable[[], float]:
    """A call that makes one step of the plain loop; ``grams_once`` keeps the style's Gram matrices between steps."""
    torch.manual_seed(0)
    crop, batch_size = recipe.training.crop, recipe.training.batch_size
    network, vgg = StyleTransferNetwork(recipe.network, 1), load_vgg16(arguments.vgg)
    optimizer = torch.optim.Adam(network.parameters(), recipe.training.learning_rate)
    photos = itertools.cycle(find_photos(arguments.content))
    style_image = read(arguments.style_images / recipe.styles[0].image, crop)[None].repeat(batch_size, 1, 1, 1)
    known = describe(vgg, style_image).grams if grams_once else None

    def step() -> float:
        photo = torch.stack([read(next(photos), crop) for _ in range(batch_size)])
        optimizer.zero_grad()
        picture = network(photo, torch.zeros(batch_size, dtype=torch.long))
        seen, target = describe(vgg, picture), describe(vgg, photo)
        grams = known or describe(vgg, style_image).grams
        loss = (content_loss(seen.content, target.content) + style_loss(seen.grams, grams)).mean()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def read(path: Path, crop: int) -> torch.Tensor:
    """The middle of a picture, (3,crop,crop), RGB in [0,1], read as a newcomer would."""
    image = Image.open(path).convert("RGB")
    scale = crop / min(image.size)
    image = image.resize([max(crop, round(length * scale)) for length in image.size])
    left, top = ((length - crop) // 2 for length in image.size)
    image = image.crop((left, top, left + crop, top + crop))
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 255


def main() -> None:
    parser = benchmark_options(__doc__, "training.json")
    parser.add_argument("--recipe", type=Path, default=Path(__file__).parent.parent / "recipes" / "four-slots.toml")
    parser.add_argument("--content", type=Path, required=True)
    parser.add_argument("--style-images", type=Path, required=True)
    parser.add_argument("--vgg", type=Path)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--compile", action="store_true", help="also time torch.compile, as the recipe uses it")
    arguments = parser.parse_args()
    recipe = read_recipe(arguments.recipe)
    recipe = msgspec.structs.replace(recipe, training=msgspec.structs.replace(recipe.training, seed=1))
    with tempfile.TemporaryDirectory() as folder:
        steps = {
            "plain loop": plain(recipe, arguments, grams_once=False),
            "plain loop, style Grams once": plain(recipe, arguments, grams_once=True),
            "impasto": ours(recipe, arguments, f"{folder}/eager", compiled=False),
        }
        if arguments.compile:
            steps["impasto, compile = true"] = ours(recipe, arguments, f"{folder}/compiled", compiled=True)
        losses: dict[str, list[float]] = {name: [] for name in steps}
        calls = {name: (lambda name=name: losses[name].append(steps[name]())) for name in steps}
        seconds = interleaved(calls, rounds=arguments.rounds, warmup=4)
    base, batch_size = median(seconds["plain loop"]), recipe.training.batch_size
    rows = [
        [name, f"{batch_size / median(times):.2f}", f"{base / median(times):.2f}", f"{losses[name][-1]:.3g}"]
        for name, times in seconds.items()
    ]
    print(table(["loop", "images/s, median", "× plain loop", "objective after the last step"], rows))
    crop = recipe.training.crop
    settings = {"network": recipe.network, "batch_size": batch_size, "crop": crop}
    write(arguments.json, settings | {"seconds per step": seconds, "objective": losses})


if __name__ == "__main__":
    main()
