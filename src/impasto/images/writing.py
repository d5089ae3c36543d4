"""Writing pictures: the format of a file's name, and as much of the photo's metadata as the format can hold."""

from __future__ import annotations

import io
import logging
import os
from pathlib import Path
from typing import Any, cast

from PIL import Image

from impasto.errors import ImpastoError
from impasto.files import write_file
from impasto.images.deep import encode_deep
from impasto.images.formats import FORMATS, OPAQUE, OPTIONS, check_holds, image_format
from impasto.images.metadata import save_options, sized, with_exif_directories
from impasto.images.photo import DeepImage

logger = logging.getLogger(__name__)


def write_image(image: Image.Image | DeepImage, path: str | os.PathLike[str], **options: Any) -> None:
    """Write ``image`` in the format of the file's name; the file appears whole or not at all.

    Metadata and colour profile in ``image.info`` are written too, as far as the format can hold them. JPEG and BMP have
    no alpha: transparent parts become white.

    Args:
        image: the picture.
        path: the file.
        options: see :func:`encode`.

    Raises:
        ImpastoError: the name's ending is unknown, the picture is too large for the format, or the file cannot be
            written.
    """
    path = Path(path)
    file_format = image_format(path)
    check_holds(path, file_format, *image.size)
    try:
        write_file(path, encode(image, file_format, called=str(path), **options))
    except OSError as error:
        raise ImpastoError(f"{path}: cannot be written ({error.strerror or error}); give another --out") from None


def encode(image: Image.Image | DeepImage, file_format: str, *, called: str = "picture", **options: Any) -> bytes:
    """The content of a file in a format of :data:`FORMATS` (else PNG), with ``image.info``'s metadata and profile.

    Metadata with which the picture cannot be written is left out.

    Args:
        image: the picture; one of 16 bits can only be a PNG or TIFF file.
        file_format: Pillow's name of the format.
        called: what messages call the picture.
        options: of Pillow's encoder, in place of those in :data:`OPTIONS`.

    Raises:
        OSError: the format cannot hold such a picture.
    """
    info = cast(dict[str, Any], image.info)
    file_format = file_format if file_format in FORMATS.values() else "PNG"
    if isinstance(image, Image.Image) and image.mode == "RGBA" and file_format in OPAQUE:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    options = OPTIONS.get(file_format, {}) | options
    try:
        metadata = save_options(info, file_format, *image.size, called)
        return _saved(image, file_format, metadata | options, info.get("exif", b""))
    except Exception as error:  # whatever an odd block may raise, the picture is worth more
        content = _saved(image, file_format, options)
        logger.warning("%s: the photo's metadata is left out, it cannot be written (%s)", called, error)
        return content


def _saved(image: Image.Image | DeepImage, file_format: str, options: dict[str, Any], exif: bytes = b"") -> bytes:
    if isinstance(image, DeepImage):
        content = encode_deep(image.array, file_format, options)
    else:
        content = _saved_by_pillow(image, file_format, options)
    if file_format != "TIFF" or "tiffinfo" not in options:
        return content
    return with_exif_directories(content, sized(exif, *image.size))


def _saved_by_pillow(image: Image.Image, file_format: str, options: dict[str, Any]) -> bytes:
    image.load()
    bare = image._new(image.im)  # no copy: large pictures fill the memory
    bare.info, buffer = {}, io.BytesIO()  # some encoders take what they find there
    try:
        bare.save(buffer, file_format, **options)
    except (ValueError, RuntimeError, OverflowError) as error:
        raise OSError(f"the {file_format} encoder refuses it: {error}") from error
    return buffer.getvalue()
