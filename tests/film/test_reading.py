"""Films are read upright, in the right colours, and at the times of their files."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from tests.film.films import _sing, bars, make_film, moving

from impasto.errors import ImpastoError, TooLargeError
from impasto.film import reading
from impasto.film.reading import look_at, read_frames
from impasto.images.reading import MAX_PIXELS


def arrays(path: Path, **options: object) -> list[np.ndarray]:
    return [frame.array for frame in read_frames(look_at(path), **options)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("codec", "pixels", "matrix", "full"),
    [
        ("libx264", "yuv420p", 1, False),  # HD
        ("libx264", "yuv420p", 5, False),  # SD
        ("libx264", "yuvj420p", 5, True),  # a phone, a camera
        ("libx264", "yuv444p", 1, False),
        ("libx265", "yuv420p10le", 1, False),
        ("libx264rgb", "rgb24", 0, True),
    ],
)
def test_colour_bars(codec: str, pixels: str, matrix: int, full: bool, tmp_path: Path) -> None:
    film = make_film(tmp_path / "bars.mkv", [bars()] * 3, codec=codec, pixels=pixels, matrix=matrix, full=full)
    for array in arrays(film):
        middles = array[32, 8::16].astype(int)
        assert np.abs(middles - bars()[32, 8::16]).max() <= 2


@pytest.mark.parametrize("degrees", [90, 180, -90])
def test_films_are_upright(degrees: int, tmp_path: Path) -> None:
    (frame,) = moving(1)
    film = make_film(tmp_path / "turned.mp4", [np.rot90(frame, -degrees // 90)], rotation=degrees)
    info = look_at(film)
    assert (info.height, info.width) == frame.shape[:2]
    assert np.abs(arrays(film)[0].astype(int) - frame).mean() < 3


def test_times_are_those_of_the_file(tmp_path: Path) -> None:
    times = [0, 40, 70, 200, 230, 400]
    film = make_film(tmp_path / "variable.mp4", moving(6), times=times)
    assert [frame.time for frame in read_frames(look_at(film))] == [Fraction(each, 1000) for each in times]
    part = read_frames(look_at(film), start=Fraction(1, 20), end=Fraction(1, 4))
    assert [round(1000 * frame.time) for frame in part] == [70, 200, 230]


def test_repeated_times_are_put_right(tmp_path: Path) -> None:
    film = make_film(tmp_path / "odd.mkv", moving(6), options={"bf": "0"})
    content, found = film.read_bytes(), 0
    for flags in (b"\x00", b"\x80"):  # frames of track 1, at 80 and 120 ms, are said to be at 40
        for time in (b"\x50", b"\x78"):
            found += content.count(b"\x81\x00" + time + flags)
            content = content.replace(b"\x81\x00" + time + flags, b"\x81\x00\x28" + flags)
    assert found == 2
    film.write_bytes(content)
    times = [frame.time for frame in read_frames(look_at(film))]
    assert len(times) == 6
    assert times == sorted(set(times))
    assert times[-1] == Fraction(1, 5)


def test_a_size_that_changes_in_the_middle(tmp_path: Path) -> None:
    film = tmp_path / "sizes.ts"
    content = b""
    for number, (height, width) in enumerate([(48, 64), (96, 128)]):
        part = make_film(tmp_path / f"{number}.ts", moving(4, height, width))
        content += part.read_bytes()
    film.write_bytes(content)
    shapes = {array.shape for array in arrays(film)}
    assert shapes == {(48, 64, 3)}


def test_interlaced_films(tmp_path: Path) -> None:
    """Fields of different moments do not comb: a moving edge is as smooth as a standing one."""
    woven = []
    for number in range(6):
        fields = moving(16)[2 * number : 2 * number + 2]
        both = fields[0].copy()
        both[1::2] = fields[1][1::2]
        woven.append(both)
    options = {"flags": "+ildct+ilme", "x264-params": "tff=1"}
    film = make_film(tmp_path / "fields.mp4", woven, options=options)

    def combs(frames: list[np.ndarray]) -> float:
        grey = np.array(frames, float).mean(axis=3)[1:-1]
        return float(np.abs(grey[:, 1:-1] * 2 - grey[:, :-2] - grey[:, 2:]).mean())

    assert len(arrays(film)) == 6
    assert combs(arrays(film)) < 0.5 * combs(woven)


def test_hdr_is_as_bright_as_it_is_meant(tmp_path: Path) -> None:
    """Paper white of PQ, 203 nits or a signal of 0.58, is light, and 1000 nits are lighter."""
    levels = np.array([0.0, 0.3, 0.58, 0.75])
    luma = np.repeat((64 + 876 * levels).astype(np.uint16)[None], 32, axis=0).repeat(16, axis=1)
    frame = av.VideoFrame(64, 32, "yuv420p10le")
    frame.planes[0].update(np.pad(luma, ((0, 0), (0, frame.planes[0].line_size // 2 - 64))).tobytes())
    for plane in frame.planes[1:]:
        plane.update(np.full(plane.buffer_size // 2, 512, np.uint16).tobytes())
    frame.color_trc, frame.color_primaries = 16, 9
    film = make_film(tmp_path / "hdr.mkv", [frame], codec="libx265", pixels="yuv420p10le", matrix=9)
    black, dark, white, bright = arrays(film)[0][16, 8::16].astype(int)
    assert black.max() < 3
    assert 55 < dark.mean() < 110
    assert 225 < white.mean() < bright.mean() <= 255
    assert np.ptp(white) < 4  # grey stays grey


def test_what_is_no_film(tmp_path: Path, photo: Path) -> None:
    song = tmp_path / "song.m4a"
    make_film(tmp_path / "a.mp4", moving(3), sound="aac")
    with av.open(str(tmp_path / "a.mp4")) as source, av.open(str(song), "w", format="mp4") as container:
        track = container.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.size:
                packet.stream = track
                container.mux(packet)
    wave = tmp_path / "tone.wav"
    with av.open(str(wave), "w") as container:
        _sing(container, container.add_stream("pcm_s16le", rate=8_000, layout="mono"), 0.2, (440,))
    text = tmp_path / "notes.mp4"
    text.write_text("no film")
    playlist = tmp_path / "list.mp4"  # FFmpeg would open the files that it names
    playlist.write_text("ffconcat version 1.0\nfile a.mp4\n")
    for path, words in (
        (song, "only sound"),
        (wave, "only sound"),
        (text, "cannot be read as a film"),
        (playlist, "cannot be read as a film"),
        (tmp_path / "none.mp4", "no such file"),
    ):
        with pytest.raises(ImpastoError, match=words) as error:
            look_at(path)
        assert str(path) in str(error.value)
        assert "\n" not in str(error.value)


def test_a_damaged_film_is_read_as_far_as_it_goes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    film = make_film(tmp_path / "whole.mkv", moving(50))
    content = bytearray(film.read_bytes())
    short = tmp_path / "short.mkv"
    short.write_bytes(content[: len(content) * 2 // 3])
    assert 10 < len(arrays(short)) < 50
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(make_film(tmp_path / "whole.mp4", moving(50)).read_bytes()[:2000])
    with pytest.raises(ImpastoError, match="cut off"):
        look_at(cut)


def test_odd_sizes_and_a_given_size(tmp_path: Path) -> None:
    film = make_film(tmp_path / "odd.mkv", moving(2, 49, 65), codec="libx264rgb", pixels="rgb24", matrix=0, full=True)
    assert arrays(film)[0].shape == (49, 65, 3)
    assert arrays(film, longer=130)[0].shape == (98, 130, 3)


def test_frames_are_measured_before_one_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film = make_film(tmp_path / "film.mp4", moving(2))
    monkeypatch.setattr(reading, "_decoded", lambda *given: pytest.fail("is decoded"))
    with pytest.raises(TooLargeError, match="megapixels"):
        look_at(film, 64 * 48 - 1)


def test_decoders_refuse_frames_that_take_all_memory(tmp_path: Path) -> None:
    with reading.opened(make_film(tmp_path / "film.mp4", moving(2))) as container:
        assert reading.picture_of(container, "film").codec_context.options["max_pixels"] == str(MAX_PIXELS)


@pytest.mark.parametrize(
    ("name", "codec", "odd"),
    [("a.mp4", "libx264", 0), ("a.ts", "libx264", 0), ("a.mpg", "mpeg2video", 0), ("a.avi", "libx264", 3)],
)
def test_a_part_has_the_frames_that_the_whole_has_there(name: str, codec: str, odd: int, tmp_path: Path) -> None:
    """Also where there is no index of frames, or no time of showing; a film that was stopped goes on by this."""
    options = {"g": "12", "bf": "2"}
    info = look_at(make_film(tmp_path / name, moving(75), codec=codec, sound="mp2", options=options))
    whole = list(read_frames(info))
    assert len(whole) == 75
    steps = [after.time - before.time for before, after in itertools.pairwise(whole)]
    assert sum(abs(step - Fraction(1, 25)) > Fraction(1, 100) for step in steps) <= odd
    part = list(read_frames(info, start=Fraction(2)))
    for frame, other in zip(part, [frame for frame in whole if frame.time >= 2], strict=True):
        assert frame.time == other.time
        assert (frame.array == other.array).all()


def test_a_start_beyond_all_films(tmp_path: Path) -> None:
    assert list(read_frames(look_at(make_film(tmp_path / "film.mp4", moving(2))), start=Fraction(10**300))) == []
