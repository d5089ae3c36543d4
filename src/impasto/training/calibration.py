"""Find the correction of predicted rows: the directions in which they err, and how pictures change along these."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from impasto.data.paintings import Paintings
from impasto.errors import ImpastoError
from impasto.images.folders import find_photos
from impasto.images.noise import noise as field_of_noise
from impasto.images.reading import square
from impasto.losses.gram import STYLE_LAYERS, gram_matrix
from impasto.losses.perceptual import CONTENT_LAYER, STYLE_WEIGHT
from impasto.models.model import CORRECTION, PREDICTOR_WEIGHTS, add_files, copy_model, load_model
from impasto.nn.cin import trained_instance_norm
from impasto.nn.joint import JointNetwork
from impasto.nn.load import load_network, load_predictor
from impasto.nn.onnx import predictor_to_onnx
from impasto.nn.precision import autocast, fastest_precision
from impasto.nn.predictor import painting_grams
from impasto.progress import Progress, reported, silent
from impasto.stylize.correction import Correction, Floats
from impasto.stylize.predictor import PROBES, probe
from impasto.training.recipe import Recipe, read_recipe
from impasto.training.run import find_paintings

_COLORS = 6
"""The number of directions of the last layer: a scale and a shift of each of three colours."""
_ROUNDS = (0.0, 0.5, 1.0)
"""The share of the directions that are found after each round. The first round has those of the colours alone, whose
errors would hide all others."""
_DIFFERENCES = (0.5, 1.0)
"""The differences of rows from which slopes are measured, in standard deviations of rows: along colours, and along
other directions."""
_BATCH = 8
"""The number of pictures that are painted at once."""
SIDE = 160
"""Height and width of the photos on which directions are measured, in pixels."""
OTHERS, OTHERS_SIDE = 4, 192
"""The number of photos for each painting, and their height and width in pixels, whose pictures a probe must predict."""
_WEIGHT = 3.0
"""The weight of the style loss, if the recipe has none."""
_PULL = 2.0
"""By how much the weight of the style loss is larger in the steps of the correction. Differences between paintings add
to the measured curvature, and steps would fall short without it."""


def find_correction(
    joint: JointNetwork,
    recipe: Recipe,
    paintings: Paintings,
    photos: Sequence[Path],
    precision: torch.dtype = torch.float32,
    progress: Progress = silent,
) -> Correction:
    """The correction of the rows that a predictor finds, in as many directions as the recipe wants.

    Args:
        joint: a network with a predictor; it is changed to run faster.
        recipe: one with a [predictor] that has ``directions``.
        paintings: the paintings that the predictor learnt from.
        photos: files.
        precision: what networks compute in.
        progress: is told of every painting, in each of several passes over all of them.

    Raises:
        ImpastoError: a photo cannot be read.
    """
    options = recipe.predictor
    assert options is not None
    assert options.directions is not None
    device = next(joint.parameters()).device
    joint.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    joint.network.normalise = trained_instance_norm  # the faster one
    drawn = samples(paintings, photos, options.directions, recipe.input_noise, device)
    others = [each.to(device) for each in other_photos(photos, options.directions, recipe.input_noise)]
    whole = [(paintings.as_it_is(number)[None].float() / 255).to(device) for number in range(options.directions)]
    weight = options.weight or _WEIGHT
    finder = Finder(joint.requires_grad_(False), drawn, whole, others, recipe.input_noise, weight, precision, progress)
    return finder.find(options.directions)


def correct(
    model: Path, recipe: Path, content: Path, paintings: Sequence[Path], out: Path, progress: Progress = silent
) -> Correction:
    """Find the correction of the styles that a model predicts, and write a copy of the model with it.

    Args:
        model: folder of the model.
        recipe: file of the recipe that the model was trained with.
        content: folder of photos.
        paintings: folders of the paintings that the predictor learnt from.
        out: folder of the copy.
        progress: see :func:`find_correction`.

    Raises:
        ImpastoError: an input is missing or broken, the model predicts no styles, the recipe has no directions, or
            ``out`` is there already.
    """
    loaded, settings = load_model(model), read_recipe(recipe)
    if settings.predictor is None or settings.predictor.directions is None:
        raise ImpastoError(f"recipe {recipe}: gives no directions in a [predictor] to correct styles in")
    if out.exists():
        raise ImpastoError(f"{out}: is there already; give another --out")
    if not os.access(out.absolute().parent, os.W_OK):  # said now, not after the minutes that it takes
        raise ImpastoError(f"{out}: cannot be written; give another --out")
    unnamed = find_paintings(settings, paintings)
    assert unnamed is not None
    predictor = load_predictor(loaded)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    joint = JointNetwork(load_network(loaded), predictor).to(device)
    found = find_correction(joint, settings, unnamed, find_photos(content), fastest_precision(device), progress)
    graphs = predictor_to_onnx(load_predictor(loaded), loaded.weights(PREDICTOR_WEIGHTS))
    contents = {graph.value: content for graph, content in graphs.items()} | {CORRECTION: found.to_bytes()}
    add_files(copy_model(loaded, out).path, contents)
    return found


@dataclass(frozen=True)
class Sample:
    """A painting and a photo to paint in its style; each is (1,3,H,W), RGB in [0,1]. ``noisy`` is the photo with noise,
    which the network sees."""

    painting: Tensor
    photo: Tensor
    noisy: Tensor


@dataclass(frozen=True)
class _Seen:
    """What the encoder sees in N pictures."""

    grams: Tensor
    """(N,G), whole Gram matrices, scaled so that squared distances are weighted style losses."""
    first: Tensor
    """(N,S), their first entries; see :func:`impasto.nn.predictor.painting_grams`."""
    forms: Tensor
    """(N,E), features scaled so that squared distances are content losses."""


@dataclass(frozen=True)
class Finder:
    """Finds a correction for the rows of a predictor.

    Args:
        joint: a network with a predictor.
        samples: what directions are found from; there must be at least as many as directions.
        whole: paintings (1,3,H,W), RGB in [0,1], from which it is learnt what probes tell. Parts of paintings in other
            colours, as in ``samples``, teach that less well.
        others: for each painting in ``whole``, photos (N,3,H,W) with noise; probes must tell what pictures of these are
            like.
        noise: standard deviation of the noise in photos, on the 0..255 scale.
        weight: the weight of the style loss.
        precision: what networks compute in.
        progress: is told of every painting.
    """

    joint: JointNetwork
    samples: Sequence[Sample]
    whole: Sequence[Tensor]
    others: Sequence[Tensor]
    noise: float
    weight: float = _WEIGHT
    precision: torch.dtype = torch.float32
    progress: Progress = silent

    def find(self, directions: int) -> Correction:
        """A correction in so many directions, with those of the colours among them.

        Each round adds the directions in which rows still err after the correction of the round before.
        """
        network, predictor = self.joint.network, self.joint.predictor
        assert predictor is not None
        predicted = [predictor(sample.painting).detach() for sample in self.samples]
        paintings = [self._see(sample.painting) for sample in self.samples]
        axes = _color_axes(predictor.spread, network.architecture.fold)
        found, rows = None, predicted
        for share in _ROUNDS:
            count = round(share * (directions - _COLORS)) + _COLORS - len(axes)
            if count > 0:
                slopes = [self._slope(*each) for each in self._each(rows, paintings)]
                axes = torch.cat([axes, _leading(torch.cat(slopes) * predictor.spread, axes, count)])
            found = self._measured(axes, axes * predictor.spread, rows, paintings)
            found = self.with_probes(found)
            rows = [self._corrected(found, *each) for each in zip(predicted, paintings, strict=True)]
        assert found is not None
        return found

    @torch.no_grad()
    def with_probes(self, correction: Correction) -> Correction:
        """The same correction with all its probes. Each probe learns from rows that the probes before it have
        corrected, as it will be used."""
        predictor = self.joint.predictor
        assert predictor is not None
        predicted, targets = map(torch.cat, zip(*map(predictor.read, self.whole), strict=True))
        paintings = np.asarray(targets.cpu())
        lengths = np.sqrt(np.square(paintings).sum(axis=1, keepdims=True))
        moved, rows = np.zeros((len(predicted), len(correction.directions)), np.float32), predicted
        for number in range(len(PROBES)):
            photo = torch.from_numpy(probe(number, self.noise)).to(predicted)
            seen, others = (
                np.stack([self._first(*each) for each in reported(pairs, self.progress, total=len(rows))])
                for pairs in (zip(repeat(photo), rows, strict=False), zip(self.others, rows, strict=True))
            )
            correction = correction.with_probe(seen / lengths, others / lengths)
            steps = (correction.step(number, *each) for each in zip(moved, seen, paintings, strict=True))
            moved = moved + np.stack(list(steps))
            rows = predicted + torch.from_numpy(moved @ correction.directions).to(predicted)
        return correction

    def _corrected(self, correction: Correction, row: Tensor, painting: _Seen) -> Tensor:
        """The row (1,P) after the correction, for a painting (N = 1)."""

        def paint(number: int, at: Floats) -> Floats:
            photo = torch.from_numpy(probe(number, self.noise)).to(row)
            return self._first(photo, torch.from_numpy(at).to(row))

        corrected = correction(row[0].cpu().numpy(), painting.first[0].cpu().numpy(), paint)
        return torch.from_numpy(corrected).to(row)[None]

    @torch.no_grad()
    def _first(self, photos: Tensor, row: Tensor) -> Floats:
        """The first entries of the Gram matrices (S,) of pictures of ``photos`` (N,3,H,W) in the style of one ``row``
        (P,), in the mean over photos."""
        pictures = self._paint(photos, row.expand(len(photos), -1))
        return np.asarray(self._see(pictures).first.mean(dim=0).cpu())

    def _each(self, rows: list[Tensor], paintings: list[_Seen]) -> Iterator[tuple[Sample, Tensor, _Seen]]:
        each = zip(self.samples, rows, paintings, strict=True)
        return reported(each, self.progress, total=len(rows))

    def _paint(self, photos: Tensor, rows: Tensor) -> Tensor:
        with autocast(photos.device, self.precision):
            return self.joint.network.render(photos, rows).float()

    def _see(self, pictures: Tensor) -> _Seen:
        assert self.joint.predictor is not None
        with autocast(pictures.device, self.precision):
            seen = self.joint.predictor.encoder(pictures, STYLE_LAYERS)
        grams = [gram_matrix(maps.float()).flatten(1) / maps.shape[1] for maps in seen.values()]
        forms = seen[CONTENT_LAYER].float().flatten(1)
        whole = (self.weight * STYLE_WEIGHT) ** 0.5 * torch.cat(grams, dim=1)
        return _Seen(whole, painting_grams(seen), forms / forms.shape[1] ** 0.5)

    def _slope(self, sample: Sample, row: Tensor, painting: _Seen) -> Tensor:
        """The derivative (1,P) of the logarithm of content plus style loss by the row. The logarithm makes all
        paintings count the same."""
        at = row.clone().requires_grad_()
        with torch.enable_grad():
            seen = self._see(self._paint(sample.noisy, at))
            style = (seen.grams - painting.grams).square().sum()
            content = (seen.forms - self._see(sample.photo).forms).square().sum()
            (slope,) = torch.autograd.grad((style + content).log(), at)
        return slope

    @torch.no_grad()
    def _measured(self, axes: Tensor, directions: Tensor, rows: list[Tensor], paintings: list[_Seen]) -> Correction:
        """A correction along ``directions`` (K,P), from how pictures change along them, in the mean over paintings."""
        count = len(directions)
        differences = torch.full((count, 1), _DIFFERENCES[1]).to(directions)
        differences[:_COLORS] = _DIFFERENCES[0]
        shares: list[tuple[Tensor, ...]] = []
        for sample, row, painting in self._each(rows, paintings):
            changed = torch.cat([row, row + differences * directions])
            seen = [self._see(self._paint(sample.noisy.expand(len(part), -1, -1, -1), part))
                    for part in changed.split(_BATCH)]  # fmt: skip
            grams, first, forms = (
                torch.cat(parts) for parts in zip(*((part.grams, part.first, part.forms) for part in seen), strict=True)
            )
            length = painting.first.norm()
            style, slopes, content = ((each[1:] - each[0]) / differences for each in (grams, first / length, forms))
            missing = forms[0] - self._see(sample.photo).forms[0]
            scale = self.weight * STYLE_WEIGHT * length**2
            shares.append((slopes, style @ style.T / scale, content @ missing, content @ content.T))
        slopes, curvature, content_slope, content_curvature = (
            torch.stack(each).mean(dim=0).cpu().numpy() for each in zip(*shares, strict=True)
        )
        measured = (slopes, curvature, content_slope, content_curvature)
        return Correction.of(directions.cpu().numpy(), *measured, _PULL * self.weight * STYLE_WEIGHT)


def _color_axes(spread: Tensor, fold: int) -> Tensor:
    """Unit directions (6,P) of the last layer's γ and β of each colour; pixels of one folded block share a direction.

    Args:
        spread: (P,), whose length, dtype and device the directions have.
        fold: side of the blocks of pixels that the network folds into maps.
    """
    block = fold**2
    axes = torch.zeros(_COLORS, len(spread)).to(spread)
    for number in range(_COLORS):
        start = len(spread) + (number - _COLORS) * block
        axes[number, start : start + block] = block**-0.5
    return axes


def _leading(slopes: Tensor, axes: Tensor, count: int) -> Tensor:
    """The ``count`` unit directions (count,P) in which ``slopes`` (T,P) are largest, at right angles to ``axes``
    (K,P)."""
    rest = slopes - slopes @ axes.T @ axes
    lengths = rest.norm(dim=1, keepdim=True)
    rest = rest / lengths.clamp_min(lengths.median())
    return torch.linalg.svd(rest, full_matrices=False).Vh[:count]


def samples(
    paintings: Paintings, photos: Sequence[Path], count: int, noise: float, device: torch.device
) -> list[Sample]:
    """The first ``count`` parts of paintings, each with another photo while there are enough.

    Args:
        paintings: parts are drawn from them.
        photos: files.
        count: how many samples there will be.
        noise: see :class:`Finder`.
        device: where the samples will be.

    Raises:
        ImpastoError: a photo cannot be read.
    """
    found = []
    for number in range(count):
        part, _ = paintings[number]
        photo = square(photos[number * len(photos) // count], SIDE)
        noisy = photo + np.float32(noise / 255) * field_of_noise(SIDE, SIDE, top=number * SIDE)
        pictures = (part[None].float() / 255, torch.from_numpy(photo), torch.from_numpy(noisy))
        found.append(Sample(*(picture.to(device, torch.float32) for picture in pictures)))
    return found


def other_photos(photos: Sequence[Path], count: int, noise: float) -> list[Tensor]:
    """Photos with noise, (N,3,H,W), for each of ``count`` paintings; other photos for each while there are enough.

    The same few photos for all paintings would not do: what is peculiar to six photos made styles 1 % worse.

    Raises:
        ImpastoError: a photo cannot be read.
    """
    total = count * OTHERS
    some = (square(photos[number * len(photos) // total], OTHERS_SIDE) for number in range(total))
    field = np.float32(noise / 255) * field_of_noise(OTHERS_SIDE, OTHERS_SIDE)
    # Neighbours in a folder are often alike: each painting has some from all over it.
    noisy = torch.from_numpy(np.concatenate(list(some)) + field).unflatten(0, (OTHERS, count))
    return list(noisy.transpose(0, 1))
