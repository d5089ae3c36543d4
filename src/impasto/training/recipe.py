"""The recipe: everything that decides how a model is trained, read from one TOML file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta

from impasto.data.crops import CropOptions
from impasto.errors import ImpastoError, unknown
from impasto.files import digest
from impasto.losses.artifacts import GRID_CELL, GRID_SIDE
from impasto.nn.network import ARCHITECTURES
from impasto.styles.style import Box
from impasto.training.catalogue import Catalogue, Table, read_catalogue

Positive = Annotated[int, Meta(ge=1)]
Fraction = Annotated[float, Meta(ge=0, le=1)]
T = TypeVar("T")
Slug = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]*$")]


class StyleEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One ``[[styles]]`` table: a style, its slot and what is known about its image."""

    slot: Annotated[int, Meta(ge=0)]
    """The style's row in the style table, from 0."""
    slug: Slug
    """The style's name on the command line."""
    name: str
    """The title of the image, in English."""
    name_zh: str = ""
    """The title in traditional Chinese."""
    artist: str = ""
    """Who made the image."""
    year: str = ""
    """When it was made, as text: ``c. 800``."""
    credit: str = ""
    """Where the image comes from."""
    licence: str = ""
    """The licence of the image."""
    image: str = ""
    """The file name of the style image, which is looked for in ``--style-images``. Without it, this is the identity
    style, which learns to paint the photo itself; a recipe can have one of these."""
    box: Box | None = None
    """The part of the image that is the style: left, top, right and bottom, as shares (0 to 1) of its width and height.
    Without it, all of the image is the style."""
    size: Positive | None = None
    """The long side at which the image, or the part in ``box``, is read, in pixels; a smaller one makes finer strokes.
    Without it, a large image is read at 768 pixels, and a smaller one at its own size."""
    weight: Annotated[float, Meta(gt=0)] = 1.0
    """The style loss of this style is multiplied by it. For the identity style, the squared error of pixels is."""
    share: Positive = 1
    """How often the style is drawn: one with 2 is drawn twice as often as one with 1."""
    likeness: Annotated[float, Meta(gt=0, lt=1)] | None = None
    """The content likeness that pictures in this style should have; without it, that of the ``[training]`` table."""


class TrainingOptions(CropOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The ``[training]`` table."""

    steps: Positive = 40_000
    """The number of optimiser steps."""
    batch_size: Positive = 16
    """The number of photos in each step, over all processes."""
    learning_rate: Annotated[float, Meta(gt=0)] = 1e-3
    """Adam's learning rate, after the warm-up and before the decay."""
    style_rate: Annotated[float, Meta(gt=0)] = 1.0
    """The learning rate of γ and β, as a multiple of ``learning_rate``. Adam moves a style that is drawn in a share p
    of the steps √p times as fast as the convolutions. A value of 1/√p makes up for that."""
    warmup: Annotated[int, Meta(ge=0)] = 0
    """The number of first steps in which the learning rate rises from near 0. 0: it does not."""
    decay: Fraction = 0.0
    """The last share of the steps, in which the learning rate falls to 0 along a cosine. 0: it does not."""
    balance: Fraction = 0.0
    """How far the style losses of different styles are made equal. 0: all styles have one weight, as in the paper. 1:
    each style's loss is divided by what untouched photos score on it."""
    layer_balance: Fraction = 0.0
    """How far the style losses of different layers are made equal. 0: all layers have one weight, as in the paper, and
    relu4_3 hardly counts. 1: each layer's loss is divided by what untouched photos score on it. So layers that see
    larger forms count as much as the others."""
    evenly: Fraction = 1.0
    """With ``objective = "gap"``, the share of the style gap in which all layers count the same. In the rest, layers
    count as they do in the style loss, by which styles are scored."""
    objective: Literal["content", "gap", "distribution"] = "content"
    """What is minimised. ``content``: the content loss plus the weighted style loss, as in the paper. ``gap``: the
    share of the style gap that is left, which counts the same for every style. To it is added a loss for content
    likeness that is lost (:func:`impasto.losses.perceptual.likeness_lost`), which brings styles to their ``likeness``
    at once. ``balance`` and ``layer_balance`` do not matter then. ``distribution``: how far whole distributions of
    activations and colours are from the painting's, where untouched photos have 1. The content distance is added,
    ``content_weight`` times. It keeps a painting's darks, lights and accents. ``shifts``, the balances and ``likeness``
    do not matter then."""
    content_weight: Annotated[float, Meta(ge=0)] = 0.1
    """With ``objective = "distribution"``, the weight of the content distance: more keeps more of the photo."""
    teacher: str = ""
    """A model (a folder, or a bundled one's name) of any architecture. Its pictures in the same styles take the photos'
    place in the content loss. So a small network comes closer to a large one than with photos alone.
    Without it, the content loss is that of the photos."""
    likeness: Annotated[float, Meta(gt=0, lt=1)] | None = None
    """The content likeness (:func:`impasto.losses.perceptual.content_likeness`) that pictures should have, where 1
    keeps all forms of the photo. With ``objective = "content"``, the weight of a style grows while its pictures are
    more like their photos than this, and shrinks while they are less. Without it, weights stay."""
    average: Annotated[float, Meta(ge=0, lt=1)] = 0.0
    """The share of itself that a running mean of all weights keeps in each step; that mean is exported. 0: there is no
    mean, and the last weights are exported."""
    shifts: tuple[Positive, ...] = ()
    """Distances, in pixels, by which feature maps are shifted against themselves for further Gram matrices in the style
    loss (:func:`impasto.losses.gram.shifted_grams`). They keep rasters of dots out of smooth areas. Each step takes the
    next distance. Multiples of 8 reach all layers; 4, 2 and 1 reach only the finer ones."""
    grid: Annotated[float, Meta(ge=0)] = 0.0
    """The weight of a loss for checkerboards (:func:`impasto.losses.artifacts.grid_pattern`). Style losses do not mind
    them: they have the contrast of a painting's fine grain."""
    blocks: Annotated[float, Meta(ge=0)] = 0.0
    """The weight of a loss for pictures that are drawn in cells of 2 × 2 pixels
    (:func:`impasto.losses.artifacts.blockiness`)."""
    cells: Annotated[float, Meta(ge=0)] = 0.0
    """The weight of a loss for noise within cells of 2 × 2 pixels (:func:`impasto.losses.artifacts.cell_noise`)."""
    raster: Annotated[float, Meta(ge=0)] = 0.0
    """The weight of a loss for periodic artifacts, dots and dashes in rows, where the photo is smooth
    (:func:`impasto.losses.artifacts.raster_energy`)."""
    specks: Annotated[float, Meta(ge=0)] = 0.0
    """The weight of a loss for speckle where the photo is smooth (:func:`impasto.losses.artifacts.specks`)."""
    clip: Annotated[float, Meta(gt=0)] | None = None
    """The longest gradient, as a norm over all weights; longer ones are scaled down to it. Without it, none are."""
    slim: Fraction = 0.0
    """The first share of the steps, in which the slim loss network, which is several times as fast, stands in for
    VGG-16."""
    compile: bool = False
    """Whether to use ``torch.compile``. It takes minutes at the start, which long runs win back, and on processors it
    needs a C++ compiler."""
    workers: Annotated[int, Meta(ge=0)] = 2
    """The number of processes that read photos."""
    resident: bool = False
    """Whether to keep all photos and paintings on the device and make crops there (:mod:`impasto.data.resident`). It is
    for GPUs, which paint faster than processes can read files."""
    checkpoint_every: Positive = 500
    """The number of steps between two checkpoints."""
    sample_every: Positive = 500
    """The number of steps between two sample sheets."""

    def has_room(self, side: int) -> bool:
        """Whether pictures of this side, in pixels, can be shifted by all ``shifts``, in relu4_3's maps too; the
        objective ``distribution`` shifts none."""
        return not self.shifts or self.objective == "distribution" or max(self.shifts) < side // 8 * 8


class PredictorOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The ``[predictor]`` table: with it, a style predictor is trained along with the network."""

    share: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    """The share of each batch that is painted in predicted styles, which the predictor reads from paintings without a
    slot. The rest is painted in the named styles."""
    likeness: Annotated[float, Meta(gt=0, lt=1)] | None = None
    """The content likeness that pictures in predicted styles should have; without it, that of the ``[training]``
    table."""
    weight: Annotated[float, Meta(gt=0)] | None = None
    """If given, predicted styles minimise the content loss plus this weight times the style loss, the same for all
    paintings (Ghiasi et al. 2017), whatever the ``objective`` of the named styles is. Without it, predicted styles have
    the objective of named ones."""
    evenly: Fraction = 0.0
    """With a ``weight``, the share of a painting's style loss in which all layers count the same."""
    mixed: Fraction = 0.0
    """The share of the predictor's inputs that are made of two paintings. Half of these show one painting in the
    colours of the other, half show both side by side. So there are as many styles as pairs of paintings."""
    held_out: tuple[str, ...] = ()
    """File names of paintings that training never shows, so that the result can be judged by them."""


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole recipe file."""

    name: Slug
    """The name of the model."""
    network: str
    """The architecture of the network: ``paper``, ``fast`` or ``swift``."""
    slots: Positive
    """The number of rows in the style table; those that no style names stay as they were initialised."""
    styles: Annotated[tuple[StyleEntry, ...], Meta(min_length=1)]
    """A ``[[styles]]`` table for each style, at least one."""
    training: TrainingOptions = TrainingOptions()
    """The ``[training]`` table."""
    predictor: PredictorOptions | None = None
    """The ``[predictor]`` table. Without it, no predictor is trained."""
    licence: str = ""
    """The licence of the trained model."""
    notes: str = ""
    """Anything that people should know about the recipe."""

    @property
    def slim_steps(self) -> int:
        """The number of steps before VGG-16 takes over from the slim loss network."""
        return round(self.training.slim * self.training.steps)

    @property
    def identity(self) -> int | None:
        """The slot of the identity style; None without one."""
        return next((style.slot for style in self.styles if not style.image), None)

    @property
    def input_noise(self) -> float:
        """See :attr:`impasto.models.model.ModelInfo.input_noise`."""
        return max(self.training.noise) / 2

    @property
    def drawn(self) -> list[int]:
        """The slots to draw from for each crop; those with a larger share are there several times."""
        return [style.slot for style in self.styles for _ in range(style.share)]

    @property
    def predicted(self) -> int:
        """The number of photos in each step that are painted in predicted styles, over all processes."""
        return round(self.predictor.share * self.training.batch_size) if self.predictor else 0

    @property
    def views(self) -> list[tuple[int, ...]]:
        """The shifts of the Gram matrices, in pixels; each step takes the next of them. All at once would double its
        time."""
        return [(shift,) for shift in self.training.shifts] or [()]

    @property
    def digest(self) -> str:
        """The SHA-256 of the recipe's content. A run can only be resumed with the recipe that began it."""
        return digest(msgspec.json.encode(self))


class LossNetworkRecipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A recipe file for the loss network (:mod:`impasto.training.distill`)."""

    name: Slug
    """The name of the run."""
    held_out: tuple[str, ...] = ()
    """File names of pictures that training never shows, so that the result can be judged by them."""
    training: TrainingOptions = TrainingOptions()

    @property
    def digest(self) -> str:
        """See :attr:`Recipe.digest`."""
        return digest(msgspec.json.encode(self))


def read_recipe(path: str | Path) -> Recipe:
    """Read and check a network's recipe, and the catalogue that it names.

    Raises:
        ImpastoError: a file is missing, is not TOML, or does not describe a recipe or a catalogue. Or its values do not
            go together.
    """
    recipe = _read(path, Recipe, Catalogue.complete)
    if recipe.network not in ARCHITECTURES:
        raise ImpastoError(f"recipe {path}: {unknown('network', recipe.network, ARCHITECTURES)}")
    _check_slots(path, recipe)
    _check_boxes(path, recipe)
    _check_crop(path, recipe.training)
    return recipe


def read_loss_network_recipe(path: str | Path) -> LossNetworkRecipe:
    """Read and check the recipe of a loss network; see :func:`read_recipe`."""
    return _read(path, LossNetworkRecipe, Catalogue.with_held_out)


def _read(path: str | Path, kind: type[T], complete: Callable[[Catalogue, Table], Table]) -> T:
    try:
        table = msgspec.toml.decode(Path(path).read_bytes())
        if catalogue := table.pop("catalogue", None):
            table = complete(read_catalogue(Path(path).parent / str(catalogue), StyleEntry), table)
        return msgspec.convert(table, kind, strict=False)
    except OSError as error:
        raise ImpastoError(f"recipe {path}: {error.strerror}") from None
    except (ImpastoError, msgspec.ValidationError, msgspec.DecodeError, ValueError) as error:
        raise ImpastoError(f"recipe {path}: {error}") from None


def _check_slots(path: str | Path, recipe: Recipe) -> None:
    for what in ("slot", "slug"):
        value, times = Counter(getattr(style, what) for style in recipe.styles).most_common(1)[0]
        if times > 1:
            raise ImpastoError(f"recipe {path}: {what} {value} is given to {times} styles; each needs its own")
    if sum(not style.image for style in recipe.styles) > 1:
        raise ImpastoError(f"recipe {path}: several styles have no image; only one can be the identity style")
    last = max(style.slot for style in recipe.styles)
    if last >= recipe.slots:
        raise ImpastoError(f"recipe {path}: slot {last} needs slots = {last + 1} or more")


def _check_boxes(path: str | Path, recipe: Recipe) -> None:
    for style in recipe.styles:
        left, top, right, bottom = style.box or (0, 0, 1, 1)
        if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
            box = f"{style.slug}: box {left:g} {top:g} {right:g} {bottom:g}"
            raise ImpastoError(f"recipe {path}: {box} is no part of it; give left, top, right, bottom between 0 and 1")


def _check_crop(path: str | Path, options: TrainingOptions) -> None:
    if options.grid and (options.crop < GRID_SIDE or options.crop % GRID_CELL):
        wanted = f"crops of {GRID_SIDE} pixels or more, a multiple of {GRID_CELL}"
        raise ImpastoError(f"recipe {path}: crop {options.crop}: grid needs {wanted}; change crop, or leave grid out")
    if not options.has_room(options.crop):
        far = max(options.shifts)
        raise ImpastoError(f"recipe {path}: shifts {far}: is too far for crops of {options.crop} pixels")
