"""Films are written in colours that every player shows, at the times of their frames, with their sound."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from tests.film.films import bars, make_film, moving, onset, pitches, times_of

from impasto.errors import ImpastoError
from impasto.film import joining
from impasto.film.animations import write_animation
from impasto.film.formats import CODECS, CONTAINERS, check_codec, codec_for
from impasto.film.frames import Frame
from impasto.film.joining import Sound, join
from impasto.film.reading import look_at, read_frames
from impasto.film.writing import Encoding, encode


def rewritten(
    source: Path, out: Path, codec: str | None = None, segment: int = 4, crf: int | None = None, **part: Fraction
) -> Path:
    """The film, read and written again in segments of a few frames."""
    info = look_at(source)
    encoding = Encoding(codec or codec_for(out, None), crf, info.rate, info.time_base)
    start = part.get("start", Fraction(0))
    frames = [Frame(each.array, each.time - start, each.duration) for each in read_frames(info, **part)]
    segments = []
    for first in range(0, len(frames), segment):
        segments.append(out.with_name(f"{out.stem}{first}.mov"))
        encode(frames[first : first + segment], segments[-1], encoding)
    join(segments, out, encoding, Sound(info, **part) if info.sound else None, info.metadata)
    return out


@pytest.mark.parametrize(("ending", "codec"), [(end, codec) for end, held in CONTAINERS.items() for codec in held])
def test_every_codec_in_every_container(ending: str, codec: str, tmp_path: Path) -> None:
    source = make_film(tmp_path / "source.mp4", [bars(96, 128)] * 6, sound="aac")
    out = rewritten(source, tmp_path / f"out{ending}", codec, crf=8)
    with av.open(str(out)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.pix_fmt == CODECS[codec].pixels
        assert len(list(container.decode(video=0))) == 6
        assert (stream.codec_context.colorspace, stream.codec_context.color_range) == (1, 1)
        assert container.streams.audio[0].codec_context.name == ("opus" if ending == ".webm" else "aac")
        if codec == "hevc" and ending != ".mkv":
            assert stream.codec_tag == "hvc1"
    for frame in read_frames(look_at(out)):
        assert np.abs(frame.array[48, 8::16].astype(int) - bars()[32, 8::16]).max() <= 4
    if ending in (".mp4", ".mov"):
        head = out.read_bytes()
        assert head.index(b"moov") < head.index(b"mdat")  # browsers play it before they have all of it


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv", ".webm"])
@pytest.mark.parametrize("rate", [Fraction(30000, 1001), Fraction(24000, 1001)])
def test_sound_and_pictures_stay_together(ending: str, rate: Fraction, tmp_path: Path) -> None:
    source = make_film(tmp_path / "source.mp4", moving(60), rate=rate, sound="aac")
    out = rewritten(source, tmp_path / f"out{ending}", segment=13)
    times = times_of(out)  # Matroska has no times before 0: sound that begins before the pictures shifts both
    assert abs(onset(out) - float(times[0]) - onset(source)) < 1 / (4 * rate)
    exact = Fraction(1, 1000) if ending in (".mkv", ".webm") else 0
    assert all(abs(a - times[0] - b) <= exact for a, b in zip(times, times_of(source), strict=True))
    assert abs(look_at(out).duration - 60 / rate) < 1 / rate


@pytest.mark.parametrize(
    ("source", "sound", "ending", "samples"),
    [
        ("a.mp4", "aac", ".mp4", 44_100),  # copied
        ("a.mkv", "pcm_s16le", ".mp4", 44_100),  # encoded as AAC
        ("a.mp4", "aac", ".webm", 48_000),  # encoded as Opus, which has no other rate
    ],
)
def test_both_channels_are_kept(source: str, sound: str, ending: str, samples: int, tmp_path: Path) -> None:
    film = make_film(tmp_path / source, moving(50), sound=sound, tones=(440, 1250), samples=44_100)
    rate, (left, right) = pitches(rewritten(film, tmp_path / f"out{ending}", segment=30))
    assert rate == samples
    assert abs(left - 440) <= 2
    assert abs(right - 1250) <= 2


def test_variable_rates_keep_their_times(tmp_path: Path) -> None:
    times = [0, 40, 70, 200, 230, 400, 410, 700, 703, 800]
    source = make_film(tmp_path / "source.mp4", moving(10), times=times, sound="aac")
    out = rewritten(source, tmp_path / "out.mp4", segment=3)
    assert [round(1000 * time) for time in times_of(out)] == times
    assert abs(onset(out) - onset(source)) < 0.02


def test_a_part_of_a_film(tmp_path: Path) -> None:
    source = make_film(tmp_path / "source.mp4", moving(100), sound="aac", options={"g": "10"})
    out = rewritten(source, tmp_path / "out.mp4", segment=30, start=Fraction(2), end=Fraction(3))
    assert len(times_of(out)) == 25
    assert abs(look_at(out).duration - 1) < Fraction(3, 50)


def test_metadata_is_kept(tmp_path: Path) -> None:
    said = {"title": "A walk", "creation_time": "2024-05-01T10:00:00.000000Z", "artist": "A friend"}
    source = make_film(tmp_path / "source.mp4", moving(3), metadata=said)
    kept = look_at(rewritten(source, tmp_path / "out.mp4")).metadata
    assert {key: kept[key] for key in said} == said


def test_odd_sizes(tmp_path: Path) -> None:
    source = make_film(tmp_path / "o.mkv", moving(2, 49, 65), codec="libx264rgb", pixels="rgb24", matrix=0, full=True)
    out = look_at(rewritten(source, tmp_path / "out.mp4"))
    assert (out.height, out.width) == (48, 64)


def test_sound_that_cannot_be_decoded_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    source = make_film(tmp_path / "source.mkv", moving(3), sound="ac3")
    content = source.read_bytes()
    assert b"A_AC3" in content
    source.write_bytes(content.replace(b"A_AC3", b"A_XYZ"))
    out = rewritten(source, tmp_path / "out.mp4")
    with av.open(str(out)) as container:
        assert not container.streams.audio
    assert "track 1 of the sound" in caplog.text


def test_repeated_time_stamps_of_sound_do_no_harm(tmp_path: Path) -> None:
    source = make_film(tmp_path / "source.mkv", moving(50), sound="aac")
    content, stamps = bytearray(source.read_bytes()), 0
    for place in range(len(content) - 4):  # simple blocks of track 2: the second byte of their time is lowered
        if content[place] == 0x82 and content[place + 3] == 0x80 and content[place + 2] > 40 and stamps < 3:
            content[place + 2] = max(0, content[place + 2] - 22)
            stamps += 1
    source.write_bytes(content)
    assert stamps
    assert len(times_of(rewritten(source, tmp_path / "out.mp4"))) == 50


@pytest.mark.parametrize(
    ("name", "codec", "words"),
    [
        ("a.avi", None, r"\.mp4, \.mov"),
        ("a.webm", "h264", "use .mp4"),
        ("a.mp4", "x", "h264"),
    ],
)
def test_what_cannot_be_written(name: str, codec: str | None, words: str) -> None:
    with pytest.raises(ImpastoError, match=words):
        codec_for(Path(name), codec)


def test_names_that_look_like_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    source = make_film(tmp_path / "Rome: day 1.mp4", moving(6), sound="aac")
    out = rewritten(Path(source.name), Path("http:out.mp4"))
    assert len(times_of(tmp_path / out)) == 6
    write_animation(read_frames(look_at(out)), Path("data:out.png"))
    assert (tmp_path / "data:out.png").is_file()


@pytest.mark.parametrize(
    ("codec", "crf", "size"),
    [
        ("hevc", 22, (34, 34)),
        ("hevc", 52, (64, 64)),
        ("h264", 0, (64, 64)),
        ("av1", 30, (2, 8)),
        ("h264", 19, (16386, 2)),
        ("prores", 9, (64, 64)),
    ],
)
def test_what_encoders_do_not_take(codec: str, crf: int, size: tuple[int, int]) -> None:
    with pytest.raises(ImpastoError, match=rf"{codec} takes"):
        check_codec(codec, crf, size)


@pytest.mark.parametrize("codec", CODECS)
def test_what_encoders_take(codec: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The least frames that they are given, in the best and the worst quality."""
    taken = CODECS[codec]
    side = taken.sides[0]
    for crf in taken.crfs if taken.crf is not None else [None]:
        check_codec(codec, crf, (side, side))
        frames = [Frame(np.full((side, side, 3), 50 * number, np.uint8), Fraction(number, 25)) for number in range(4)]
        assert encode(frames, tmp_path / "out.mov", Encoding(codec, crf, Fraction(25), Fraction(1, 25))) == 4
    assert capfd.readouterr().err == "", "what encoders say of themselves would break the progress bar"


@pytest.mark.parametrize(("ending", "sound"), [(".mp4", "mp3"), (".mov", "mp3"), (".webm", "opus")])
def test_sound_in_avi(ending: str, sound: str, tmp_path: Path) -> None:
    """Its time stamps count frames of sound, and decoders have names of their own: mp3float."""
    source = make_film(tmp_path / "a.avi", moving(75), sound="libmp3lame", tones=(440, 660))
    out = rewritten(source, tmp_path / f"out{ending}", segment=40)
    with av.open(str(out)) as container:
        assert container.streams.audio[0].codec_context.codec.canonical_name == sound
    assert pitches(out)[1] == pytest.approx([440, 660], abs=2)
    assert abs(onset(out) - onset(source)) < 0.04


def test_sound_that_is_encoded_in_the_frames_that_it_has(tmp_path: Path) -> None:
    """Coarse time stamps of frames as long as others: nothing is resampled between them."""
    sound = Sound(look_at(make_film(tmp_path / "a.avi", moving(75), sound="libmp3lame", tones=(440, 660))))
    with av.open(str(tmp_path / "out.mov"), "w") as container, av.open(str(sound.info.path)) as source:
        target = container.add_stream("aac", rate=48_000, layout="stereo")
        for _, _, packet in joining._encoded(sound, source.streams.audio[0].index, target, 1):
            container.mux_one(packet)
    assert pitches(tmp_path / "out.mov")[1] == pytest.approx([440, 660], abs=2)


def test_frames_whose_times_fall_together(tmp_path: Path) -> None:
    frames = [Frame(array, Fraction(number, 100)) for number, array in enumerate(moving(8))]
    assert encode(frames, tmp_path / "out.mov", Encoding("h264", None, Fraction(25), Fraction(1, 25))) == 8
    assert len(times_of(tmp_path / "out.mov")) == 8
