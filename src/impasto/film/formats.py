"""What films are written as: containers, codecs, and which of them go together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from impasto.errors import ImpastoError, unknown


@dataclass(frozen=True)
class Codec:
    """A way to encode pictures.

    Attributes:
        encoder: FFmpeg's name of it.
        pixels: FFmpeg's name of how pixels are stored.
        crf: the quality it has by default; less is better and larger. None if it has no such number.
        crfs: the least and the most that it takes.
        sides: the least and the most pixels that a side of a frame may have.
        options: further options of the encoder.
        tag: the four letters by which QuickTime knows it.
    """

    encoder: str
    pixels: str
    crf: int | None
    crfs: tuple[int, int] = (0, 63)
    sides: tuple[int, int] = (1, 16384)
    options: Mapping[str, str] = field(default_factory=dict)
    tag: str | None = None


_X264 = "b-adapt=0:weightp=0"
"""Looks for no fades: that takes time, and painted films become no larger without it."""
CODECS = {
    "h264": Codec(
        "libx264", "yuv420p", 19, (1, 51), options={"preset": "superfast", "profile": "high", "x264-params": _X264}
    ),
    "hevc": Codec(
        "libx265", "yuv420p", 22, (0, 51), (64, 16384), {"preset": "superfast", "x265-params": "log-level=none"}, "hvc1"
    ),
    "av1": Codec("libsvtav1", "yuv420p", 30, sides=(16, 16384), options={"preset": "10"}),
    "vp9": Codec(
        "libvpx-vp9", "yuv420p", 30, options={"b": "0", "deadline": "realtime", "cpu-used": "6", "row-mt": "1"}
    ),
    "prores": Codec("prores_ks", "yuv422p10le", None, options={"profile": "3"}),
}
"""The codecs by the names that ``--codec`` takes. All but ProRes are what browsers play."""
LOSSLESS = "lossless"
ENCODERS = {**CODECS, LOSSLESS: Codec("libx264rgb", "rgb24", 0, sides=(1, 16383), options={"preset": "ultrafast"})}
"""All codecs: pictures that move wait in the lossless one until they are whole."""
CONTAINERS = {
    ".mp4": ("h264", "hevc", "av1", "vp9"),
    ".mov": ("h264", "hevc", "prores"),
    ".mkv": ("h264", "hevc", "av1", "vp9", "prores"),
    ".webm": ("vp9", "av1"),
}
"""Which codecs a container takes; the first is its default."""
ANIMATIONS = (".gif", ".webp", ".png", ".apng")
"""Files of pictures that move; they have no sound."""
COPIED_SOUND = {
    ".mp4": ("aac", "mp3", "ac3", "eac3", "alac", "opus", "flac"),
    ".mov": ("aac", "mp3", "ac3", "eac3", "alac", "pcm_s16le", "pcm_s24le", "pcm_s16be", "pcm_s24be", "pcm_f32le"),
    ".mkv": ("aac", "mp3", "ac3", "eac3", "alac", "opus", "flac", "vorbis", "dts", "truehd", "pcm_s16le", "pcm_s24le"),
    ".webm": ("opus", "vorbis"),
}
"""Codecs of sound that a container takes as they are."""


def sound_encoder(container: str) -> str:
    """The encoder for sound that a container cannot take as it is."""
    return "libopus" if container == ".webm" else "aac"


def codec_for(out: Path, asked: str | None) -> str:
    """The codec for a file: the one that is asked for, or the container's default.

    Raises:
        ImpastoError: the name's ending is unknown, or that container cannot hold that codec.
    """
    if out.suffix.lower() in ("", *ANIMATIONS):
        if asked is not None:
            raise ImpastoError(f"{out}: is not a film, so it has no codec; leave --codec out, or use .mp4")
        return LOSSLESS
    held = CONTAINERS.get(out.suffix.lower())
    if held is None:
        endings = ", ".join([*CONTAINERS, *ANIMATIONS])
        name = out.suffix or "a name without an ending"
        raise ImpastoError(f"{out}: films cannot be written as {name}; use {endings}")
    if asked is not None and asked not in CODECS:
        raise unknown("codec", asked, CODECS)
    if asked is not None and asked not in held:
        fitting = next(ending for ending, codecs in CONTAINERS.items() if asked in codecs)
        raise ImpastoError(f"{out}: {out.suffix} cannot hold {asked}, only {', '.join(held)}; use {fitting} for it")
    return asked or held[0]


def check_codec(codec: str, crf: int | None, size: tuple[int, int]) -> None:
    """Check that a codec takes a quality, and frames of (height, width) ``size``.

    Encoders stop in the middle where they do not, and x265 writes beyond its memory in frames of less than 64 pixels.

    Raises:
        ImpastoError: it does not.
    """
    taken = ENCODERS[codec]
    if crf is not None and taken.crf is None:
        raise ImpastoError(f"crf {crf}: {codec} takes none; leave it out, or give another codec")
    if crf is not None and taken.crf is not None and codec != LOSSLESS and not taken.crfs[0] <= crf <= taken.crfs[1]:
        raise ImpastoError(f"crf {crf}: {codec} takes {taken.crfs[0]} to {taken.crfs[1]}")
    if min(size) < taken.sides[0] or max(size) > taken.sides[1]:
        height, width = size
        what = f"{width} × {height} pixels: {codec} takes sides of {taken.sides[0]} to {taken.sides[1]}"
        raise ImpastoError(f"frames of {what}; give another size or codec")
