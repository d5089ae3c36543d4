"""A photo becomes a picture."""

from __future__ import annotations

import io
import re
import time
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from msgspec import Meta
from PIL import Image
from starlette.requests import Request
from starlette.responses import Response

from impasto.errors import ImpastoError, check_ranges, shown, unknown
from impasto.images.formats import FORMATS, LOSSY, check_holds
from impasto.images.photo import Photo
from impasto.images.reading import read_photo
from impasto.images.writing import encode
from impasto.models.library import SUFFIX
from impasto.progress import Progress
from impasto.server.endpoints import Endpoint
from impasto.server.forms import File
from impasto.server.service import Service
from impasto.styles.style import Style
from impasto.stylize.controls import Controls
from impasto.stylize.plan import Plan

MODEL = Annotated[str, Meta(description="The model that paints; without one, the service's first.")]
FORMAT_NAMES = {suffix.strip("."): name for suffix, name in FORMATS.items()}
"""What a format is called in requests -> Pillow's name of it."""
_BLEND = "A style by its slug, or a blend: mural:.6,scream:.4. Uploaded style files have the names of their files."


class PictureForm(msgspec.Struct, frozen=True, kw_only=True):
    """A photo, and the styles to paint it in."""

    photo: Annotated[File, Meta(description="The photo: any JPEG, PNG, WebP, TIFF, AVIF, HEIC, …")]
    style: Annotated[str, Meta(description=_BLEND)] = ""
    style_file: Annotated[
        tuple[File, ...],
        Meta(
            description="Style files (6 KB); mine.safetensors is called mine. The only one needs no style to name it."
        ),
    ] = ()
    style_image: Annotated[File | None, Meta(description="Any painting, in place of a style.")] = None
    region_style: Annotated[
        tuple[str, ...], Meta(description="Styles or blends for parts of the picture, one for each region_mask.")
    ] = ()
    region_mask: Annotated[
        tuple[File, ...], Meta(description="Masks that are white where the style of the region is painted.")
    ] = ()
    model: MODEL = ""
    format: Annotated[str, Meta(description="jpeg, png, webp, tiff, avif, …; without one, the photo's.")] = ""
    quality: (
        Annotated[int, Meta(ge=1, le=100, description="Of JPEG, WebP, AVIF and HEIC; without one, no loss is visible.")]
        | None
    ) = None
    strip_metadata: Annotated[bool, Meta(description="Leave out the photo's EXIF, GPS, XMP and IPTC data.")] = False

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.format and self.format.lower() not in FORMAT_NAMES:
            raise unknown("format", self.format, FORMAT_NAMES)
        if len(self.region_style) != len(self.region_mask):
            count = f"{len(self.region_style)} styles and {len(self.region_mask)} masks"
            raise ImpastoError(f"regions: are {count}; send a region_mask for every region_style")


async def paint(service: Service, request: Request, form: PictureForm, controls: Controls) -> Response:
    """Paint a photo.

    The answer is the picture's file: of the photo's size and format, and with its metadata, unless others are asked
    for. When the caller goes away, the work is dropped.
    """
    began = time.perf_counter()

    def work(progress: Progress) -> Response:
        waited, painting = time.perf_counter() - began, time.perf_counter()
        picture, file_format, model = _painted(service, form, controls, progress)
        spent = time.perf_counter() - painting
        headers = {
            "Content-Disposition": f"inline; filename*=UTF-8''{quote(_name(form, file_format))}",
            "Impasto-Model": quote(model),
            "Server-Timing": f"wait;dur={1e3 * waited:.0f}, paint;dur={1e3 * spent:.0f}",
        }
        return Response(picture, headers=headers, media_type=Image.MIME[file_format])

    return await service.queue.run(work, request)


def _painted(service: Service, form: PictureForm, controls: Controls, progress: Progress) -> tuple[bytes, str, str]:
    """The picture's file, Pillow's name of its format, and the name of the model."""
    most = service.settings.max_pixels
    plan = _plan(service, form, controls)
    photo = opened(form.photo, "photo", most)
    photo = photo.without_metadata() if form.strip_metadata else photo
    wanted = FORMAT_NAMES.get(form.format.lower()) or photo.origin.format or ""
    file_format = wanted if wanted in FORMATS.values() else "PNG"
    check_holds("picture", file_format, *photo.size_at(controls.size))
    picture = plan.paint_for(photo, file_format, progress, max_megapixels=service.settings.max_megapixels)
    options: dict[str, Any] = {"quality": form.quality} if form.quality and file_format in LOSSY else {}
    return encode(picture, file_format, **options), file_format, Path(plan.model).name


def _plan(service: Service, form: PictureForm, controls: Controls) -> Plan:
    most = service.settings.max_pixels
    uploaded = dict(map(style_of, form.style_file))
    stylizer = service.engine.stylizer(form.model, uploaded)
    style = form.style
    if not (style or form.style_image) and len(uploaded) == 1:
        (style,) = uploaded
    masks = [opened(mask, f"region_mask {number}", most) for number, mask in enumerate(form.region_mask, 1)]
    painting = opened(form.style_image, "style_image", most) if form.style_image else None
    regions = list(zip(masks, form.region_style, strict=True))
    return stylizer.plan(style or None, controls, regions, style_image=painting)


def opened(file: File, name: str, max_pixels: int) -> Photo:
    """A picture that was sent, decoded if it is not too large; messages call it by the ``name`` of its field."""
    content = io.BytesIO(file.content)
    content.name = name
    return read_photo(content, max_pixels)


def style_of(file: File) -> tuple[str, Style]:
    """The name of an uploaded style, which is its file's, and the style."""
    name = file.name.removesuffix(SUFFIX)
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        raise ImpastoError(
            f"style_file {shown(file.name)}: call it by lower-case letters, digits and hyphens: a-1{SUFFIX}"
        )
    return name, Style.decode(file.content, name)


def _name(form: PictureForm, file_format: str) -> str:
    """What the picture's file is called: the photo's name and the style's."""
    stem = Path(form.photo.name.replace("\\", "/")).stem or "picture"
    style = re.sub(r"[^\w.]+", "-", form.style).strip("-") or "painted"
    ending = form.format.lower() or next(ending for ending, name in FORMAT_NAMES.items() if name == file_format)
    return f"{stem}-{style}.{ending}"


ENDPOINTS = (
    Endpoint("POST", "/pictures", paint, form=(PictureForm, Controls), answer="image/*", errors=(413, 415, 503)),
)
