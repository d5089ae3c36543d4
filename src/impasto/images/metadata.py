"""What a file says about its picture: EXIF, XMP, IPTC and the resolution. It is kept as far as it still holds.

It travels in ``image.info``, under the names that Pillow gives it when it opens a JPEG file. What describes how the
photo's file was built (strips, planes, palettes, thumbnails) never travels: the picture's file is built in another way.
"""

from __future__ import annotations

import io
import logging
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from PIL import ExifTags, Image, TiffImagePlugin, TiffTags
from PIL.PngImagePlugin import PngInfo

logger = logging.getLogger(__name__)

_DESCRIPTIVE = frozenset(
    (
        *(
            270,
            271,
            272,
            305,
            306,
            315,
            316,
            33432,
        ),  # description, camera, software, date, artist, copyright
        *(282, 283, 296),  # resolution
        *(18246, 18249, 40091, 40092, 40093, 40094, 40095),  # ratings; title, comment, author, keywords, subject
    )
)
"""EXIF tags that say something about the photo, and nothing about its file."""
_IFDS = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)
"""EXIF's directories: how the photo was taken, and where."""
_WIDTH, _HEIGHT, _MAKER_NOTE, _INTEROP = 0xA002, 0xA003, 0x927C, 0xA005
"""Tags of the Exif directory; the last one says where another directory begins, about the file."""
_XMP, _IPTC = 700, 33723
"""Tags of TIFF files."""
_IPTC_RESOURCE = 0x0404
"""Photoshop's number for an IPTC block."""
_OF_THE_FILE = rb"(?:tiff:Orientation|tiff:ImageWidth|tiff:ImageLength|exif:PixelXDimension|exif:PixelYDimension)"
"""XMP properties that say how the photo lay in its file."""
_MOST = 65_000
"""The most bytes of EXIF, XMP or IPTC data in a JPEG file."""
_HIGHEST = 65_535
"""The highest resolution that files can have, in pixels per inch."""


def metadata_of(image: Image.Image) -> dict[str, Any]:
    """What a picture's file says about it, for ``image.info``, as far as it can be read.

    Args:
        image: as it was opened, not decoded.

    Returns:
        ``exif`` and ``xmp`` (bytes), ``photoshop`` (a dictionary with the IPTC block) and ``dpi``, as far as there are
        any. The orientation is left out, because pictures are upright.
    """
    dpi = image.info.get("dpi")
    found = {
        "exif": _tried(_exif, image),
        "xmp": _tried(_xmp, image),
        "photoshop": _tried(_iptc, image),
        "dpi": dpi if _is_resolution(dpi) else None,
    }
    return {name: value for name, value in found.items() if value}


def _tried(read: Callable[[Image.Image], Any], image: Image.Image) -> Any:
    try:
        return read(image)
    except Exception as error:  # a damaged block may raise anything, and the photo is worth more
        logger.warning("%s: damaged metadata is left out (%s)", _called(image), error)
        return None


def _called(image: Image.Image) -> str:
    return str(getattr(image, "filename", "")) or "photo"


def _exif(image: Image.Image) -> bytes:
    source = image.getexif()
    kept = Image.Exif()
    kept.endian = source.endian
    for tag, value in _writable({tag: source[tag] for tag in source if tag in _DESCRIPTIVE}, _called(image)):
        kept[tag] = value
    for ifd in _IFDS:
        entries = {tag: value for tag, value in source.get_ifd(ifd).items() if tag != _INTEROP}
        kept.get_ifd(ifd).update(_writable(entries, _called(image), ifd))
    return _packed(kept) if kept or any(map(kept.get_ifd, _IFDS)) else b""


def _writable(entries: Mapping[int, Any], called: str, ifd: int | None = None) -> Iterator[tuple[int, Any]]:
    """Those tags and values that can be written; others have a type that is not their tag's."""
    for tag, value in entries.items():
        try:
            _directory(b"II*\0\x08\0\0\0", {tag: value}, ifd).tobytes()
        except Exception as error:
            logger.warning("%s: EXIF tag %d is left out, its value cannot be written (%s)", called, tag, error)
        else:
            yield tag, value


def _xmp(image: Image.Image) -> bytes:
    xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or _tag(image, _XMP) or b""
    xmp = xmp.encode() if isinstance(xmp, str) else bytes(xmp)
    xmp = re.sub(rb"<(%s)>[^<]*</\1>" % _OF_THE_FILE, b"", xmp)
    return re.sub(rb'\s%s="[^"]*"' % _OF_THE_FILE, b"", xmp)


def _iptc(image: Image.Image) -> dict[int, bytes]:
    resources = image.info.get("photoshop")
    block = resources.get(_IPTC_RESOURCE) if isinstance(resources, dict) else _tag(image, _IPTC)
    return {_IPTC_RESOURCE: block} if isinstance(block, bytes) and block else {}


def _tag(image: Image.Image, tag: int) -> Any:
    return getattr(image, "tag_v2", {}).get(tag)


def _is_resolution(dpi: Any) -> bool:
    try:
        return len(dpi) == 2 and all(1 < each <= _HIGHEST for each in dpi)  # 1 stands for none
    except TypeError:
        return False


def save_options(
    info: Mapping[str, Any], file_format: str, width: int, height: int, called: str = "picture"
) -> dict[str, Any]:
    """The metadata in ``image.info`` as options of Pillow's encoder, as far as the format can hold it.

    Args:
        info: ``image.info``.
        file_format: Pillow's name of the format.
        width, height: of the picture, in pixels: EXIF's own sizes follow it.
        called: what messages call the picture.
    """
    exif = sized(info.get("exif", b""), width, height)
    xmp, iptc = info.get("xmp", b""), info.get("photoshop", {}).get(_IPTC_RESOURCE, b"")
    options: dict[str, Any] = {name: info[name] for name in ("dpi", "icc_profile") if info.get(name)}
    if file_format == "TIFF":
        return options | {"tiffinfo": _tiff_tags(exif, xmp, iptc)}
    if file_format == "JPEG":
        xmp, iptc = _short(xmp, "XMP", called), _short(iptc, "IPTC", called)
        options |= {"exif": _short_exif(exif, called), "xmp": xmp, "extra": _app13(iptc)}
    elif file_format == "PNG":
        options |= {"exif": exif, "pnginfo": _png_text(xmp)}
    else:
        options |= {"exif": exif, "xmp": xmp}
    return {name: value for name, value in options.items() if value}


def sized(exif: bytes, width: int, height: int) -> bytes:
    """EXIF data with the sizes of a picture, if it has sizes."""
    loaded = _loaded(exif)
    details = loaded.get_ifd(ExifTags.IFD.Exif)
    if _WIDTH not in details and _HEIGHT not in details:
        return exif
    details |= {_WIDTH: width, _HEIGHT: height}
    return _packed(loaded)


def _short_exif(exif: bytes, called: str) -> bytes:
    """EXIF data that fits into a JPEG file: if need be without the maker's note, or without anything long."""
    if len(exif) <= _MOST:
        return exif
    loaded = _loaded(exif)
    details = loaded.get_ifd(ExifTags.IFD.Exif)
    kept_out = "%s: %d bytes of EXIF are too many for a JPEG file; the longest entries are left out"
    logger.warning(kept_out, called, len(exif))
    details.pop(_MAKER_NOTE, None)
    for entries in (details, loaded):
        for tag in [tag for tag, value in entries.items() if isinstance(value, bytes | str) and len(value) > 1024]:
            if len(_packed(loaded)) > _MOST:
                del entries[tag]
    return _short(_packed(loaded), "EXIF", called)


def _short(block: bytes, kind: str, called: str) -> bytes:
    if len(block) <= _MOST:
        return block
    logger.warning("%s: %d bytes of %s are too many for a JPEG file, and left out", called, len(block), kind)
    return b""


def _app13(iptc: bytes) -> bytes:
    """A JPEG segment with an IPTC block."""
    if not iptc:
        return b""
    resource = b"8BIM" + struct.pack(">HHI", _IPTC_RESOURCE, 0, len(iptc)) + iptc + b"\0" * (len(iptc) % 2)
    content = b"Photoshop 3.0\0" + resource
    return b"\xff\xed" + struct.pack(">H", len(content) + 2) + content


def _png_text(xmp: bytes) -> PngInfo | None:
    if not xmp:
        return None
    text = PngInfo()
    text.add_itxt("XML:com.adobe.xmp", xmp.decode("utf-8", "replace"))
    return text


def _tiff_tags(exif: bytes, xmp: bytes, iptc: bytes) -> TiffImagePlugin.ImageFileDirectory_v2:
    """The first directory of a TIFF file, without what Pillow puts there; EXIF's directories are only announced."""
    tags = _first_directory(b"II*\0\x08\0\0\0", _loaded(exif))
    for tag, block, kind in ((_XMP, xmp, 1), (_IPTC, iptc, 7)):  # bytes, and bytes of no type
        if block:
            tags[tag] = block
            tags.tagtype[tag] = kind
    return tags


def with_exif_directories(tiff: bytes, exif: bytes) -> bytes:
    """A TIFF file with EXIF's directories at its end, which its first directory announces; libtiff cannot write them.

    Args:
        tiff: a file with the tags of :func:`save_options`.
        exif: the EXIF data that these were made from.
    """
    return _with_directories(tiff, _loaded(exif))


def _loaded(exif: bytes) -> Image.Exif:
    loaded = Image.Exif()
    loaded.load(exif)
    return loaded


def _packed(exif: Image.Exif) -> bytes:
    """EXIF data as bytes. Pillow's own would lose letters that are not ASCII, and the types of comments."""
    order = exif.endian or "<"
    head = struct.pack(order + "2sHI", b"II" if order == "<" else b"MM", 42, 8)
    return b"Exif\0\0" + _with_directories(head + _first_directory(head, exif).tobytes(len(head)), exif)


def _first_directory(head: bytes, exif: Image.Exif) -> TiffImagePlugin.ImageFileDirectory_v2:
    """EXIF's first directory, in which the others are only announced."""
    entries = {tag: value for tag, value in exif.items() if tag not in _IFDS}
    return _directory(head, entries | {ifd: 0 for ifd in _IFDS if exif.get_ifd(ifd)})


def _directory(
    head: bytes, entries: Mapping[int, Any], group: int | None = None
) -> TiffImagePlugin.ImageFileDirectory_v2:
    """A directory with tags and values in the types that they have in EXIF data.

    Args:
        head: the first 8 bytes of the file, which say its byte order.
        entries: tag -> value, as Pillow reads them.
        group: the tag that announces the directory; None is the first one.
    """
    directory = TiffImagePlugin.ImageFileDirectory_v2(head, group=group)
    for tag, value in entries.items():
        if isinstance(value, str):
            value = _text(value)
            directory.tagtype[tag] = TiffTags.ASCII
        elif isinstance(value, bytes) and group and not TiffTags.lookup(tag, group).type:
            directory.tagtype[tag] = TiffTags.UNDEFINED
        directory[tag] = value
    return directory


def _text(value: str) -> bytes:
    """A text as it stood in its file: Pillow reads every byte as a letter, whatever alphabet it is of."""
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode("utf-8", "replace")


def _with_directories(tiff: bytes, exif: Image.Exif) -> bytes:
    file = io.BytesIO(tiff)
    for ifd in _IFDS:
        if entries := exif.get_ifd(ifd):
            start = file.seek(0, io.SEEK_END)
            start += file.write(b"\0" * (start % 2))
            file.write(_directory(tiff[:8], entries, ifd).tobytes(start))
            _announce(file, ifd, start)
    return file.getvalue()


def _announce(file: io.BytesIO, tag: int, start: int) -> None:
    """Write where a directory begins into the entry that the first directory has for it."""
    content = file.getbuffer()
    order = "<" if content[:2] == b"II" else ">"
    (first,) = struct.unpack_from(order + "I", content, 4)
    (count,) = struct.unpack_from(order + "H", content, first)
    for entry in range(first + 2, first + 2 + 12 * count, 12):
        if struct.unpack_from(order + "H", content, entry)[0] == tag:
            struct.pack_into(order + "HHII", content, entry, tag, 4, 1, start)
    content.release()
