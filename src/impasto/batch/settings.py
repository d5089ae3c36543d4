"""How photos of a batch are painted, as a value that can be written down, sent and compared."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from impasto.batch import places
from impasto.errors import ImpastoError, check_ranges, plain_types, shown
from impasto.files import digest, is_file
from impasto.models import library
from impasto.models.choice import choose
from impasto.models.model import Model, load_model
from impasto.runtime import check_runtime
from impasto.stylize.controls import Controls
from impasto.stylize.resolve import blend_of, names_a_file
from impasto.stylize.typed import Blend, find

CONTROLS = Controls.__struct_fields__
COLUMNS = ("style", "region", *CONTROLS)
"""The columns of a list that say how a photo is painted, in place of what is said for all."""
_SHOWN = 12
"""How many digits of a fingerprint are kept: enough to tell a million millions apart."""


class BatchSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a photo is painted, in words, as on the command line.

    Raises:
        ImpastoError: a number is out of its range, or there is no such runtime or precision.
    """

    style: str = ""
    """A style by its slug, the address of a style file or painting, or a blend of them: ``mural:0.6,my.jpg:0.4``."""
    region: str = ""
    """``MASK.png=STYLE``, several of them with semicolons between."""
    controls: Controls = Controls()
    model: str = ""
    """The name or folder of a model; empty is the one that :func:`impasto.models.choice.choose` names."""
    runtime: str = "openvino"
    precision: str = "auto"
    quality: Annotated[int, Meta(ge=1, le=100)] | None = None
    """The quality of files that lose something, from 1 to 100."""
    strip_metadata: bool = False
    max_megapixels: Annotated[float, Meta(gt=0)] = 250

    def __post_init__(self) -> None:
        check_ranges(self)
        check_runtime(self.runtime, self.precision)

    @property
    def blend(self) -> dict[str, float]:
        """Name of a style, or address of its file -> weight."""
        return blend_of(self.style)

    @property
    def regions(self) -> list[tuple[str, dict[str, float]]]:
        """The address of each mask, and the blend where it is white."""
        parts = [part.rpartition("=") for part in filter(None, self.region.split(";"))]
        for mask, _, style in parts:
            if not (mask and style):
                raise ImpastoError(f"region {self.region!r}: write MASK.png=STYLE")
        return [(mask, blend_of(style)) for mask, _, style in parts]

    @property
    def names(self) -> Iterator[str]:
        """All styles in it."""
        yield from self.blend
        for _, blend in self.regions:
            yield from blend

    @property
    def files(self) -> set[str]:
        """The files of this machine that it names."""
        named = {*filter(names_a_file, self.names), *(mask for mask, _ in self.regions)}
        return {address for address in named if not places.is_remote(address)}

    def with_columns(self, row: Mapping[str, Any]) -> BatchSettings:
        """These, with what a row of a list has in :data:`COLUMNS`; an empty field changes nothing.

        Raises:
            ImpastoError: a control is not a number, or out of its range.
        """
        given = {name: row[name] for name in COLUMNS if not _is_empty(row.get(name))}
        words = {name: str(given.pop(name)) for name in ("style", "region") if name in given}
        controls = {name: _number(name, value) for name, value in given.items()}
        return msgspec.structs.replace(self, controls=msgspec.structs.replace(self.controls, **controls), **words)


def _is_empty(value: object) -> bool:
    return value is None or value == "" or value != value  # NaN is what pandas writes for nothing


def _number(name: str, value: object) -> float | bool:
    """A control's value, which may be written as text."""
    (field,) = (field for field in msgspec.structs.fields(Controls) if field.name == name)
    kind = next(kind for kind in (bool, float, int) if kind in plain_types(field.type))
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError:
        wanted = "true or false" if kind is bool else "a number"
        raise ImpastoError(f"{name} {shown(value)}: must be {wanted}") from None


def checked(settings: BatchSettings) -> BatchSettings:
    """The same in one form: styles by their slugs, files by their normal addresses, a style of the user's by its file.

    Raises:
        ImpastoError: a style is unknown or may be several, or a file is not there.
    """
    if not settings.style:
        raise ImpastoError("no style is given; give --style, or a list with a column 'style'")
    blend = _written(settings.blend, settings.model)
    regions = [f"{_file(mask)}={_written(part, settings.model)}" for mask, part in settings.regions]
    return msgspec.structs.replace(settings, style=blend, region=";".join(regions))


def _written(blend: dict[str, float], model: str) -> str:
    names = {_name(name, model): weight for name, weight in blend.items()}
    if len(names) == 1:
        return next(iter(names))
    return ",".join(f"{name}:{weight:g}" for name, weight in names.items())


@functools.lru_cache(10_000)
def _name(name: str, model: str) -> str:
    """A style as all machines know it."""
    if names_a_file(name):
        return _file(name)
    found = str(find(name, Path(model) if model else None))
    if is_file(found):
        return _file(found)
    among = library.bundled_with([found])
    network = load_model(model or choose(among))
    if found in network.styles:
        return found
    library.find(found, library.with_own_styles(network))
    return str(library.folder(network) / f"{found}{library.SUFFIX}")


def _file(address: str) -> str:
    if not places.is_remote(address) and not is_file(address):
        raise ImpastoError(f"{address}: there is no such file")
    return places.normal(address)


class Fingerprint(NamedTuple):
    """What tells pictures apart that were painted otherwise; each field is short, and says something to a reader."""

    model: str
    style: str
    settings: str


def fingerprint(settings: BatchSettings) -> Fingerprint:
    """The fingerprint of settings that were :func:`checked`: the same as long as they paint the same."""
    blend, regions = settings.blend, settings.regions
    model = model_of(settings)
    parts = [_style_digest(name, model.name, weight) for name, weight in blend.items()]
    parts += [
        f"{_content_digest(mask)}{_style_digest(n, model.name, w)}" for mask, of in regions for n, w in of.items()
    ]
    named = "+".join(Path(name).stem for name in settings.names)
    rest = msgspec.structs.replace(settings, style="", region="", model="", max_megapixels=250, controls=Controls())
    given, own = settings.controls, Controls()
    words = {name: value for name, value in msgspec.to_builtins(rest).items() if name != "controls"}
    words |= {name: getattr(given, name) for name in CONTROLS if getattr(given, name) != getattr(own, name)}
    network = digest(msgspec.json.encode(model.info.files, order="sorted"))
    return Fingerprint(
        f"{model.name}@{network[:_SHOWN]}",
        f"{named}@{digest(' '.join(parts).encode())[:_SHOWN]}",
        msgspec.json.encode(words).decode(),
    )


def model_of(settings: BatchSettings) -> Model:
    """The model that paints."""
    if settings.model:
        return _model(settings.model)
    files = [Path(name) if names_a_file(name) else name for name in settings.names]
    return _model(choose(_bundled_with(tuple(files))))


_model = functools.lru_cache(8)(load_model)
_bundled_with = functools.lru_cache(10_000)(library.bundled_with)


@functools.lru_cache(10_000)
def _content_digest(address: str) -> str:
    """What tells a file from others: its content, or its address if it is in a bucket, which is not read for this."""
    return digest(address.encode() if places.is_remote(address) else places.read(address))


@functools.lru_cache(10_000)
def _row_digest(name: str, model: str) -> str:
    if names_a_file(name):
        return _content_digest(name)
    return digest(library.find(name, _model(model)).row.tobytes())


def forget() -> None:
    """Forget what was read, as a new run does: files may have changed."""
    for each in (_name, _model, _bundled_with, _content_digest, _row_digest):
        each.cache_clear()


def _style_digest(name: str, model: str, weight: float) -> str:
    return f"{_row_digest(name, model)}:{weight:g}"


def local(blend: Mapping[str, float], here: Callable[[str], Path]) -> Blend:
    """A blend whose files are on this machine; ``here`` gives the path of each."""
    return {here(name) if names_a_file(name) else name: weight for name, weight in blend.items()}
