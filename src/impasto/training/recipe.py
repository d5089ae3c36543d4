"""The recipe: everything that decides how a model is trained, read from one TOML file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta

from impasto.data.crops import CropOptions
from impasto.errors import ImpastoError
from impasto.files import digest
from impasto.styles.style import Box
from impasto.training.catalogue import Catalogue, Table, read_catalogue

Positive = Annotated[int, Meta(ge=1)]
Fraction = Annotated[float, Meta(ge=0, le=1)]
T = TypeVar("T")
Slug = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]*$")]


class StyleEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One ``[[styles]]`` table: a style image, its slot and what is known about it."""

    slot: Annotated[int, Meta(ge=0)]
    """Row of the style table."""
    slug: Slug
    """Name on the command line."""
    name: str
    """English name."""
    name_zh: str = ""
    """Traditional Chinese name."""
    artist: str = ""
    year: str = ""
    credit: str = ""
    licence: str = ""
    image: str = ""
    """File name, looked for in ``--style-images``; none for the identity style, which learns to paint the photo."""
    box: Box | None = None
    """The part of the image that is the style: left, top, right and bottom, as shares of its width and height."""
    size: Positive | None = None
    """Long side at which the image or that part is read, in pixels; the file's own if not given. Smaller means finer
    strokes."""
    weight: Annotated[float, Meta(gt=0)] = 1.0
    """Times the style loss of this style; of the identity style, times the squared error of its pixels."""
    share: Positive = 1
    """How often the style is drawn, in times of one that has 1."""
    likeness: Annotated[float, Meta(gt=0, lt=1)] | None = None
    """As in the ``[training]`` table, for this style."""


class TrainingOptions(CropOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The ``[training]`` table."""

    steps: Positive = 40_000
    batch_size: Positive = 16
    """Photos per step, over all processes."""
    learning_rate: Annotated[float, Meta(gt=0)] = 1e-3
    style_rate: Annotated[float, Meta(gt=0)] = 1.0
    """Learning rate of γ and β, in times of the convolutions'. A row that a share p of the steps draws is moved by Adam
    √p as fast as the convolutions; 1/√p makes up for it."""
    warmup: Annotated[int, Meta(ge=0)] = 0
    """Steps over which the learning rate rises."""
    decay: Fraction = 0.0
    """Last share of the steps over which the learning rate falls to nothing along a cosine."""
    balance: Fraction = 0.0
    """0: one weight for all styles, as in the paper. 1: each style's loss divided by what photos score on it."""
    layer_balance: Fraction = 0.0
    """0: the same weight for the Gram matrices of all layers, as in the paper, by which relu4_3 hardly counts. 1: each
    layer's divided by what photos score on it, so that all count the same, those that see larger forms too."""
    evenly: Fraction = 1.0
    """Where the gap is minimised, the share of it in which all layers count the same; the rest is that of their sum, by
    which styles are scored."""
    objective: Literal["content", "gap"] = "content"
    """``content``: the content loss plus the weighted style loss, as in the paper. ``gap``: the share of the style gap
    that is left, every style's alike (and, by ``evenly``, every layer's), plus what is lost of the content likeness
    (:func:`impasto.losses.perceptual.likeness_lost`), by which styles come to ``likeness`` at once; ``balance`` and
    ``layer_balance`` then do not matter."""
    likeness: Annotated[float, Meta(gt=0, lt=1)] | None = None
    """The content likeness (:func:`impasto.losses.perceptual.content_likeness`) that pictures shall have: in training,
    weights of styles whose pictures are more like their photos grow, those of the others shrink. Without it they
    stay."""
    average: Annotated[float, Meta(ge=0, lt=1)] = 0.0
    """Share that the mean of the weights keeps of itself each step; that mean is what is exported. 0: no mean."""
    shifts: tuple[Positive, ...] = ()
    """Distances, in pixels, of shifted Gram matrices (:func:`impasto.losses.gram.shifted_grams`) that join the style
    loss; multiples of 8, and 4, 2 and 1 for finer layers; one distance a step, in turn. They keep rasters of dots out
    of smooth areas."""
    grid: Annotated[float, Meta(ge=0)] = 0.0
    """Weight of :func:`impasto.losses.artifacts.grid_pattern`, which style losses do not mind: a checkerboard has
    the contrast of a painting's fine grain."""
    blocks: Annotated[float, Meta(ge=0)] = 0.0
    """Weight of :func:`impasto.losses.artifacts.blockiness`: pictures drawn in cells of 2 × 2 pixels."""
    raster: Annotated[float, Meta(ge=0)] = 0.0
    """Weight of :func:`impasto.losses.artifacts.raster_energy`: dots and dashes in rows in what was smooth."""
    clip: Annotated[float, Meta(gt=0)] | None = None
    """Longest gradient, as a norm over all weights; longer ones are scaled down to it."""
    slim: Fraction = 0.0
    """First share of the steps in which the losses look with the slim loss network, several times as fast as VGG-16."""
    compile: bool = False
    """Use ``torch.compile``, which needs a C++ compiler on processors; worth its minutes in long runs."""
    workers: Annotated[int, Meta(ge=0)] = 2
    """Processes that read photos."""
    resident: bool = False
    """Keep all photos and paintings on the device, and cut and vary them there (:mod:`impasto.data.resident`):
    for GPUs, which paint faster than processes can read."""
    checkpoint_every: Positive = 500
    """Steps between checkpoints."""
    sample_every: Positive = 500
    """Steps between sample sheets."""


class PredictorOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The ``[predictor]`` table."""

    share: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    """Share of each batch that is painted in the styles of paintings without a slot, which the predictor reads off
    them; the rest is painted in the named styles."""
    likeness: Annotated[float, Meta(gt=0, lt=1)] | None = None
    """As in the ``[training]`` table, for predicted styles."""
    weight: Annotated[float, Meta(gt=0)] | None = None
    """Times the style loss of predicted styles, the same for all paintings, whatever the named styles' objective is
    (Ghiasi et al. 2017); without it, they are balanced like named styles."""
    evenly: Fraction = 0.0
    """With a ``weight``, the share of a painting's style loss in which all layers count the same."""
    mixed: Fraction = 0.0
    """Share of what the predictor sees that is made of two paintings, in halves: one in the colours of the other, and
    one beside the other. There are as many styles as pairs of paintings then."""
    held_out: tuple[str, ...] = ()
    """File names of paintings that are not looked at, so that they can judge what came of it."""
    directions: Annotated[int, Meta(ge=6)] | None = None
    """In which predicted rows are corrected (:mod:`impasto.stylize.correction`), the colours' six among them; without
    it, they are not. It takes as many paintings, once the training is done."""


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole recipe file."""

    name: Slug
    network: str
    slots: Positive
    """Rows of the style table; those that no style names stay as they were initialised."""
    styles: Annotated[tuple[StyleEntry, ...], Meta(min_length=1)]
    training: TrainingOptions = TrainingOptions()
    predictor: PredictorOptions | None = None
    """With it, a style predictor is trained along with the network."""
    licence: str = ""
    """Licence of the trained model."""
    notes: str = ""

    @property
    def slim_steps(self) -> int:
        """Steps before VGG-16 takes over from the slim loss network."""
        return round(self.training.slim * self.training.steps)

    @property
    def identity(self) -> int | None:
        """Slot of the identity style."""
        return next((style.slot for style in self.styles if not style.image), None)

    @property
    def input_noise(self) -> float:
        """See :attr:`impasto.models.model.ModelInfo.input_noise`."""
        return max(self.training.noise) / 2

    @property
    def drawn(self) -> list[int]:
        """The slots to draw from for each crop."""
        return [style.slot for style in self.styles for _ in range(style.share)]

    @property
    def predicted(self) -> int:
        """Photos per step that are painted in predicted styles."""
        return round(self.predictor.share * self.training.batch_size) if self.predictor else 0

    @property
    def views(self) -> list[tuple[int, ...]]:
        """The shifts of each step, in turn: all at once would double its time."""
        return [(shift,) for shift in self.training.shifts] or [()]

    @property
    def digest(self) -> str:
        """SHA-256 of the recipe's content: a run can only be resumed with the recipe that began it."""
        return digest(msgspec.json.encode(self))


class PartRecipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A recipe file for a :class:`impasto.training.job.Job`."""

    name: Slug
    held_out: tuple[str, ...] = ()
    """File names of pictures that are not looked at, so that they can judge what came of it."""
    training: TrainingOptions = TrainingOptions()

    @property
    def digest(self) -> str:
        """See :attr:`Recipe.digest`."""
        return digest(msgspec.json.encode(self))


def read_recipe(path: str | Path) -> Recipe:
    """Read and check a network's recipe, and the catalogue that it names.

    Raises:
        ImpastoError: a file is missing, is not TOML, or does not describe a recipe or a catalogue.
    """
    recipe = _read(path, Recipe, Catalogue.complete)
    _check_slots(path, recipe)
    _check_boxes(path, recipe)
    return recipe


def read_part_recipe(path: str | Path) -> PartRecipe:
    """Read and check the recipe of a part, such as the loss network; see :func:`read_recipe`."""
    return _read(path, PartRecipe, Catalogue.complete_part)


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
            raise ImpastoError(f"recipe {path}: {box} is no part; give left, top, right, bottom between 0 and 1")
