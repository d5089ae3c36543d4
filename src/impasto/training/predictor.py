"""Train a style predictor for a trained network: paintings in, rows of γ and β out, the network as it is.

With the network frozen, its styles stay as they are, and a predictor can be made for any model.
"""

from __future__ import annotations

import copy
import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from PIL import Image, ImageEnhance, ImageOps
from safetensors.torch import save
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import Dataset

from impasto.errors import ImpastoError
from impasto.files import write_file
from impasto.losses import CONTENT_LAYER, STYLE_LAYERS, Grams, content_loss, layer_grams, style_terms
from impasto.model import INFO, PREDICTOR_WEIGHTS, Graph, Model
from impasto.nn import StyleTransferNetwork
from impasto.nn.export import predictor_to_onnx
from impasto.nn.predictor import StylePredictor, descriptor
from impasto.nn.slim import load_slim_vgg
from impasto.runtime.torch import load_network
from impasto.training.balance import PhotoScores
from impasto.training.config import PartRecipe
from impasto.training.data import Crops, ShareOfSteps, loader
from impasto.training.job import Job

PAINTING = 256
"""Side of the parts of paintings that are learnt from, in pixels."""
_LEAST_PART = 0.6
_SEEN_FIRST = 64
_RATE = 0.05
_STYLE = 3.0
"""What a photo's style loss comes to, in units of the content distance, to begin with."""
_DARKEST = 0.1
"""Standard deviation of grey levels, in [0,1], below which a part shows too little to be a style."""


class Pairs(Dataset[tuple[Tensor, Tensor, Tensor, int]]):
    """Endless photos and paintings by number: (photo, input, part of a painting, the painting's number).

    Photo and input are those of :class:`impasto.training.data.Crops`; the part is (3,256,256) uint8. Each folder of
    paintings is drawn from as often as the others. Colours vary, so that there are more styles than paintings.
    """

    def __init__(self, photos: Crops, folders: Sequence[Sequence[Path]], seed: int) -> None:
        self.photos = photos
        self.options = photos.options
        self.folders = folders
        self.seed = seed
        self.first = np.cumsum([0, *map(len, folders)])

    @property
    def paintings(self) -> int:
        """How many there are."""
        return int(self.first[-1])

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor, Tensor, int]:
        photo, noisy, _ = self.photos[number]
        rng = np.random.default_rng((self.seed, number, 0xA27))
        folder = int(rng.integers(len(self.folders)))
        index = int(rng.integers(len(self.folders[folder])))
        with Image.open(self.folders[folder][index]) as image:
            part = _varied(_part(image.convert("RGB"), rng), rng)
        return photo, noisy, torch.from_numpy(part.transpose(2, 0, 1).copy()), int(self.first[folder] + index)


def _part(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A square of an image; another one should it show next to nothing."""
    for _ in range(4):
        side = max(1, round(min(image.size) * np.exp(rng.uniform(np.log(_LEAST_PART), 0))))
        left, top = (rng.integers(0, length - side + 1) for length in image.size)
        box = (left, top, left + side, top + side)
        part = image.resize((PAINTING, PAINTING), Image.Resampling.BICUBIC, box=box)
        if np.asarray(part.convert("L")).std() > 255 * _DARKEST:
            break
    return part


def _varied(part: Image.Image, rng: np.random.Generator) -> np.ndarray:
    """The part in other colours, in half of the cases, and mirrored in half of them: (256,256,3) uint8."""
    if rng.random() < 0.5:
        part = ImageOps.mirror(part)
    if rng.random() < 0.5:
        for enhance in (ImageEnhance.Color, ImageEnhance.Brightness, ImageEnhance.Contrast):
            part = enhance(part).enhance(float(rng.uniform(0.6, 1.5)))
        hue, *others = part.convert("HSV").split()
        turn = int(rng.integers(256))
        part = Image.merge("HSV", (hue.point(lambda value: (value + turn) % 256), *others)).convert("RGB")
    return np.asarray(part)


class Balance:
    """Weights of the style losses of paintings: those whose pictures are farther from their photos than ``distance``
    come to count less.

    Attributes:
        logs: (K,), of each painting's factor.
    """

    def __init__(self, scores: PhotoScores, distance: float, paintings: int) -> None:
        self.scores = scores
        self.distance = distance
        self.logs = torch.full((paintings,), math.log(_STYLE), device=scores.another.device)

    def weights(self, grams: Grams, index: Tensor) -> Tensor:
        """(N,L) of paintings ``index`` (N,), given their Gram matrices; a photo's losses come to e to the ``logs``."""
        terms = self.scores.terms(grams)
        return self.logs[index].exp()[:, None] / (terms.shape[1] * terms)

    def adapt(self, index: Tensor, content: Tensor) -> None:
        """Move the factors of paintings ``index`` (N,), given the content distances (N,) of their pictures."""
        farther = content.clamp(max=2) - self.distance
        # What one painting teaches holds for the others by a part.
        self.logs -= _RATE * farther.mean()
        self.logs.index_add_(0, index, -4 * _RATE * farther)


@dataclass(kw_only=True)
class Prediction(Job):
    """A run of it."""

    predictor: StylePredictor
    average: AveragedModel
    network: StyleTransferNetwork
    balance: Balance

    @property
    def modules(self) -> dict[str, nn.Module]:
        return {"predictor": self.predictor, "average": self.average}

    @property
    def numbers(self) -> dict[str, Tensor]:
        return {"logs": self.balance.logs}

    def losses(self, batch: list[Tensor]) -> dict[str, Tensor]:
        """Content and weighted style loss of photos painted in predicted styles."""
        photo, noisy, painting = (
            (part.float() / 255).contiguous(memory_format=torch.channels_last) for part in batch[:3]
        )
        looks, shifts = self.predictor.looks, self.recipe.training.shifts
        with torch.no_grad(), self.autocast():
            seen = looks(painting, STYLE_LAYERS)
            targets = layer_grams(seen, painting.shape[3], shifts)
            content = looks(photo, [CONTENT_LAYER])[CONTENT_LAYER]
        rows = self.predictor.predict(descriptor(seen))
        with self.autocast():
            picture = self.network.render(noisy, rows)
            found = looks(picture, STYLE_LAYERS)
        distance = content_loss(found[CONTENT_LAYER], content) / self.balance.scores.another
        terms = style_terms(layer_grams(found, picture.shape[3], shifts), targets)
        weighted = (self.balance.weights(targets, batch[3]) * terms).sum(dim=1)
        self.balance.adapt(batch[3], distance.detach())
        return {"content": distance.mean(), "style": weighted.mean()}

    def stepped(self) -> None:
        self.average.update_parameters(self.predictor)


def train_predictor(
    recipe: PartRecipe, photos: Sequence[Path], paintings: Sequence[Sequence[Path]], model: Model, *,
    resume: bool = False,
) -> None:  # fmt: skip
    """Train a predictor to the recipe's last step, and write it into the model's folder.

    Args:
        recipe: how.
        photos: files to paint.
        paintings: files by folder, each folder drawn from as often as the others; photographs may be one of them.
        model: for whose network.
        resume: go on from the checkpoint beside the model's folder.

    Raises:
        ImpastoError: as in :meth:`impasto.training.job.Job.begin` and ``run``, or the folder cannot be written.
    """
    options = recipe.training
    set_seed(options.seed)
    crops = Crops(list(photos), [0], options)
    folders = [[path for path in folder if path.name not in recipe.held_out] for folder in paintings]
    pairs = Pairs(crops, folders, options.seed)
    network = load_network(model).requires_grad_(False)
    predictor = _initial(network, pairs)
    channels_last = {"memory_format": torch.channels_last}
    device = Accelerator().device
    for module in (network, predictor):
        module.to(device, **channels_last)  # type: ignore[call-overload]
    first = torch.stack([crops[number][0] for number in range(_SEEN_FIRST // 2)]).to(device).float() / 255
    scores = PhotoScores(predictor.looks, first, options.shifts)
    learnt = [parameter for parameter in predictor.parameters() if parameter.requires_grad]
    run = Prediction(
        recipe, model.path, torch.optim.Adam(learnt, lr=options.learning_rate), predictor=predictor,
        average=AveragedModel(predictor, multi_avg_fn=get_ema_multi_avg_fn(options.average)),
        network=network, balance=Balance(scores, options.distance or 0.7, pairs.paintings),
    )  # fmt: skip
    run.begin(resume=resume)
    run.run(loader(pairs, ShareOfSteps(run.step, options), options.workers))
    assert isinstance(run.average.module, StylePredictor)
    export_predictor(run.average.module, model)
    run.checkpoint.unlink(missing_ok=True)


@torch.no_grad()
def _initial(network: StyleTransferNetwork, pairs: Pairs) -> StylePredictor:
    """A predictor that knows how paintings are described, and where the network's own styles lie."""
    predictor = StylePredictor(network.architecture.style_size)
    predictor.looks = load_slim_vgg()
    rows = network.style(torch.arange(network.num_styles))
    predictor.base.copy_(rows.mean(dim=0))
    predictor.spread.copy_(rows.std(dim=0) if len(rows) > 1 else torch.ones(()))
    seen = [predictor.looks(pairs[number][2][None].float() / 255, STYLE_LAYERS) for number in range(_SEEN_FIRST)]
    described = torch.cat([descriptor(each) for each in seen])
    predictor.mean.copy_(described.mean(dim=0))
    predictor.deviation.copy_(described.std(dim=0) + 1e-3 * described.std())
    return predictor


def export_predictor(predictor: StylePredictor, model: Model) -> None:
    """Write a predictor into a model's folder; ``model.json``, which comes last, makes it part of the model.

    Raises:
        ImpastoError: the folder cannot be written.
    """
    predictor = copy.deepcopy(predictor).float().cpu().eval()
    weights = _packed(predictor)
    contents = {PREDICTOR_WEIGHTS: weights, Graph.PREDICTOR.value: predictor_to_onnx(predictor, weights)}
    files = model.info.files | {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    info = msgspec.structs.replace(model.info, files=files)
    try:
        for name, content in (contents | {INFO: msgspec.json.format(msgspec.json.encode(info), indent=2)}).items():
            write_file(model.path / name, content)
    except OSError as error:
        raise ImpastoError(f"model {model.path}: {error.strerror}") from None


def _packed(predictor: StylePredictor) -> bytes:
    """Weights in float16, to which ``predictor``'s own are rounded; numbers that may be larger than that in float32."""
    tensors = {}
    for name, tensor in predictor.state_dict().items():
        if tensor.ndim > 1:
            tensor.copy_(tensor.half())
        tensors[name] = (tensor.half() if tensor.ndim > 1 else tensor).contiguous()
    return save(tensors)
